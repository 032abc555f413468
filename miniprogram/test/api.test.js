const test = require('node:test');
const assert = require('node:assert/strict');
const { createApi } = require('../lib/api');
const { registeredPhone, SERVER } = require('./support/phone');
const { problemAnswer } = require('./support/server');

test('the first call signs in, the next ones keep the token', async () => {
  const phone = registeredPhone();
  const scene = phone.server.showCode();
  const scan = await phone.api.scan(scene, 1047);
  assert.equal(scan.ok, true);
  await phone.api.confirm(scan.body.nonce);
  assert.equal(phone.loginCodes, 1);
  assert.match(phone.calls('/api/phone/session')[0].data.code, /^0js-ming-/);
});

test('the token outlives the mini program', async () => {
  const phone = registeredPhone();
  await phone.api.scan(phone.server.showCode(), 1047);
  const later = registeredPhone({ storage: phone.storage, server: phone.server });
  assert.equal((await later.api.scan(phone.server.showCode(), 1047)).ok, true);
  assert.equal(later.loginCodes, 0);
});

test('a token that the server no longer knows is renewed once and the call repeated', async () => {
  const phone = registeredPhone();
  await phone.api.scan(phone.server.showCode(), 1047);
  phone.server.tokens.clear();
  assert.equal((await phone.api.scan(phone.server.showCode(), 1047)).ok, true);
  assert.equal(phone.loginCodes, 2);
});

test('a server that refuses every token is not asked forever', async () => {
  const phone = registeredPhone();
  phone.server.fail('/api/phone/scan', problemAnswer(401, 'phone_session_invalid'), 99);
  const answer = await phone.api.scan(phone.server.showCode(), 1047);
  assert.equal(answer.problem.kind, 'login_failed');
  assert.equal(phone.calls('/api/phone/scan').length, 2);
  assert.equal(phone.loginCodes, 2);
});

test('calls at the same time share one wx.login', async () => {
  const phone = registeredPhone();
  const scenes = [1, 2, 3].map(() => phone.server.showCode());
  const answers = await Promise.all(scenes.map((scene) => phone.api.scan(scene, 1047)));
  assert.ok(answers.every((answer) => answer.ok));
  phone.server.tokens.clear();
  await Promise.all(scenes.map((scene) => phone.api.scan(scene, 1047)));
  assert.equal(phone.loginCodes, 2);
});

test('a code that WeChat does not take is replaced once', async () => {
  for (const code of ['wechat_code_used', 'wechat_code_invalid']) {
    const phone = registeredPhone();
    phone.server.fail('/api/phone/session', problemAnswer(401, code));
    assert.equal((await phone.api.scan(phone.server.showCode(), 1047)).ok, true);
    assert.equal(phone.loginCodes, 2);
  }
});

test('a token is never sent to another server', async () => {
  const phone = registeredPhone();
  await phone.api.scan(phone.server.showCode(), 1047);
  const first = phone.calls('/api/phone/scan')[0].token;
  const moved = createApi(phone.platform(), 'https://elsewhere.example.com/', 'en');
  await moved.scan(phone.server.showCode(), 1047);
  const there = phone.server.calls.filter((call) => call.url.startsWith('https://elsewhere'));
  assert.equal(there.length, 2);
  assert.ok(there.every((call) => call.token !== first));
});

test('a call that the background cut off is repeated unseen', async () => {
  const phone = registeredPhone();
  phone.server.fail('/api/phone/scan', 'interrupted');
  assert.equal((await phone.api.scan(phone.server.showCode(), 1047)).ok, true);
});

test('a request that was one too many is sent once more, then told as too fast', async () => {
  const phone = registeredPhone();
  for (const [times, kind] of [[1, undefined], [2, 'slow_down']]) {
    phone.server.fail('/api/phone/scan', 'too_many', times);
    const asked = phone.api.scan(phone.server.showCode(), 1047);
    await phone.clock.pass(1);
    assert.equal((await asked).problem?.kind, kind);
  }
});

test('no token stands in an address and none is sent for a session', async () => {
  const phone = registeredPhone();
  const scan = await phone.api.scan(phone.server.showCode(), 1047);
  await phone.api.attempt(scan.body.attempt);
  const { token } = phone.calls('/api/phone/scan')[0];
  assert.ok(phone.server.calls.every((call) => !call.url.includes(token)));
  assert.ok(phone.server.calls.every((call) => call.url.startsWith(`${SERVER}/api/phone/`)));
  assert.equal(phone.calls('/api/phone/session')[0].token, null);
});

test('answers of something in between are told as a server that is away', async () => {
  const pages = [
    { status: 502, data: '<html>Bad gateway</html>' },
    { status: 404, data: '<html>nginx</html>' },
    { status: 200, data: '<html>Sign in to the Wi-Fi</html>' },
    { status: 200, data: null },
    'timeout',
  ];
  for (const page of pages) {
    const phone = registeredPhone();
    phone.server.fail('/api/phone/scan', page);
    const answer = await phone.api.scan(phone.server.showCode(), 1047);
    assert.equal(answer.problem.kind, 'server_down', JSON.stringify(page));
  }
});

test('a session answer without a token is no session', async () => {
  const phone = registeredPhone();
  phone.server.fail('/api/phone/session', { status: 200, data: {} });
  assert.equal((await phone.api.scan(phone.server.showCode(), 1047)).problem.kind, 'server_down');
  assert.equal(phone.calls('/api/phone/scan').length, 0);
});
