const test = require('node:test');
const assert = require('node:assert/strict');
const { openPage } = require('./support/render');
const { home, show, closeAll } = require('./support/pages');
const { problemAnswer } = require('./support/server');

test.after(closeAll);

test('a first visit asks the server and WeChat for nothing', async () => {
  const { page, server } = await home({ registered: false });
  assert.equal(server.calls.length, 0);
  assert.deepEqual(page.buttons(), ['扫一扫登录', '查看已登录的设备', '我的账号']);
});

test('a tap shows the devices also then', async () => {
  const { page, server } = await home({ signedIn: false, prepare: (it) => it.addSession() });
  await page.tap('查看已登录的设备');
  assert.ok(page.text().includes('Chrome · Windows'));
  assert.equal(server.calls[0].path, '/api/phone/session');
});

test('a device shows browser, system, place, times and that it is new', async () => {
  const { page } = await home({
    prepare: (server) => {
      server.addSession();
      server.addSession({ browser: 'Safari', os: 'macOS', place: null, new: false });
    },
  });
  const [first, second] = page.all('.device').map((it) => it.dom.textContent.replace(/\s+/g, ' '));
  assert.match(first, /Chrome · Windows ?新 ?Shanghai · 203\.0\.113\.0\/24.*登录 ?最近使用/);
  assert.match(second, /Safari · macOS ?203/);
  assert.ok(!second.includes('新'));
});

test('nobody signed in is said so', async () => {
  assert.ok((await home()).page.text().includes('现在没有浏览器'));
});

test('ending one asks first, and no means no', async () => {
  const { page, server } = await home({ prepare: (it) => it.addSession() });
  await page.tap('退出登录');
  assert.ok(page.text().includes('要让“Chrome · Windows”退出登录吗'));
  await page.tap('取消');
  assert.equal(server.sessions.length, 1);
  await page.tap('退出登录');
  await page.tap('退出登录');
  assert.equal(server.sessions.length, 0);
  assert.ok(page.text().includes('已让它退出登录'));
});

test('“not me” ends it and reports it', async () => {
  const { page, server } = await home({ prepare: (it) => it.addSession() });
  const [{ id }] = server.sessions;
  await page.tap('不是我');
  await page.tap('不是我');
  assert.deepEqual(server.reported, [id]);
  assert.equal(server.sessions.length, 0);
  assert.ok(page.text().includes('不是你本人操作'));
});

test('all of them can be ended at once', async () => {
  const { page, server } = await home({
    prepare: (it) => [1, 2, 3].forEach(() => it.addSession()),
  });
  await page.tap('全部退出登录');
  assert.ok(page.text().includes('全部 3 个'));
  await page.tap('全部退出');
  assert.equal(server.sessions.length, 0);
});

test('what has gone already is what was wanted', async () => {
  const { page, server } = await home({ prepare: (it) => it.addSession() });
  await page.tap('退出登录');
  server.sessions = [];
  await page.tap('退出登录');
  assert.ok(page.text().includes('已让它退出登录'));
});

test('a failure leaves the question, and says what to do', async () => {
  const { page, server } = await home({ prepare: (it) => it.addSession() });
  await page.tap('退出登录');
  server.fail('/api/phone/sessions', problemAnswer(503, 'unavailable'));
  await page.tap('退出登录');
  assert.ok(page.text().includes('网站的服务器没有响应'));
  await page.tap('退出登录');
  assert.equal(server.sessions.length, 0);
});

test('without network the list has a button to try again', async () => {
  const { page } = await home({ prepare: (it) => it.fail('/api/phone/sessions', 'network') });
  assert.ok(page.text().includes('请检查手机网络'));
  await page.tap('重试');
  assert.ok(page.text().includes('现在没有浏览器'));
});

test('coming back to the page shows what has changed meanwhile', async () => {
  const { page, server } = await home();
  page.instance.onHide();
  server.addSession();
  page.instance.onShow();
  await page.settle();
  assert.ok(page.text().includes('Chrome · Windows'));
});

test('a chat opens with the browser’s name', async () => {
  const { page, wx } = await home({ prepare: (it) => it.addSession() });
  await page.tap('发消息');
  assert.match(wx.opened, /^\/pages\/chat\/chat\?session=session-\d+&name=Chrome%20%C2%B7%20Windows$/);
});

test('the scanner opens the login with the scene that it read, as a camera’s', async () => {
  const { page, wx, app, server } = await home();
  const scene = server.showCode();
  wx.seen = { path: `pages/index/wsLogin?scene=${encodeURIComponent(scene)}`, scanType: 'WX_CODE' };
  await page.tap('扫一扫登录');
  assert.equal(wx.opened, `/pages/index/wsLogin?scene=${scene}`);
  wx.entry = { path: 'pages/index/index', scene: 1001, query: {} };
  const login = await show(openPage('pages/index/wsLogin', wx.api, app), { scene });
  assert.ok(login.text().includes('确认登录'));
  assert.equal(server.calls.find(({ path }) => path === '/api/phone/scan').data.entry_scene, 1047);
});

test('a link cannot pass for a scan', async () => {
  const { wx, app, server } = await home();
  const scene = server.showCode();
  wx.entry = { path: 'pages/index/wsLogin', scene: 1286, query: { scene } };
  await show(openPage('pages/index/wsLogin', wx.api, app), { scene });
  assert.equal(server.calls.find(({ path }) => path === '/api/phone/scan').data.entry_scene, 1286);
});

test('a code of something else is told apart from a scanner that does not open', async () => {
  const { page, wx } = await home();
  wx.seen = { result: 'https://example.com' };
  await page.tap('扫一扫登录');
  assert.ok(page.text().includes('这不是 Saoma 的登录码'));
  wx.seen = { errMsg: 'scanCode:fail' };
  await page.tap('扫一扫登录');
  assert.ok(page.text().includes('允许微信使用相机'));
  wx.seen = { errMsg: 'scanCode:fail cancel' };
  await page.tap('扫一扫登录');
  assert.equal(page.find('.notice'), undefined);
});

test('in English all of it is', async () => {
  const { page } = await home({ language: 'en', prepare: (it) => [1, 2].forEach(() => it.addSession()) });
  await page.tap('Not me');
  assert.doesNotMatch(page.text(), /[\u4e00-\u9fff]/);
});
