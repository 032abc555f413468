/**
 * Draws every page of the mini program in Chromium, from its own WXML, WXSS and scripts, and
 * writes docs/screens/mini: `npm run screens`. WXSS becomes CSS (rpx are halves of a pixel at 375
 * pixels); WeChat's built-in parts, which are native there, get a plain look.
 */
const fs = require('node:fs');
const path = require('node:path');
const { Browser } = require('./support/chromium');
const { openPage } = require('./support/render');
const { home, profile, chat, phone, show } = require('./support/pages');
const { settle } = require('./support/clock');
const config = require('../config');

const ROOT = path.resolve(__dirname, '..');
const OUT = path.resolve(ROOT, '../docs/screens/mini');
const WIDTH = 375;

/** What WeChat draws by itself. */
const BUILT_IN = `
  html { background: var(--background); }
  body { margin: 0; font-size: 16px; line-height: 1.4; }
  wx-view, wx-form, wx-input, wx-textarea, wx-image { display: block; }
  wx-button { display: block; position: relative; box-sizing: border-box; padding: 0 14px; border-radius: 5px;
    background: #f8f8f8; font-size: 18px; text-align: center; line-height: 2.5; }
  wx-input, wx-textarea { overflow: hidden; }
  wx-input { display: flex; align-items: center; }
  wx-input.field-number { justify-content: center; }
  .placeholder { color: var(--quiet); font-weight: 400; letter-spacing: 0; font-size: 17px; }
  .bar { padding: 13px 0; background: var(--background); color: var(--text); font-size: 17px; font-weight: 600; text-align: center; }
  * { animation: none !important; }
`;

function css(name) {
  return fs
    .readFileSync(path.join(ROOT, name), 'utf8')
    .replace(/(-?[\d.]+)rpx/g, (_, number) => `${number / 2}px`)
    .replace(/(^|[\s,}])page(?=\s*\{)/g, '$1body');
}

function document(page, name) {
  const { view } = page.instance.data;
  const labels = (view && view.labels) || {};
  const field = (value, placeholder) => value || `<span class="placeholder">${placeholder || ''}</span>`;
  const body = page.dom.innerHTML
    .replace(/main--/g, '')
    .replace(/(<wx-input class="[^"]*field-number[^"]*">)/g, (it) => it + field(view.number, ''))
    .replace(/(<wx-input class="field">)/g, (it) => it + field(view.nickname, labels.nicknamePlaceholder))
    .replace(/(<wx-textarea[^>]*>)/g, (it) => it + field(view.draft, labels.text));
  const style = BUILT_IN + css('app.wxss') + css(`${name}.wxss`);
  return `<!doctype html><meta charset="utf-8"><meta name="color-scheme" content="light dark">
    <style>${style}</style><body><div class="bar">${config.siteName}</div>${body}`;
}

/** A login page that has scanned; `then` does what leads to its state. */
async function login(language, { registered = true, entryScene = 1047, prepare, then } = {}) {
  const { server, wx } = phone({ registered, language });
  server.browser = { name: 'Chrome', os: 'Windows', ip: '203.0.113.0/24', place: language === 'en' ? 'Hangzhou, China' : '浙江 杭州' };
  server.site.name = WORDS[language].site;
  server.clock.time = Date.now() - 20000;
  if (prepare) prepare(server);
  const scene = server.showCode();
  wx.entry = { scene: entryScene, query: { scene } };
  const page = await show(openPage('pages/index/wsLogin', wx.api), { scene });
  if (then) await then({ page, server, scene });
  await settle();
  return page;
}

const WORDS = {
  zh_CN: { site: '示例网站', name: '小明', confirm: '确认登录', refuse: '拒绝', remove: '注销账号', end: '不是我', link: '会议地址：https://example.com/meet/42', text: '收到，谢谢！' },
  en: { site: 'Example', name: 'Ming', confirm: 'Sign in', refuse: 'Refuse', remove: 'Delete account', end: 'Not me', link: 'The meeting: https://example.com/meet/42', text: 'Got it, thank you!' },
};

function screens(language) {
  const words = WORDS[language];
  const named = (server) => (server.users.get('ming').nickname = words.name);
  const sessions = (server) => {
    server.clock.time = Date.now() - 7200000;
    server.addSession({ place: language === 'en' ? 'Hangzhou, China' : '浙江 杭州' });
    server.addSession({ browser: 'Safari', os: 'macOS', new: false, place: language === 'en' ? 'Shanghai, China' : '上海' });
  };
  const confirm = ({ page }) => page.tap(words.confirm);
  return {
    home: ['pages/index/index', () => home({ language, registered: false })],
    devices: ['pages/index/index', () => home({ language, prepare: sessions })],
    not_me: ['pages/index/index', async () => {
      const it = await home({ language, prepare: sessions });
      await it.page.tap(words.end);
      return it;
    }],
    confirm: ['pages/index/wsLogin', () => login(language)],
    number: ['pages/index/wsLogin', () => login(language, {
      entryScene: 1048,
      prepare: (server) => Object.assign(server, { check: 'number', warnings: ['entry_scene', 'country_differs'] }),
    })],
    not_registered: ['pages/index/wsLogin', () => login(language, { registered: false, then: confirm })],
    waiting: ['pages/index/wsLogin', () => login(language, { then: confirm })],
    code: ['pages/index/wsLogin', () => login(language, { prepare: (server) => (server.check = 'code'), then: confirm })],
    done: ['pages/index/wsLogin', () => login(language, {
      then: async (it) => {
        await confirm(it);
        it.server.redeem(it.scene);
      },
    })],
    refused: ['pages/index/wsLogin', () => login(language, { then: ({ page }) => page.tap(words.refuse) })],
    expired: ['pages/index/wsLogin', () => login(language, {
      then: async (it) => {
        it.server.end(it.scene, 'expired', 'not_confirmed');
        await confirm(it);
      },
    })],
    no_network: ['pages/index/wsLogin', () => login(language, { prepare: (server) => server.fail('/api/phone/scan', 'network') })],
    register: ['pages/profile/profile', () => profile({ language, registered: false })],
    account: ['pages/profile/profile', () => profile({ language, prepare: named })],
    delete: ['pages/profile/profile', async () => {
      const it = await profile({ language, prepare: named });
      await it.page.tap(words.remove);
      return it;
    }],
    chat: ['pages/chat/chat', async () => {
      const it = await chat({ language });
      const say = (message) => it.server.socket.say({ session: 'session-1', ...message });
      it.server.socket.open();
      say({ type: 'peer', present: true });
      say({ type: 'message', from: 'browser', text: words.link, sent_at: new Date().toISOString() });
      await it.page.send('.text', 'input', { value: words.text });
      await it.page.tap(language === 'en' ? 'Send' : '发送');
      return it;
    }],
  };
}

async function main() {
  fs.mkdirSync(OUT, { recursive: true });
  const browser = await Browser.start(WIDTH);
  for (const language of Object.keys(WORDS)) {
    config.siteName = WORDS[language].site;
    for (const [name, [file, open]] of Object.entries(screens(language))) {
      const opened = await open();
      const html = document(opened.page || opened, file);
      for (const scheme of name === 'confirm' ? ['light', 'dark'] : ['light']) {
        const picture = await browser.draw(html, scheme);
        const end = `${language.slice(0, 2)}${scheme === 'dark' ? '-dark' : ''}`;
        fs.writeFileSync(path.join(OUT, `${name}-${end}.png`), picture);
      }
    }
  }
  await browser.stop();
  process.exit(0);
}

main();
