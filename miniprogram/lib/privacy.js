/** Why WeChat gave no personal data, by what its failure says. */

const REFUSED = [103, 104];
const UNDECLARED = 112;

/**
 * @param {{ errno?: number, errMsg?: string }} failure
 * @returns {'' | 'privacy_undeclared' | 'privacy_refused' | 'avatar_unreadable'} '' when the user
 *   only changed his mind
 */
function whyNoPicture({ errno, errMsg }) {
  const words = errMsg || '';
  if (errno === UNDECLARED || /not declared/i.test(words)) return 'privacy_undeclared';
  const isRefused = REFUSED.indexOf(errno || 0) >= 0 || /privacy|deny|denied/i.test(words);
  if (isRefused) return 'privacy_refused';
  return /cancel/i.test(words) ? '' : 'avatar_unreadable';
}

module.exports = { whyNoPicture };
