/**
 * What can go wrong, sorted by what the user can do about it. Each kind has its sentence in
 * `texts.js`.
 *
 * @typedef {object} Problem
 * @property {string} kind
 * @property {number} status the HTTP status, 0 when no answer came
 * @property {string} code the server's stable word, '' when it sent none
 * @property {number} retryIn seconds to wait before another try, 0 when the server named none
 * @property {number} triesLeft tries left for a wrong number; 0 also when none were named
 */

/** @type {Record<string, string>} */
const KIND_OF_CODE = {
  phone_session_invalid: 'login_failed',
  wechat_code_invalid: 'login_failed',
  wechat_code_used: 'login_failed',
  wechat_user_blocked: 'blocked',
  wechat_unavailable: 'wechat_busy',
  slow_down: 'slow_down',
  unavailable: 'server_down',
  draining: 'server_down',
  scene_malformed: 'code_unknown',
  scene_unknown: 'code_unknown',
  already_scanned: 'taken',
  already_redeemed: 'already_used',
  attempt_expired: 'expired',
  attempt_cancelled: 'cancelled',
  attempt_failed: 'failed',
  attempt_unknown: 'lost',
  nonce_invalid: 'check_again',
  number_wrong: 'number_wrong',
  registration_closed: 'registration_closed',
  nickname_invalid: 'nickname_refused',
};

/** Kinds after which the same thing may work a little later; all others end the login. */
const PASSING = [
  'no_network',
  'address_refused',
  'server_down',
  'wechat_busy',
  'login_failed',
  'slow_down',
  'check_again',
];

/**
 * @param {number} status
 * @param {any} body the answer's body, a problem document if the server itself spoke
 * @returns {Problem}
 */
function problemOfAnswer(status, body) {
  const document = body && typeof body === 'object' ? body : {};
  const code = typeof document.code === 'string' ? document.code : '';
  return {
    kind: KIND_OF_CODE[code] || kindOfStatus(status),
    status,
    code,
    retryIn: Number(document.retry_in) || 0,
    triesLeft: Number(document.tries_left) || 0,
  };
}

/**
 * An answer without a word that we know comes from something in between, such as a proxy
 * whose server is away, or from a newer server.
 *
 * @param {number} status
 */
function kindOfStatus(status) {
  if (status === 429) return 'slow_down';
  const isRefusal = status >= 400 && status < 500;
  return isRefusal && status !== 404 ? 'unexpected' : 'server_down';
}

/**
 * @param {string} kind
 * @returns {Problem} a problem that no server told us
 */
function localProblem(kind) {
  return { kind, status: 0, code: '', retryIn: 0, triesLeft: 0 };
}

/** @param {string} kind */
function isPassing(kind) {
  return PASSING.indexOf(kind) >= 0;
}

module.exports = { KIND_OF_CODE, problemOfAnswer, localProblem, isPassing };
