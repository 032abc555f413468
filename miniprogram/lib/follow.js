/**
 * Follows an attempt by long poll until it is over.
 *
 * @typedef {import('./api').Api} Api
 * @typedef {import('./api').AttemptState} AttemptState
 * @typedef {import('./problem').Problem} Problem
 */

const { isPassing } = require('./problem');

/** Failed polls in a row, about half a minute and more, after which the user is asked to act. */
const MOST_FAILURES = 6;
const LONGEST_PAUSE = 15000;

/**
 * @param {object} setup
 * @param {Api} setup.api
 * @param {import('./api').Platform} setup.platform
 * @param {string} setup.attempt
 * @param {() => boolean} setup.isWanted asked after every wait; false ends it silently
 * @param {(state: AttemptState) => void} setup.onState
 * @param {(problem: Problem) => void} setup.onTrouble a poll failed, another follows
 * @returns {Promise<Problem | null>} null when no longer wanted, else the problem that ended it
 */
async function follow({ api, platform, attempt, isWanted, onState, onTrouble }) {
  /** @type {number | undefined} */
  let version;
  let failures = 0;
  while (isWanted()) {
    const asked = platform.now();
    const answer = await api.attempt(attempt, version);
    if (!isWanted()) return null;
    if (answer.ok) {
      failures = 0;
      const news = answer.status !== 204 && (version === undefined || answer.body.version > version);
      if (news) {
        version = answer.body.version;
        onState(answer.body);
      } else if (platform.now() - asked < 1000) {
        await platform.delay(1000); // something in between does not wait as the server does
      }
      continue;
    }
    failures += 1;
    if (!isPassing(answer.problem.kind) || failures >= MOST_FAILURES) return answer.problem;
    onTrouble(answer.problem);
    version = undefined; // the next poll answers at once, so that the trouble's end is seen
    const pause = Math.min(LONGEST_PAUSE, 1000 * Math.pow(2, failures));
    await platform.delay(Math.max(answer.problem.retryIn * 1000, pause * (0.5 + Math.random() / 2)));
  }
  return null;
}

module.exports = { follow };
