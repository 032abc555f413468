const test = require('node:test');
const assert = require('node:assert/strict');
const { Phone, registeredPhone } = require('./support/phone');
const { problemAnswer, REFERENCE } = require('./support/server');
const { settle } = require('./support/clock');

test('scan, confirm, and signed in only once the browser has redeemed', async () => {
  const phone = registeredPhone();
  const scene = phone.server.showCode();
  await phone.scan(scene, 1048);
  assert.equal(phone.state.screen, 'confirm');
  assert.deepEqual(phone.calls('/api/phone/scan')[0].data, { scene, entry_scene: 1048 });

  await phone.confirm();
  assert.equal(phone.state.screen, 'waiting');
  assert.equal(phone.view().title, '请回到登录页面');

  phone.server.redeem(scene);
  await settle();
  assert.equal(phone.state.screen, 'done');
  assert.deepEqual(phone.screens, ['loading', 'confirm', 'waiting', 'done']);
});

test('a second press of confirm while the first is under way sends nothing', async () => {
  const phone = registeredPhone();
  await phone.scan(phone.server.showCode());
  phone.login.confirm();
  phone.login.confirm();
  phone.login.refuse();
  await settle();
  assert.equal(phone.calls('/api/phone/confirm').length, 1);
  assert.equal(phone.calls('/api/phone/cancel').length, 0);
});

test('a newcomer registers and the same attempt goes on', async () => {
  const phone = new Phone();
  const scene = phone.server.showCode();
  await phone.scan(scene);
  assert.match(phone.view().hint, /还没有这个网站的账号/);
  await phone.confirm();
  assert.equal(phone.state.screen, 'not_registered');
  await phone.register('  小明 ');
  assert.equal(phone.state.screen, 'waiting');
  assert.deepEqual(phone.calls('/api/phone/register')[0].data, { nickname: '小明' });
  const attempts = new Set(phone.calls('/api/phone/attempts').map((call) => call.path));
  assert.deepEqual([...attempts], [`/api/phone/attempts/${phone.server.attemptOf(scene).id}`]);
});

test('a newcomer need not give a nickname, and may leave', async () => {
  const phone = new Phone();
  await phone.scan(phone.server.showCode());
  await phone.confirm();
  await phone.register('   ');
  assert.deepEqual(phone.calls('/api/phone/register')[0].data, {});

  const other = new Phone({ openid: 'hong' });
  await other.scan(other.server.showCode());
  await other.confirm();
  await other.refuse();
  assert.equal(other.state.screen, 'refused');
});

test('a nickname that the server refuses can be changed', async () => {
  const phone = new Phone();
  await phone.scan(phone.server.showCode());
  await phone.confirm();
  await phone.register('长'.repeat(33));
  assert.equal(phone.state.screen, 'not_registered');
  assert.match(phone.view().notice, /换一个/);
  await phone.register('小明');
  assert.equal(phone.state.screen, 'waiting');
});

test('somebody who registered elsewhere meanwhile just goes on', async () => {
  const phone = new Phone();
  await phone.scan(phone.server.showCode());
  await phone.confirm();
  phone.server.addUser('ming');
  await phone.register();
  assert.equal(phone.state.screen, 'waiting');
});

test('an account made too late for its attempt is mentioned', async () => {
  const phone = new Phone();
  const scene = phone.server.showCode();
  await phone.scan(scene);
  await phone.confirm();
  phone.server.end(scene, 'expired', 'not_confirmed');
  await phone.register('小明');
  assert.equal(phone.state.screen, 'expired');
  assert.match(phone.view().hint, /账号已注册成功/);
});

test('with registration closed a newcomer is told so, whenever the server says it', async () => {
  const phone = new Phone();
  phone.server.registration = 'closed';
  await phone.scan(phone.server.showCode());
  await phone.confirm();
  assert.equal(phone.state.screen, 'registration_closed');
  assert.equal(phone.view().reference, REFERENCE);
  assert.match(phone.view().hint, /编号/);

  const later = new Phone();
  await later.scan(later.server.showCode());
  await later.confirm();
  later.server.registration = 'closed';
  await later.register();
  assert.equal(later.state.screen, 'registration_closed');
});

test('a stranger whose answer was lost gets his reference from the state', async () => {
  const phone = new Phone();
  phone.server.registration = 'closed';
  const scene = phone.server.showCode();
  await phone.scan(scene);
  // The confirm arrives, its answer does not.
  phone.server.end(scene, 'failed', 'registration_closed');
  await phone.confirm();
  assert.equal(phone.view().reference, REFERENCE);
  // Another end shows none, nor does the next scan.
  phone.server.registration = 'open';
  await phone.scan(phone.server.showCode());
  assert.equal(phone.view().reference, '');
});

test('the number is asked for, counted down, and sent as a string', async () => {
  const phone = registeredPhone();
  phone.server.check = 'number';
  await phone.scan(phone.server.showCode());
  assert.equal(phone.view().asksNumber, true);

  await phone.confirm('7');
  assert.equal(phone.calls('/api/phone/confirm').length, 0);
  assert.match(phone.view().notice, /两位数字/);

  await phone.confirm('12');
  assert.equal(phone.state.number, '');
  assert.match(phone.view().notice, /还可以试 2 次/);

  await phone.confirm('07');
  assert.equal(phone.state.screen, 'waiting');
  assert.equal(phone.calls('/api/phone/confirm')[1].data.number, '07');
});

test('the third wrong number ends the attempt', async () => {
  const phone = registeredPhone();
  phone.server.check = 'number';
  await phone.scan(phone.server.showCode());
  for (const number of ['11', '22', '33']) await phone.confirm(number);
  assert.equal(phone.state.screen, 'number_failed');
});

test('a newcomer with a number types it once', async () => {
  const phone = new Phone();
  phone.server.check = 'number';
  await phone.scan(phone.server.showCode());
  await phone.confirm('07');
  await phone.register('小明');
  assert.equal(phone.state.screen, 'waiting');
});

test('the strict check shows six digits until the computer has them', async () => {
  const phone = registeredPhone();
  phone.server.check = 'code';
  const scene = phone.server.showCode();
  await phone.scan(scene);
  assert.equal(phone.view().asksNumber, false);
  await phone.confirm();
  assert.equal(phone.view().checkCode, '482913');
  assert.equal(phone.view().title, '在登录页面输入验证码');

  phone.server.change(phone.server.attemptOf(scene), 'confirmed');
  await settle();
  assert.equal(phone.view().checkCode, '');
  assert.equal(phone.view().title, '请回到电脑');
});

test('refusing works before and after the confirm', async () => {
  const phone = registeredPhone();
  const first = phone.server.showCode();
  await phone.scan(first);
  await phone.refuse();
  assert.equal(phone.state.screen, 'refused');
  assert.equal(phone.server.attemptOf(first).reason, 'by_phone');

  const second = phone.server.showCode();
  await phone.scan(second);
  await phone.confirm();
  await phone.refuse();
  assert.equal(phone.state.screen, 'refused');
  assert.equal(phone.server.attemptOf(second).state, 'cancelled');
});

test('a refusal that comes too late says that the computer is signed in', async () => {
  const phone = registeredPhone();
  await phone.scan(phone.server.showCode());
  phone.server.fail('/api/phone/cancel', problemAnswer(409, 'already_redeemed'));
  await phone.refuse();
  assert.equal(phone.state.screen, 'too_late');
});

test('a confirm whose nonce another page of this phone took is repeated once', async () => {
  const phone = registeredPhone();
  const scene = phone.server.showCode();
  await phone.scan(scene);
  phone.server.attemptOf(scene).nonce = 'taken by another page';
  await phone.confirm();
  assert.equal(phone.state.screen, 'waiting');
  assert.equal(phone.calls('/api/phone/scan').length, 2);
  assert.equal(phone.calls('/api/phone/confirm').length, 2);
});

test('it is not repeated when browser or check have changed: the user looks again', async () => {
  const changes = [
    (server) => (server.browser = { ...server.browser, ip: '198.51.100.0/24' }),
    (server) => (server.browser = { ...server.browser, place: null }),
    (server, attempt) => (attempt.check = 'number'),
  ];
  for (const change of changes) {
    const phone = registeredPhone();
    const scene = phone.server.showCode();
    await phone.scan(scene);
    phone.server.attemptOf(scene).nonce = 'taken by another page';
    change(phone.server, phone.server.attemptOf(scene));
    await phone.confirm();
    assert.equal(phone.state.screen, 'confirm');
    assert.equal(phone.state.busy, false);
    assert.match(phone.view().notice, /有变化/);
    assert.equal(phone.calls('/api/phone/confirm').length, 1);
    await phone.confirm('07');
    assert.equal(phone.state.screen, 'waiting');
  }
});

test('a nonce that is refused again is not tried a third time by itself', async () => {
  const phone = registeredPhone();
  await phone.scan(phone.server.showCode());
  phone.server.fail('/api/phone/confirm', problemAnswer(403, 'nonce_invalid'), 2);
  await phone.confirm();
  assert.equal(phone.calls('/api/phone/confirm').length, 2);
  assert.match(phone.view().notice, /再试一次/);
  await phone.confirm();
  assert.equal(phone.state.screen, 'waiting');
});

test('a token that dies between scan and confirm does not disturb the login', async () => {
  const phone = registeredPhone();
  await phone.scan(phone.server.showCode());
  phone.server.tokens.clear();
  await phone.confirm();
  assert.equal(phone.state.screen, 'waiting');
});

test('another phone is told that the code is taken', async () => {
  const phone = registeredPhone();
  const scene = phone.server.showCode();
  await phone.scan(scene);
  const other = new Phone({ openid: 'hong', server: phone.server, clock: phone.clock });
  await other.scan(scene);
  assert.equal(other.state.screen, 'taken');
});

test('codes that were never ours lead to a sentence without a call', async () => {
  const phone = registeredPhone();
  phone.login.open({ scene: '', malformed: true, entryScene: 1047 });
  assert.equal(phone.state.screen, 'code_unknown');
  phone.login.open({ scene: '', malformed: false, entryScene: 1001 });
  assert.equal(phone.state.screen, 'no_code');
  assert.equal(phone.server.calls.length, 0);
});

test('another scan replaces whatever the first was doing', async () => {
  const phone = registeredPhone();
  const first = phone.server.showCode();
  const second = phone.server.showCode();
  await phone.scan(first);
  await phone.confirm();
  await phone.scan(second);
  assert.equal(phone.state.scan.attempt, phone.server.attemptOf(second).id);
  phone.server.redeem(first);
  await settle();
  assert.equal(phone.state.screen, 'confirm');
});

test('the page says expired when the time to confirm is over', async () => {
  const phone = registeredPhone();
  await phone.scan(phone.server.showCode());
  await phone.clock.pass(59);
  assert.equal(phone.state.screen, 'confirm');
  await phone.clock.pass(3);
  assert.equal(phone.state.screen, 'expired');
});

test('a browser that never redeems is told as such', async () => {
  const phone = registeredPhone();
  const scene = phone.server.showCode();
  await phone.scan(scene);
  await phone.confirm();
  await phone.clock.pass(30);
  phone.server.end(scene, 'expired', 'not_redeemed');
  await settle();
  assert.equal(phone.state.screen, 'not_redeemed');
});
