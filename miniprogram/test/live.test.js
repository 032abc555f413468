const test = require('node:test');
const assert = require('node:assert/strict');
const { createLive } = require('../lib/live');
const { registeredPhone } = require('./support/phone');
const { settle } = require('./support/clock');

async function live(setup) {
  const phone = registeredPhone(setup);
  const seen = { status: [], heard: [] };
  const it = createLive({
    api: phone.api,
    platform: phone.platform(),
    onMessage: (message) => seen.heard.push(message),
    onStatus: (status) => seen.status.push(status),
  });
  it.open();
  await settle();
  return { phone, server: phone.server, clock: phone.clock, seen, live: it };
}

test('a socket that breaks comes back after a pause that grows to fifteen seconds', async () => {
  const { server, clock, seen } = await live();
  const pauses = [];
  for (let i = 0; i < 8; i += 1) {
    const count = server.sockets.length;
    server.socket.cut(1006);
    let waited = 0;
    while (server.sockets.length === count) {
      await clock.pass(0.5);
      waited += 0.5;
    }
    pauses.push(waited);
  }
  assert.ok(pauses[0] <= 1.5, pauses);
  assert.ok(Math.max(...pauses) <= 15.5, pauses);
  assert.equal(seen.status[1], 'lost');
});

test('opening twice opens one', async () => {
  const { server, live: it } = await live();
  it.open();
  server.socket.open();
  it.open();
  await settle();
  assert.equal(server.sockets.length, 1);
});

test('a session that has ended is renewed by wx.login, and the socket comes back', async () => {
  const { server, clock, phone } = await live();
  server.socket.open();
  const [{ token }] = server.socket.said;
  server.tokens.clear();
  server.socket.cut(4009);
  await clock.pass(2);
  server.socket.open();
  assert.equal(phone.loginCodes, 2);
  assert.notEqual(server.socket.said[0].token, token);
});

test('a server that leaves is left alone for a moment, and found again', async () => {
  const { server, clock } = await live();
  server.socket.open();
  server.socket.cut(4012);
  await clock.pass(6);
  assert.equal(server.sockets.length, 2);
});

test('a closed socket says nothing more and does not come back', async () => {
  const { server, clock, seen, live: it } = await live();
  server.socket.open();
  it.close();
  server.socket.say({ type: 'attempt' });
  server.socket.cut(1006);
  await clock.pass(60);
  assert.equal(server.sockets.length, 1);
  assert.deepEqual(seen.heard, []);
});

test('without network it tries again by itself; a user who is blocked is left alone', async () => {
  const { server, clock, phone } = await live({ storage: new Map() });
  assert.equal(server.sockets.length, 1);
  const other = registeredPhone({ openid: 'lan' });
  other.server.fail('/api/phone/session', 'network');
  const status = [];
  const it = createLive({ api: other.api, platform: other.platform(), onMessage: () => {}, onStatus: (s) => status.push(s) });
  it.open();
  await other.clock.pass(5);
  assert.equal(other.server.sockets.length, 1);
  assert.deepEqual(status, ['connecting', 'lost']);
  await clock.pass(0);
  assert.equal(phone.loginCodes, 1);
});

// What the login makes of it.

/** A login whose confirm is open, and its socket. */
async function watched(entryScene = 1047) {
  const phone = registeredPhone({ live: true });
  const scene = phone.server.showCode();
  await phone.scan(scene, entryScene);
  phone.server.socket.open();
  const { attempt } = phone.state.scan;
  const hear = async (message) => {
    phone.server.socket.say({ attempt, ...message });
    await settle();
  };
  return { phone, scene, attempt, hear };
}

test('the confirm hears at once that the browser cancelled', async () => {
  const { phone, scene, hear } = await watched();
  phone.server.end(scene, 'cancelled', 'by_browser');
  await hear({ type: 'attempt', version: 3, state: 'cancelled', reason: 'by_browser' });
  assert.equal(phone.state.screen, 'cancelled');
  assert.equal(phone.server.socket.isOpen, false);
});

test('a browser page that was closed is told, and untold when it is back', async () => {
  const { phone, hear } = await watched();
  await hear({ type: 'browser', present: false });
  assert.ok(phone.view().notice.includes('登录页面已经关闭'));
  await hear({ type: 'browser', present: true });
  assert.equal(phone.view().notice, '');
});

test('on one phone the page in the background is not taken for closed', async () => {
  const { phone, hear } = await watched(1286);
  await hear({ type: 'browser', present: false });
  assert.equal(phone.view().notice, '');
});

test('news of another attempt change nothing', async () => {
  const { phone, hear } = await watched();
  const before = phone.server.calls.length;
  await hear({ attempt: 'another', type: 'attempt', version: 9, state: 'expired', reason: 'not_scanned' });
  await hear({ attempt: 'another', type: 'browser', present: false });
  assert.equal(phone.view().notice, '');
  assert.equal(phone.server.calls.length, before);
});

test('the login works as well when no socket ever opens', async () => {
  const phone = registeredPhone({ live: true });
  const scene = phone.server.showCode();
  await phone.scan(scene);
  phone.server.socket.cut(1006);
  await phone.confirm();
  phone.server.redeem(scene);
  await settle();
  assert.equal(phone.state.screen, 'done');
});

test('hidden, the page holds no socket; seen again, it does', async () => {
  const { phone } = await watched();
  phone.login.pause();
  assert.equal(phone.server.socket.isOpen, false);
  await phone.clock.pass(20);
  const count = phone.server.sockets.length;
  phone.login.resume();
  await settle();
  assert.equal(phone.server.sockets.length, count + 1);
});
