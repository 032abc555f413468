/** Times as a user reads them, by the phone's own clock and time zone. */

const MINUTE = 60000;
/** No attempt lives longer; more than that means that one of the two clocks is wrong. */
const OLDEST = 20 * MINUTE;

/**
 * To the second: for a moment that is compared with another screen.
 *
 * @param {string} time RFC 3339
 * @param {number} now milliseconds; the date is left out of today's times
 * @returns {string} '' for what is no time
 */
function secondOf(time, now) {
  return written(time, now, true);
}

/**
 * To the minute.
 *
 * @param {string} time RFC 3339
 * @param {number} now milliseconds
 */
function momentOf(time, now) {
  return written(time, now, false);
}

/**
 * @param {string} time RFC 3339, of the server's clock
 * @param {number} now milliseconds, of the phone's
 * @returns {number} full minutes since then, -1 when the clocks differ too much to say
 */
function minutesSince(time, now) {
  const since = now - new Date(time).getTime();
  if (!(since > -MINUTE && since < OLDEST)) return -1;
  return Math.max(0, Math.floor(since / MINUTE));
}

/**
 * @param {string} time
 * @param {number} now
 * @param {boolean} withSeconds
 */
function written(time, now, withSeconds) {
  const date = new Date(time);
  if (isNaN(date.getTime())) return '';
  const parts = [date.getHours(), date.getMinutes()].concat(withSeconds ? date.getSeconds() : []);
  const clock = parts.map(two).join(':');
  if (date.toDateString() === new Date(now).toDateString()) return clock;
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clock}`;
}

/** @param {number} number */
function two(number) {
  return (number < 10 ? '0' : '') + number;
}

module.exports = { secondOf, momentOf, minutesSince };
