/**
 * What the login page shows in a state: finished words and switches, so that a page only has to
 * lay them out.
 *
 * @typedef {import('./login').LoginState} LoginState
 *
 * @typedef {object} View
 * @property {string} screen
 * @property {'plain' | 'wait' | 'good' | 'bad'} tone
 * @property {string} title
 * @property {string} sentence
 * @property {{ label: string, value: string }[]} rows
 * @property {string[]} warnings
 * @property {string} notice
 * @property {string} hint
 * @property {boolean} busy
 * @property {string} checkCode
 * @property {string} reference what the user tells the website's owner, '' if there is none
 * @property {boolean} asksNumber
 * @property {string} number what stands in the field for the two digits
 * @property {boolean} asksNickname
 * @property {Record<string, string>} labels
 * @property {{ confirm: string, refuse: string, register: string, withdraw: string,
 *   retry: string, chat: string, devices: string, close: string }} buttons the words of each button, '' where it is not shown
 */

const { textsFor, fill } = require('./texts');
const { secondOf, minutesSince } = require('./time');
const { isPassing } = require('./problem');

/** WeChat's numbers of the ways in: a code before the camera, and links (a scheme, a plain one). */
const CAMERA = 1047;
const LINKS = [1065, 1286];

/**
 * @param {LoginState} state
 * @param {string} language
 * @param {number} now milliseconds, to leave the date out of today's times
 * @returns {View}
 */
function viewOf(state, language, now) {
  const texts = textsFor(language);
  const { screen, scan } = state;
  const values = {
    site: scan ? scan.site.name : '',
    seconds: state.retryIn || 10,
    tries: state.triesLeft,
  };
  const hasCode = screen === 'waiting' && state.checkCode !== '';
  const isHere = state.entryScene !== CAMERA;
  const words = texts.screens[hasCode ? 'waiting_code' : isHere ? `${screen}_here` : screen]
    || texts.screens[screen] || texts.screens.unexpected;
  const asks = screen === 'confirm';
  return {
    screen,
    tone: toneOf(screen),
    title: fill(words.title, values),
    sentence: fill(words.sentence, values),
    rows: asks && scan ? rowsOf(scan, texts, now) : [],
    warnings: asks && scan ? warningsOf(scan.warnings, state.entryScene, texts.warnings) : [],
    notice: state.notice ? fill(noticeOf(state.notice, texts), values) : '',
    hint: hintOf(state, texts.hints),
    busy: state.busy,
    checkCode: hasCode ? state.checkCode : '',
    reference: screen === 'registration_closed' ? state.reference : '',
    asksNumber: asks && scan !== null && scan.check === 'number',
    number: state.number,
    asksNickname: screen === 'not_registered',
    labels: texts.labels,
    buttons: buttonsOf(state, texts.buttons),
  };
}

/**
 * @param {string} screen
 * @returns {View['tone']}
 */
function toneOf(screen) {
  if (screen === 'loading' || screen === 'waiting') return 'wait';
  if (screen === 'done') return 'good';
  return screen === 'confirm' || screen === 'not_registered' || screen === 'refused' ? 'plain' : 'bad';
}

/**
 * @param {LoginState} state
 * @param {Record<string, string>} words
 * @returns {View['buttons']}
 */
function buttonsOf({ screen, session }, words) {
  const none = {
    confirm: '', refuse: '', register: '', withdraw: '', retry: '', chat: '', devices: '', close: '',
  };
  /** @param {Partial<View['buttons']>} shown */
  const only = (shown) => Object.assign(none, shown);
  if (screen === 'loading') return none;
  if (screen === 'confirm') return only({ confirm: words.confirm, refuse: words.refuse });
  if (screen === 'not_registered') return only({ register: words.register, refuse: words.leave });
  if (screen === 'waiting') return only({ withdraw: words.withdraw });
  if (screen === 'done' && session) return only({ chat: words.chat, close: words.close });
  if (screen === 'too_late') return only({ devices: words.devices, close: words.close });
  return isPassing(screen) ? only({ retry: words.retry }) : only({ close: words.close });
}

/**
 * @param {import('./api').Scan} scan
 * @param {import('./texts').Texts} texts
 * @param {number} now
 */
function rowsOf(scan, { labels, ages }, now) {
  const { site, browser } = scan;
  const rows = [
    { label: labels.site, value: `${site.name} (${site.host})` },
    { label: labels.browser, value: browser.name },
    { label: labels.os, value: browser.os },
    { label: labels.place, value: browser.place || '' },
    { label: labels.ip, value: browser.ip },
    { label: labels.time, value: timeOf(scan.requested_at, now, ages) },
  ];
  return rows.filter((row) => row.value);
}

/**
 * In the order of the texts, the gravest first. A warning that this version has no words for is
 * better left out than shown as a code word.
 *
 * @param {string[] | undefined} warnings
 * @param {number} entryScene
 * @param {Record<string, string>} words
 */
function warningsOf(warnings, entryScene, words) {
  const isLink = LINKS.indexOf(entryScene) >= 0;
  const told = (warnings || []).map((it) => (it === 'entry_scene' && isLink ? 'entry_link' : it));
  return Object.keys(words).filter((warning) => told.includes(warning)).map((warning) => words[warning]);
}

/**
 * @param {string} notice
 * @param {import('./texts').Texts} texts
 */
function noticeOf(notice, texts) {
  const screen = texts.screens[notice];
  return texts.notices[notice] || (screen ? screen.sentence : texts.screens.unexpected.sentence);
}

/**
 * @param {LoginState} state
 * @param {Record<string, string>} hints
 */
function hintOf(state, hints) {
  if (state.screen === 'confirm') {
    const isNew = state.scan !== null && !state.scan.registered && !state.registeredNow;
    return isNew ? `${hints.newcomer}\n${hints.notYou}` : hints.notYou;
  }
  if (state.screen === 'registration_closed' && state.reference) return hints.reference;
  const isOver = /^(expired|not_redeemed|lost|replaced)$/.test(state.screen);
  return state.registeredNow && isOver ? hints.registeredNow : '';
}

/**
 * @param {string} time RFC 3339
 * @param {number} now
 * @param {Record<string, string>} ages
 */
function timeOf(time, now, ages) {
  const clock = secondOf(time, now);
  const minutes = minutesSince(time, now);
  if (minutes < 0) return clock;
  return fill(minutes === 0 ? ages.now : ages.minutes, { time: clock, minutes });
}

module.exports = { viewOf };
