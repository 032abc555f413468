const test = require('node:test');
const assert = require('node:assert/strict');
const { registeredPhone } = require('./support/phone');
const { problemAnswer } = require('./support/server');
const { settle } = require('./support/clock');

/** Every way out of section 3, and the screen it means to the phone. */
const ENDS = [
  ['expired', 'not_scanned', 'expired'],
  ['expired', 'not_confirmed', 'expired'],
  ['expired', 'not_checked', 'expired'],
  ['expired', 'not_redeemed', 'not_redeemed'],
  ['cancelled', 'by_phone', 'refused'],
  ['cancelled', 'by_browser', 'cancelled'],
  ['cancelled', 'replaced', 'replaced'],
  ['failed', 'number_wrong', 'number_failed'],
  ['failed', 'code_wrong', 'code_failed'],
  ['failed', 'registration_closed', 'registration_closed'],
  ['failed', 'user_blocked', 'blocked'],
  ['failed', 'account_deleted', 'account_deleted'],
  ['failed', 'attempt_lost', 'lost'],
  ['failed', 'attempt_unknown', 'lost'],
  ['failed', 'a_reason_of_a_newer_server', 'failed'],
];

for (const [state, reason, screen] of ENDS) {
  test(`${state}, ${reason} shows '${screen}' while waiting, on confirm and on refuse`, async () => {
    const waiting = registeredPhone();
    const first = waiting.server.showCode();
    await waiting.scan(first);
    await waiting.confirm();
    waiting.server.end(first, state, reason);
    await settle();
    assert.equal(waiting.state.screen, screen);

    for (const press of ['confirm', 'refuse']) {
      const phone = registeredPhone();
      const scene = phone.server.showCode();
      await phone.scan(scene);
      phone.server.end(scene, state, reason);
      await phone[press]();
      assert.equal(phone.state.screen, screen, press);
    }
  });
}

/** Every error of the table of section 8 that the simple login can meet. */
const PROBLEMS = [
  ['/api/phone/session', 401, 'wechat_code_invalid', 'login_failed'],
  ['/api/phone/session', 401, 'wechat_code_used', 'login_failed'],
  ['/api/phone/session', 403, 'wechat_user_blocked', 'blocked'],
  ['/api/phone/session', 429, 'slow_down', 'slow_down'],
  ['/api/phone/session', 503, 'wechat_unavailable', 'wechat_busy'],
  ['/api/phone/scan', 400, 'bad_request', 'unexpected'],
  ['/api/phone/scan', 400, 'entry_scene_missing', 'unexpected'],
  ['/api/phone/scan', 400, 'scene_malformed', 'code_unknown'],
  ['/api/phone/scan', 401, 'phone_session_invalid', 'login_failed'],
  ['/api/phone/scan', 404, 'scene_unknown', 'code_unknown'],
  ['/api/phone/scan', 409, 'already_scanned', 'taken'],
  ['/api/phone/scan', 409, 'already_redeemed', 'already_used'],
  ['/api/phone/scan', 410, 'attempt_expired', 'expired'],
  ['/api/phone/scan', 410, 'attempt_cancelled', 'cancelled'],
  ['/api/phone/scan', 410, 'attempt_failed', 'failed'],
  ['/api/phone/scan', 413, 'too_large', 'unexpected'],
  ['/api/phone/scan', 415, 'unsupported', 'unexpected'],
  ['/api/phone/scan', 429, 'slow_down', 'slow_down'],
  ['/api/phone/scan', 500, 'internal', 'server_down'],
  ['/api/phone/scan', 503, 'unavailable', 'server_down'],
  ['/api/phone/scan', 503, 'draining', 'server_down'],
  ['/api/phone/confirm', 409, 'already_redeemed', 'already_used'],
  ['/api/phone/confirm', 403, 'registration_closed', 'registration_closed'],
  ['/api/phone/attempts/', 404, 'attempt_unknown', 'lost'],
];

for (const [path, status, code, screen] of PROBLEMS) {
  test(`${status} ${code} on ${path} shows '${screen}', with what to do in both languages`, async () => {
    const phone = registeredPhone();
    phone.server.fail(path, problemAnswer(status, code), 99);
    await phone.scan(phone.server.showCode());
    if (path !== '/api/phone/session' && path !== '/api/phone/scan') await phone.confirm();
    assert.equal(phone.state.screen, screen);
    for (const language of ['zh_CN', 'en']) {
      const { title, sentence, buttons } = phone.view(language);
      assert.ok(title && sentence.length > 8);
      assert.doesNotMatch(title + sentence, /undefined|\{|_/);
      assert.ok(buttons.retry || buttons.close);
    }
  });
}

test('the seconds that the server asks for are told', async () => {
  const phone = registeredPhone();
  phone.server.fail('/api/phone/scan', problemAnswer(429, 'slow_down', { retry_in: 31 }));
  await phone.scan(phone.server.showCode());
  assert.match(phone.view().sentence, /31 秒/);
  assert.match(phone.view('en').sentence, /31 seconds/);
});

test('WeChat giving no code is WeChat being busy', async () => {
  const phone = registeredPhone();
  phone.wechatWorks = false;
  await phone.scan(phone.server.showCode());
  assert.equal(phone.state.screen, 'wechat_busy');
  phone.wechatWorks = true;
  phone.login.retry();
  await settle();
  assert.equal(phone.state.screen, 'confirm');
});
