/**
 * 'My devices': the browsers that the user has let in, to be ended or reported. What cannot be
 * taken back is asked once more.
 *
 * @typedef {import('./api').Api} Api
 * @typedef {import('./api').Session} Session
 *
 * @typedef {'end' | 'report' | 'all'} Deed
 *
 * @typedef {object} DevicesState
 * @property {'closed' | 'loading' | 'list' | 'problem'} screen
 * @property {Session[]} sessions
 * @property {{ deed: Deed, id: string } | null} asking the question that is open
 * @property {Deed | ''} told what has just been done
 * @property {string} notice a kind of problem, '' if none
 * @property {number} retryIn seconds, 0 if not known
 * @property {boolean} busy
 */

/** @typedef {ReturnType<typeof createDevices>} Devices */

/** @type {DevicesState} */
const CLOSED = {
  screen: 'closed',
  sessions: [],
  asking: null,
  told: '',
  notice: '',
  retryIn: 0,
  busy: false,
};

/**
 * @param {object} setup
 * @param {Api} setup.api
 * @param {(state: DevicesState) => void} setup.onChange
 */
function createDevices({ api, onChange }) {
  let state = CLOSED;
  // Whatever was started before the newest turn must not speak any more.
  let turn = 0;

  /** @param {Partial<DevicesState>} change */
  function update(change) {
    state = Object.assign({}, state, change);
    onChange(state);
  }

  async function open() {
    if (state.busy) return;
    turn += 1;
    const mine = turn;
    // A list that is there stays while it is asked for anew.
    if (state.screen !== 'list') update({ screen: 'loading' });
    const answer = await api.sessions();
    if (mine !== turn) return;
    if (answer.ok) {
      const { sessions } = answer.body;
      const { asking } = state;
      const stillThere = asking && (!asking.id || sessions.some(({ id }) => id === asking.id));
      return update({ screen: 'list', sessions, notice: '', asking: stillThere ? asking : null });
    }
    const { kind, retryIn } = answer.problem;
    update({ screen: state.screen === 'list' ? 'list' : 'problem', notice: kind, retryIn });
  }

  /**
   * @param {Deed} deed
   * @param {string} id
   */
  function send(deed, id) {
    return deed === 'report' ? api.reportSession(id) : api.endSession(id);
  }

  return {
    open,

    /** What is shown before anything has happened. */
    state: () => state,

    /** Shows the list if that needs no new login: a first visit is asked for nothing. */
    async openIfSignedIn() {
      if (await api.isSignedIn()) await open();
      else if (state.screen !== 'closed') update(CLOSED);
    },

    /**
     * @param {Deed} deed
     * @param {string} id
     */
    ask(deed, id) {
      if (!state.busy) update({ asking: { deed, id }, told: '', notice: '' });
    },

    /** The open question is answered with no. */
    leave() {
      if (!state.busy) update({ asking: null });
    },

    /** The open question is answered with yes. */
    async act() {
      if (!state.asking || state.busy) return;
      const { deed, id } = state.asking;
      turn += 1;
      update({ busy: true, notice: '' });
      const answer = await send(deed, id);
      // What has gone already is what was wanted.
      const isDone = answer.ok || answer.problem.code === 'session_unknown';
      if (!isDone && !answer.ok) {
        return update({ busy: false, notice: answer.problem.kind, retryIn: answer.problem.retryIn });
      }
      const sessions = deed === 'all' ? [] : state.sessions.filter((session) => session.id !== id);
      update({ busy: false, sessions, asking: null, told: deed });
    },

    /** The page is gone or hidden. */
    close() {
      if (!state.busy) turn += 1;
    },
  };
}

module.exports = { createDevices };
