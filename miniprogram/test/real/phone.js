/**
 * The mini program's pages as a process, before a real server: drawn from their own WXML, with
 * their own scripts. Reads what the user does, a JSON array a line such as `["tap", "确认登录"]`,
 * and writes what he sees whenever it changes, a JSON object a line.
 *
 * node phone.js SERVER SIMULATOR OPENID LANGUAGE
 */
const readline = require('node:readline');
const config = require('../../config');
const { RealWx } = require('./wx');
const { openPage } = require('../support/render');

const [server, simulator, openid, language] = process.argv.slice(2);
Object.assign(config, { server, siteName: 'Example' });
const wx = new RealWx({ simulator, openid, language });
const app = { scanned: '' };
let page = null;
let seen = '';

function open(name, options) {
  if (page && page.instance.onUnload) page.instance.onUnload();
  page = openPage(name, wx.api, app);
  page.instance.onLoad(options);
  if (page.instance.onShow) page.instance.onShow();
}

const acts = {
  /** A scan outside: by WeChat's own scanner, from a picture, by a link. */
  scan(scene, entryScene) {
    wx.entry = { scene: entryScene, query: { scene: encodeURIComponent(scene) } };
    open('pages/index/wsLogin', { scene: encodeURIComponent(scene) });
  },

  /** A second scan that only brings the open page to the front, as some versions do. */
  scanAgain(scene, entryScene) {
    page.instance.onHide();
    wx.entry = { scene: entryScene, query: { scene: encodeURIComponent(scene) } };
    page.instance.onShow();
  },

  open,

  /** The page that the one before has led to. */
  follow() {
    const [path, query] = wx.opened.slice(1).split('?');
    const decoded = (query || '').split('&').filter(Boolean).map((pair) => pair.split('='));
    open(path, Object.fromEntries(decoded));
  },

  /** What the home page's own scanner will read. */
  look(scene) {
    wx.seen = { scanType: 'WX_CODE', path: `pages/index/wsLogin?scene=${encodeURIComponent(scene)}` };
  },

  tap: (words) => page.tap(words),
  type: (selector, value) => page.send(selector, 'input', { value }),
  submit: (selector, value) => page.send(selector, 'submit', { value }),
  choose: (avatarUrl) => page.send('.avatar-button', 'chooseavatar', { avatarUrl }),

  background() {
    if (page.instance.onHide) page.instance.onHide();
    wx.suspend();
  },

  foreground() {
    wx.resume();
    if (page.instance.onShow) page.instance.onShow();
  },

  /** The phone's clock goes forward by these milliseconds, or back. */
  clock(by) {
    const before = Date.now;
    Date.now = () => before() + by;
  },

  /** The next request to this address is done, and its answer lost on the way. */
  lose(path) {
    wx.lost = path;
  },

  /** Every request fails like this from now on, or with null none any more. */
  network(failure) {
    wx.failure = failure;
  },
};

function tell() {
  if (!page) return;
  const { view } = page.instance.data;
  const now = JSON.stringify({ text: page.text(), ...view, opened: wx.opened });
  if (now !== seen) console.log(now);
  seen = now;
}

const looking = setInterval(tell, 20);
/** One after the other: a user has one finger. */
async function act(line) {
  const [name, ...values] = JSON.parse(line);
  try {
    await acts[name](...values);
  } catch (error) {
    console.log(JSON.stringify({ screen: 'test failed', text: String(error && error.stack) }));
  }
}

let acting = Promise.resolve();
readline.createInterface({ input: process.stdin }).on('line', (line) => {
  acting = acting.then(() => act(line));
}).on('close', () => {
  clearInterval(looking);
  process.exit(0);
});
