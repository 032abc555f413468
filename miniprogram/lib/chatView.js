/**
 * What the chat shows in a state: finished words and switches.
 *
 * @typedef {import('./chat').ChatState} ChatState
 *
 * @typedef {object} ChatView
 * @property {string} title
 * @property {string} lead
 * @property {string} presence
 * @property {boolean} isThere
 * @property {{ id: number, mine: boolean, text: string, time: string, failed: string }[]} lines
 * @property {string} empty
 * @property {string} notice
 * @property {string} draft
 * @property {Record<string, string>} buttons the words of each button, '' where it is not shown
 * @property {Record<string, string>} labels
 */

const { textsFor, fill } = require('./texts');
const { momentOf } = require('./time');
const { sentenceOf } = require('./trouble');

/**
 * @param {ChatState} state
 * @param {string} language
 * @param {{ site: string, browser: string }} names
 * @param {number} now milliseconds
 * @returns {ChatView}
 */
function chatViewOf(state, language, names, now) {
  const texts = textsFor(language);
  const words = texts.chat;
  const browser = names.browser || words.computer;
  const values = { site: names.site, browser, seconds: state.retryIn || 10, over: state.over };
  const isWaiting = ['elsewhere', 'slow_down', 'stopped'].indexOf(state.status) >= 0;
  return {
    title: browser,
    lead: fill(words.lead, values),
    presence: fill(presenceOf(state, words.presence), values),
    isThere: state.present === true && state.status === 'open',
    lines: state.lines.map((line) => ({
      id: line.id,
      mine: line.from === 'phone',
      text: line.text,
      time: momentOf(line.sentAt, now),
      failed: line.failed ? words.failed : '',
    })),
    empty: state.lines.length ? '' : fill(words.empty, values),
    notice: state.notice ? sentenceOf(state.notice, texts, values) : '',
    draft: state.draft,
    buttons: { send: words.send, reconnect: isWaiting ? words.reconnect : '' },
    labels: { text: words.placeholder, copy: words.copy },
  };
}

/**
 * @param {ChatState} state
 * @param {Record<string, string>} words
 */
function presenceOf({ status, present }, words) {
  if (status !== 'open') return words[status] || words.connecting;
  return present === null ? words.unknown : present ? words.here : words.away;
}

module.exports = { chatViewOf };
