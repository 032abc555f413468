/**
 * What 'my devices' shows in a state: finished words and switches.
 *
 * @typedef {import('./devices').DevicesState} DevicesState
 *
 * @typedef {object} Device
 * @property {string} id
 * @property {string} name
 * @property {boolean} isNew
 * @property {string} where
 * @property {string} times
 * @property {string} question the question that is open about it, '' if none
 * @property {string} yes the word that answers it
 *
 * @typedef {object} DevicesView
 * @property {string} screen
 * @property {string} sentence
 * @property {string} told
 * @property {string} notice
 * @property {boolean} busy
 * @property {Device[]} devices
 * @property {{ question: string, yes: string }} all the question about all of them
 * @property {Record<string, string>} buttons the words of each button, '' where it is not shown
 * @property {Record<string, string>} labels
 */

const { textsFor, fill } = require('./texts');
const { momentOf } = require('./time');
const { sentenceOf } = require('./trouble');

/**
 * @param {DevicesState} state
 * @param {string} language
 * @param {string} siteName
 * @param {number} now milliseconds
 * @returns {DevicesView}
 */
function devicesViewOf(state, language, siteName, now) {
  const texts = textsFor(language);
  const words = texts.devices;
  const { screen, sessions, asking } = state;
  const isList = screen === 'list';
  const site = { site: siteName };
  const asksAll = asking !== null && asking.deed === 'all';
  return {
    screen,
    sentence: isList ? fill(sessions.length ? words.lead : words.none, site) : '',
    told: state.told ? words.told[state.told] : '',
    notice: state.notice ? sentenceOf(state.notice, texts, { seconds: state.retryIn || 10 }) : '',
    busy: state.busy,
    devices: sessions.map((session) => {
      const name = nameOf(session, words.unknown);
      const deed = asking && asking.id === session.id ? asking.deed : '';
      return {
        id: session.id,
        name,
        isNew: session.new === true,
        where: [session.place, session.ip].filter(Boolean).join(' · '),
        times: [
          fill(words.since, { time: momentOf(session.created_at, now) }),
          fill(words.seen, { time: momentOf(session.last_seen_at, now) }),
        ].join('\n'),
        question: deed ? fill(words.ask[deed], { name }) : '',
        yes: deed ? words.yes[deed] : '',
      };
    }),
    all: {
      question: asksAll ? fill(words.ask.all, { count: sessions.length }) : '',
      yes: words.yes.all,
    },
    buttons: {
      show: screen === 'closed' ? words.show : '',
      retry: screen === 'problem' ? texts.buttons.retry : '',
      all: isList && sessions.length > 1 ? words.all : '',
      report: words.report,
      end: words.end,
      chat: words.chat,
      leave: texts.buttons.leave,
    },
    labels: { title: words.title, isNew: words.isNew, loading: texts.screens.loading.title },
  };
}

/**
 * @param {{ browser: string, os: string }} session
 * @param {string} unknown
 */
function nameOf({ browser, os }, unknown) {
  return [browser, os].filter((word) => word && word !== '?').join(' · ') || unknown;
}

module.exports = { devicesViewOf };
