/**
 * Texts and links between this phone and one browser that it let in. They go over the socket, to
 * a page that is open at this moment, and are kept nowhere.
 *
 * @typedef {import('./live').Live} Live
 * @typedef {import('./live').Status} Status
 *
 * @typedef {object} Line
 * @property {number} id
 * @property {'phone' | 'browser'} from
 * @property {string} text
 * @property {string} sentAt RFC 3339
 * @property {boolean} failed
 *
 * @typedef {object} ChatState
 * @property {Line[]} lines
 * @property {Status} status of the socket
 * @property {boolean | null} present whether the browser's page is open, null while not known
 * @property {string} notice a kind of problem, '' if none
 * @property {number} retryIn seconds, 0 if not known
 * @property {number} over characters too many in the text that could not be sent
 * @property {string} draft
 */

/** @typedef {ReturnType<typeof createChat>} Chat */

const LONGEST_TEXT = 1000;
const MOST_LINES = 200;
/** As many in as many milliseconds are what the server takes. */
const MOST_MESSAGES = 20;
const WINDOW = 10000;

/**
 * @param {object} setup
 * @param {(onMessage: (message: any) => void, onStatus: (status: Status) => void) => Live} setup.live
 * @param {() => number} setup.now milliseconds
 * @param {string} setup.session the pair's session
 * @param {(state: ChatState) => void} setup.onChange
 */
function createChat({ live: makeLive, now, session, onChange }) {
  /** @type {ChatState} */
  let state = {
    lines: [],
    status: 'closed',
    present: null,
    notice: '',
    retryIn: 0,
    over: 0,
    draft: '',
  };
  let ids = 0;
  /** When the newest messages were sent. @type {number[]} */
  let sent = [];

  /** @param {Partial<ChatState>} change */
  function update(change) {
    state = Object.assign({}, state, change);
    onChange(state);
  }

  /** @param {Omit<Line, 'id'>} line */
  function add(line) {
    ids += 1;
    return state.lines.concat(Object.assign({ id: ids }, line)).slice(-MOST_LINES);
  }

  const live = makeLive(hear, (status) => {
    // Who is there is told anew by the next socket.
    update({ status, present: status === 'open' ? state.present : null });
  });

  /** @param {any} message */
  function hear(message) {
    if (message.type === 'error') return refused(message);
    if (message.session !== session) return;
    if (message.type === 'peer') update({ present: message.present === true, notice: '' });
    if (message.type === 'message' && message.from === 'browser' && typeof message.text === 'string') {
      update({ lines: add({ from: 'browser', text: message.text, sentAt: message.sent_at, failed: false }) });
    }
  }

  /** @param {{ code: string, retry_in: number | null }} error about the message sent last */
  function refused({ code, retry_in: retryIn }) {
    const mine = state.lines.filter((line) => line.from === 'phone');
    const last = mine[mine.length - 1];
    const lines = state.lines.map((line) => (line === last ? Object.assign({}, line, { failed: true }) : line));
    const isKnown = code === 'peer_absent' || code === 'slow_down';
    const present = code === 'peer_absent' ? false : state.present;
    update({ lines, present, notice: isKnown ? code : 'try_again', retryIn: retryIn || 0 });
  }

  return {
    open() {
      live.open();
    },

    /** The page is hidden or gone: WeChat would cut the socket by itself, and say nothing. */
    close() {
      live.close();
    },

    /** @param {string} text what stands in the field */
    type(text) {
      state = Object.assign({}, state, { draft: text });
    },

    send() {
      const text = cleaned(state.draft);
      if (!text) return;
      const over = Array.from(text).length - LONGEST_TEXT;
      if (over > 0) return update({ notice: 'too_long', over });
      sent = sent.filter((at) => at > now() - WINDOW);
      if (sent.length >= MOST_MESSAGES) return update({ notice: 'slow_down', retryIn: WINDOW / 1000 });
      if (!live.send({ type: 'message', session, text })) return update({ notice: 'not_connected' });
      sent.push(now());
      const sentAt = new Date(now()).toISOString();
      update({ lines: add({ from: 'phone', text, sentAt, failed: false }), draft: '', notice: '' });
    },
  };
}

/**
 * Without what the protocol does not let through: control characters but newlines, and halves of
 * characters, which JSON could not carry.
 *
 * @param {string} text
 */
function cleaned(text) {
  return text
    .replace(/\r\n?/g, '\n')
    .replace(/\t/g, ' ')
    .replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, '')
    .replace(/[\ud800-\udbff](?![\udc00-\udfff])|(^|[^\ud800-\udbff])[\udc00-\udfff]/g, '$1')
    .trim();
}

module.exports = { createChat, cleaned };
