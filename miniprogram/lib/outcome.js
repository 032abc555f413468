/**
 * Which end of a login the server's words mean, and which of them the page shows.
 *
 * @typedef {import('./api').AttemptState} AttemptState
 * @typedef {import('./api').Scan} Scan
 */

/** @type {Record<string, string>} */
const END_OF_REASON = {
  not_redeemed: 'not_redeemed',
  by_phone: 'refused',
  by_browser: 'cancelled',
  replaced: 'replaced',
  number_wrong: 'number_failed',
  code_wrong: 'code_failed',
  registration_closed: 'registration_closed',
  user_blocked: 'blocked',
  account_deleted: 'account_deleted',
  attempt_lost: 'lost',
  attempt_unknown: 'lost',
};

/**
 * @param {AttemptState} attempt
 * @returns {string} the screen that ends the login, '' while it goes on
 */
function endOf(attempt) {
  if (attempt.state === 'redeemed') return 'done';
  if (!/^(expired|cancelled|failed)$/.test(attempt.state)) return '';
  return END_OF_REASON[attempt.reason || ''] || attempt.state;
}

/**
 * Whether a second scan describes the same request, so that what the user agreed to still
 * stands.
 *
 * @param {Scan} before
 * @param {Scan} after
 */
function isSameRequest(before, after) {
  const a = before.browser;
  const b = after.browser;
  return (
    before.attempt === after.attempt &&
    before.check === after.check &&
    a.name === b.name &&
    a.os === b.os &&
    a.ip === b.ip &&
    a.place === b.place
  );
}

module.exports = { END_OF_REASON, endOf, isSameRequest };
