const test = require('node:test');
const assert = require('node:assert/strict');
const { openPage } = require('./support/render');
const { FakeWx } = require('./support/wx');
const { FakeServer } = require('./support/server');
const { Clock, settle } = require('./support/clock');

const open = [];

/** Scans a code the way WeChat does it: entry options, onLoad, onShow. */
async function scanned({ registered = true, entryScene = 1047, language, prepare, broken = [] } = {}) {
  const server = new FakeServer(new Clock());
  if (registered) server.addUser('ming');
  if (prepare) prepare(server);
  const wx = new FakeWx(server, { language });
  wx.broken = new Set(broken);
  const scene = server.showCode();
  wx.entry = { path: 'pages/index/wsLogin', scene: entryScene, query: { scene } };
  const page = openPage('pages/index/wsLogin', wx.api);
  open.push(page);
  page.instance.onLoad({ scene: encodeURIComponent(scene) });
  page.instance.onShow();
  await settle();
  return { server, wx, scene, page };
}

test.after(() => open.forEach((page) => page.instance.onUnload()));

test('the confirm page shows who asks, from where, and when', async () => {
  const { page, server } = await scanned();
  const text = page.text();
  for (const part of ['登录示例网站', 'login.example.com', 'Chrome 126', 'Windows 11', '203.0.113.0/24', 'Shanghai', '发起时间']) {
    assert.ok(text.includes(part), `${part} in ${text}`);
  }
  assert.deepEqual(page.buttons(), ['拒绝', '确认登录']);
  assert.equal(page.find('.warning'), undefined);
  assert.equal(server.calls.filter((call) => call.path === '/api/phone/scan').length, 1);
});

test('a place that is not known leaves no empty line', async () => {
  const { page } = await scanned({ prepare: (server) => (server.browser.place = null) });
  assert.ok(!page.text().includes('地区'));
});

test('tapping confirm leads to the computer, and to signed in after its redeem', async () => {
  const { page, server, scene, wx } = await scanned();
  await page.tap('确认登录');
  assert.ok(page.text().includes('请回到电脑'));
  server.redeem(scene);
  await settle();
  assert.ok(page.text().includes('登录成功'));
  await page.tap('给电脑发消息');
  assert.equal(wx.opened, '/pages/chat/chat?session=session-1&name=Chrome%20126');
  await page.tap('关闭');
  assert.ok(wx.said.some(([name]) => name === 'exit'));
});

test('tapping refuse ends it', async () => {
  const { page, server, scene } = await scanned();
  await page.tap('拒绝');
  assert.ok(page.text().includes('已拒绝'));
  assert.equal(server.attemptOf(scene).state, 'cancelled');
});

test('the number is typed into its field', async () => {
  const { page, server, scene } = await scanned({ prepare: (it) => (it.check = 'number') });
  await page.tap('确认登录');
  assert.ok(page.text().includes('请先输入'));
  await page.send('.field-number', 'input', { value: '12' });
  await page.tap('确认登录');
  assert.ok(page.text().includes('还可以试 2 次'));
  await page.send('.field-number', 'input', { value: '07' });
  await page.tap('确认登录');
  assert.equal(server.attemptOf(scene).state, 'confirmed');
});

test('the six digits are shown to be typed into the computer', async () => {
  const { page } = await scanned({ prepare: (server) => (server.check = 'code') });
  await page.tap('确认登录');
  assert.equal(page.find('.code').dom.textContent.trim(), '482913');
});

test('with registration closed the reference for the website’s owner is shown', async () => {
  const { page } = await scanned({
    registered: false,
    prepare: (server) => (server.registration = 'closed'),
  });
  await page.tap('确认登录');
  assert.ok(page.text().includes('暂不开放注册'));
  assert.equal(page.find('.code-reference').dom.textContent.trim(), 'BCDF-GHJK');
});

test('a newcomer registers by the form, with WeChat’s own nickname field', async () => {
  const { page, server, wx } = await scanned({ registered: false });
  await page.tap('确认登录');
  assert.ok(page.text().includes('注册示例网站账号'));
  assert.deepEqual(page.buttons(), ['取消', '注册并登录']);
  await page.send('.link', 'tap');
  assert.ok(wx.said.some(([name]) => name === 'privacy'));
  await page.send('.form', 'submit', { value: { nickname: '小明' } });
  assert.equal(server.users.get('ming').nickname, '小明');
  assert.ok(page.text().includes('请回到电脑'));
});

test('a code that came as a link is warned of as a link, and leads back to the page', async () => {
  const { page } = await scanned({
    entryScene: 1286,
    prepare: (it) => (it.warnings = ['entry_scene']),
  });
  assert.ok(page.text().includes('登录是从链接打开的'));
  await page.tap('确认登录');
  assert.ok(page.text().includes('请回到登录页面'));
});

test('a page that cannot be closed says how to leave', async () => {
  const { page, wx } = await scanned();
  await page.tap('拒绝');
  wx.broken.add('exit');
  await page.tap('关闭');
  assert.ok(page.text().includes('右上角的圆圈'));
});

test('warnings stand above what is confirmed, the gravest first, and unknown ones are left out', async () => {
  const warnings = ['entry_scene', 'hosting_network', 'a_warning_of_a_newer_server'];
  const { page, server } = await scanned({
    entryScene: 1048,
    prepare: (it) => (it.warnings = warnings),
  });
  const call = server.calls.find((it) => it.path === '/api/phone/scan');
  assert.equal(call.data.entry_scene, 1048);
  assert.match(page.text(), /机房的服务器.*这个码来自图片.*Chrome 126/);
  assert.ok(!page.text().includes('a_warning'));
});

test('a WeChat in English sees English only', async () => {
  const { page, server, scene } = await scanned({
    language: 'en',
    prepare: (it) => (it.check = 'number'),
  });
  assert.deepEqual(page.buttons(), ['Refuse', 'Sign in']);
  assert.doesNotMatch(page.text().replace(/示例网站/g, ''), /[\u4e00-\u9fff]/);
  server.end(scene, 'expired', 'not_confirmed');
  await page.send('.field-number', 'input', { value: '07' });
  await page.tap('Sign in');
  assert.ok(page.text().includes('The code has expired'));
});

test('without network the page says what to do, and the button tries again', async () => {
  const { page } = await scanned({ prepare: (it) => it.fail('/api/phone/session', 'network') });
  assert.ok(page.text().includes('网络连接失败'));
  await page.tap('重试');
  assert.ok(page.text().includes('Chrome 126'));
});

for (const [failure, times, sentence, english] of [
  ['timeout', 1, '服务器没有响应', 'did not answer'],
  ['unknown', 1, '请检查手机网络', 'Check your phone'],
  ['network', 1, '请检查手机网络', 'Check your phone'],
  ['interrupted', 2, '请检查手机网络', 'Check your phone'],
  ['address_refused', 1, '不在小程序的合法域名里', 'not in its list of request domains'],
  ['invalid_address', 1, '不在小程序的合法域名里', 'not in its list of request domains'],
]) {
  test(`wx.request failing as ${failure} says what to do in both languages, with a button`, async () => {
    for (const [language, words, retry] of [['zh_CN', sentence, '重试'], ['en', english, 'Try again']]) {
      const prepare = (it) => it.fail('/api/phone/session', failure, times);
      const { page } = await scanned({ language, prepare });
      assert.ok(page.text().includes(words), page.text());
      await page.tap(retry);
      assert.ok(page.text().includes('Chrome 126'));
    }
  });
}

test('WeChat’s own login that fails says what to do in both languages', async () => {
  for (const [language, words] of [['zh_CN', '暂时连不上微信的服务'], ['en', 'WeChat’s service cannot be reached']]) {
    const { page } = await scanned({ language, broken: ['login'] });
    assert.ok(page.text().includes(words), page.text());
  }
});

test('an address outside the domain list is told as a matter of set-up', async () => {
  const { page } = await scanned({
    prepare: (it) => it.fail('/api/phone/session', 'address_refused'),
  });
  assert.ok(page.text().includes('小程序尚未配置好'));
});

test('a second scan that only shows the page shows the second request', async () => {
  const { page, server, wx } = await scanned();
  server.browser = { name: 'Edge 125', os: 'macOS 14', ip: '198.51.100.0/24', place: null };
  const second = server.showCode();
  page.instance.onHide();
  wx.entry = { path: 'pages/index/wsLogin', scene: 1047, query: { scene: second } };
  page.instance.onShow();
  await settle();
  assert.ok(page.text().includes('Edge 125'));
});

test('a page shown again from the background does not scan again', async () => {
  const { page, server, wx, scene } = await scanned();
  page.instance.onHide();
  wx.entry = { path: 'pages/index/wsLogin', scene: 1089, query: {} };
  server.end(scene, 'cancelled', 'by_browser');
  page.instance.onShow();
  await settle();
  assert.ok(page.text().includes('登录已取消'));
  assert.equal(server.calls.filter((call) => call.path === '/api/phone/scan').length, 1);
});

test('the page opened with no code tells how to get one', async () => {
  const wx = new FakeWx(new FakeServer(new Clock()));
  const page = openPage('pages/index/wsLogin', wx.api);
  open.push(page);
  page.instance.onLoad({});
  page.instance.onShow();
  await settle();
  assert.ok(page.text().includes('还没有扫码'));
});

test('the home page says what this is and how to use it', async () => {
  const wx = new FakeWx(new FakeServer(new Clock()));
  const page = openPage('pages/index/index', wx.api);
  page.instance.onLoad();
  assert.match(page.text(), /扫码登录.*1.*打开 Saoma 的登录页面.*2.*3.*不要扫/);

  const english = new FakeWx(new FakeServer(new Clock()), { language: 'en' });
  const other = openPage('pages/index/index', english.api);
  other.instance.onLoad();
  assert.doesNotMatch(other.text(), /[\u4e00-\u9fff]/);
});
