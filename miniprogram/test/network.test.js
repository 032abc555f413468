const test = require('node:test');
const assert = require('node:assert/strict');
const { registeredPhone } = require('./support/phone');
const { problemAnswer } = require('./support/server');
const { settle } = require('./support/clock');

test('no network at the scan: the user tries again and it goes on', async () => {
  const phone = registeredPhone();
  phone.server.fail('/api/phone/scan', 'network');
  await phone.scan(phone.server.showCode());
  assert.equal(phone.state.screen, 'no_network');
  assert.equal(phone.view().buttons.retry, '重试');
  phone.login.retry();
  await settle();
  assert.equal(phone.state.screen, 'confirm');
});

test('an address that WeChat refuses is the owner’s to repair', async () => {
  const phone = registeredPhone();
  phone.server.fail('/api/phone/session', 'address_refused');
  await phone.scan(phone.server.showCode());
  assert.equal(phone.state.screen, 'address_refused');
});

test('no network at the confirm: what was shown stays, with a sentence and both buttons', async () => {
  const phone = registeredPhone();
  await phone.scan(phone.server.showCode());
  for (const trouble of ['network', 'timeout', problemAnswer(503, 'unavailable')]) {
    phone.server.fail('/api/phone/confirm', trouble);
    await phone.confirm();
    assert.equal(phone.state.screen, 'confirm');
    assert.equal(phone.state.busy, false);
    assert.ok(phone.view().notice);
    assert.ok(phone.view().buttons.confirm && phone.view().buttons.refuse);
  }
  await phone.confirm();
  assert.equal(phone.state.screen, 'waiting');
  assert.equal(phone.view().notice, '');
});

test('no network at the refusal while waiting: it says so and keeps waiting', async () => {
  const phone = registeredPhone();
  const scene = phone.server.showCode();
  await phone.scan(scene);
  await phone.confirm();
  phone.server.fail('/api/phone/cancel', 'network');
  phone.login.refuse();
  await settle();
  assert.equal(phone.state.screen, 'waiting');
  assert.match(phone.view().notice, /检查手机网络/);
  phone.server.redeem(scene);
  await settle();
  assert.equal(phone.state.screen, 'done');
});

test('polling goes on over 25 quiet seconds and a broken line', async () => {
  const phone = registeredPhone();
  const scene = phone.server.showCode();
  await phone.scan(scene);
  await phone.confirm();
  const queries = () => phone.calls('/api/phone/attempts').map((call) => `${call.query}`);
  assert.deepEqual(queries(), ['', 'after_version=3&wait=25']);
  await phone.clock.pass(26);
  assert.equal(queries().length, 3);

  phone.server.fail('/api/phone/attempts', 'network', 2);
  await phone.clock.pass(24);
  assert.match(phone.view().notice, /重新连接/);
  await phone.clock.pass(8);
  assert.equal(phone.view().notice, '');
  phone.server.redeem(scene);
  await settle();
  assert.equal(phone.state.screen, 'done');
});

test('a line that stays broken ends in a question, not in endless calls', async () => {
  const phone = registeredPhone();
  const scene = phone.server.showCode();
  await phone.scan(scene);
  phone.server.fail('/api/phone/attempts', 'network', 99);
  await phone.confirm();
  await phone.clock.pass(120);
  assert.equal(phone.state.screen, 'no_network');
  assert.equal(phone.calls('/api/phone/attempts').length, 6);

  phone.server.planned = [];
  phone.server.redeem(scene);
  phone.login.retry();
  await settle();
  assert.equal(phone.state.screen, 'done');
});

test('the phone waits as long as the server asks before it polls again', async () => {
  const phone = registeredPhone();
  await phone.scan(phone.server.showCode());
  phone.server.fail('/api/phone/attempts', problemAnswer(429, 'slow_down', { retry_in: 20 }));
  await phone.confirm();
  await phone.clock.pass(19);
  assert.equal(phone.calls('/api/phone/attempts').length, 1);
  await phone.clock.pass(2);
  assert.equal(phone.calls('/api/phone/attempts').length, 3);
});

test('a proxy that answers every poll at once is not flooded', async () => {
  const phone = registeredPhone();
  await phone.scan(phone.server.showCode());
  phone.server.fail('/api/phone/attempts', { status: 204, data: '' }, 999);
  await phone.confirm();
  await phone.clock.pass(10);
  assert.ok(phone.calls('/api/phone/attempts').length <= 11);
});

test('a hidden page asks nothing, and a shown one asks for the state anew', async () => {
  const phone = registeredPhone();
  const scene = phone.server.showCode();
  await phone.scan(scene);
  await phone.confirm();
  phone.login.pause();
  const asked = phone.calls('/api/phone/attempts').length;
  await phone.clock.pass(50);
  phone.server.redeem(scene);
  await settle();
  assert.equal(phone.calls('/api/phone/attempts').length, asked);
  assert.equal(phone.state.screen, 'waiting');
  phone.login.resume();
  await settle();
  assert.equal(phone.state.screen, 'done');
});

test('a page shown again before the confirm learns what happened meanwhile', async () => {
  const meanwhile = [
    (server, scene) => [server.end(scene, 'cancelled', 'by_browser'), 'cancelled'],
    (server, scene) => [server.change(server.attemptOf(scene), 'confirmed'), 'waiting'],
    () => [null, 'confirm'],
  ];
  for (const happens of meanwhile) {
    const phone = registeredPhone();
    const scene = phone.server.showCode();
    await phone.scan(scene);
    phone.login.pause();
    const screen = happens(phone.server, scene)[1];
    phone.login.resume();
    await settle();
    assert.equal(phone.state.screen, screen);
  }
});

test('a page shown again with no network says so, and asks again when told to', async () => {
  const phone = registeredPhone();
  const scene = phone.server.showCode();
  await phone.scan(scene);
  phone.login.pause();
  phone.server.fail('/api/phone/attempts', 'network');
  phone.login.resume();
  await settle();
  assert.equal(phone.state.screen, 'confirm');
  assert.match(phone.view().notice, /网络/);

  phone.server.fail('/api/phone/attempts', 'network');
  await phone.clock.pass(62);
  assert.equal(phone.state.screen, 'no_network');
  phone.login.retry();
  await settle();
  assert.equal(phone.state.screen, 'expired');
});

test('trying again after trouble returns to the confirm while it is still open', async () => {
  const phone = registeredPhone();
  const scene = phone.server.showCode();
  await phone.scan(scene);
  phone.server.fail('/api/phone/attempts', 'network');
  await phone.clock.pass(61);
  phone.server.attemptOf(scene).deadline += 60000;
  phone.server.attemptOf(scene).state = 'scanned';
  phone.login.retry();
  await settle();
  assert.equal(phone.state.screen, 'confirm');
  await phone.confirm();
  assert.equal(phone.state.screen, 'waiting');
});

test('a page shown again after a failed scan scans by itself', async () => {
  const phone = registeredPhone();
  phone.server.fail('/api/phone/scan', 'network');
  await phone.scan(phone.server.showCode());
  phone.login.resume();
  await settle();
  assert.equal(phone.state.screen, 'confirm');
});

test('a login that is over stays over when the page is shown again', async () => {
  const phone = registeredPhone();
  const scene = phone.server.showCode();
  await phone.scan(scene);
  await phone.refuse();
  const calls = phone.server.calls.length;
  phone.login.resume();
  phone.login.retry();
  await settle();
  assert.equal(phone.state.screen, 'refused');
  assert.equal(phone.server.calls.length, calls);
});

test('a closed page neither speaks nor asks any more', async () => {
  const phone = registeredPhone();
  await phone.scan(phone.server.showCode());
  phone.login.confirm();
  phone.login.close();
  await settle();
  await phone.clock.pass(120);
  assert.equal(phone.state.screen, 'confirm');
  assert.equal(phone.calls('/api/phone/attempts').length, 0);
});
