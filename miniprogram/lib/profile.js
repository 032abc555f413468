/**
 * The user's own account: register, name and picture, sign out, delete. Name and picture are
 * asked for nowhere else but in the form that somebody fills in by himself.
 *
 * @typedef {import('./api').Api} Api
 * @typedef {import('./api').User} User
 * @typedef {import('./problem').Problem} Problem
 *
 * @typedef {object} ProfileState
 * @property {'closed' | 'loading' | 'newcomer' | 'account' | 'signed_out' | 'deleted' | 'problem'} screen
 * @property {User | null} user
 * @property {string} picture the chosen picture's path while it is not yet on the server
 * @property {boolean} asksDelete whether the question about deleting is open
 * @property {string} told what has just been done, '' if nothing
 * @property {string} notice a kind of problem, '' if none
 * @property {number} retryIn seconds, 0 if not known
 * @property {boolean} busy
 */

/** @typedef {ReturnType<typeof createProfile>} Profile */

const LARGEST_PICTURE = 256 * 1024;

/** @type {ProfileState} */
const CLOSED = {
  screen: 'closed',
  user: null,
  picture: '',
  asksDelete: false,
  told: '',
  notice: '',
  retryIn: 0,
  busy: false,
};

/** Why the server, or a proxy before it, did not take a picture. @type {Record<number, string>} */
const WHY_REFUSED = {
  413: 'avatar_too_large',
  415: 'avatar_refused',
  422: 'avatar_broken',
  429: 'avatar_later',
};

/** @type {Pick<ProfileState, 'notice' | 'retryIn'>} */
const SENT = { notice: '', retryIn: 0 };

/**
 * @param {object} setup
 * @param {Api} setup.api
 * @param {(path: string, most: number) => Promise<ArrayBuffer | null>} setup.readPicture
 * @param {(state: ProfileState) => void} setup.onChange
 */
function createProfile({ api, readPicture, onChange }) {
  let state = CLOSED;

  /** @param {Partial<ProfileState>} change */
  function update(change) {
    state = Object.assign({}, state, change);
    onChange(state);
  }

  /** @param {User | null} user */
  function show(user) {
    update({ screen: user ? 'account' : 'newcomer', user, busy: false });
  }

  /** @param {Problem} problem */
  function tell({ kind, retryIn }) {
    update({ busy: false, notice: kind, retryIn });
  }

  /** @returns {boolean} whether there is nothing else under way */
  function begin() {
    if (state.busy) return false;
    update({ busy: true, notice: '', told: '' });
    return true;
  }

  /**
   * @param {string} path
   * @returns {Promise<typeof SENT>} the problem, none when the picture is on the server
   */
  async function sendPicture(path) {
    const picture = await readPicture(path, LARGEST_PICTURE);
    if (!picture) return { notice: 'avatar_unreadable', retryIn: 0 };
    if (picture.byteLength > LARGEST_PICTURE) return { notice: 'avatar_too_large', retryIn: 0 };
    const answer = await api.sendAvatar(picture);
    if (!answer.ok) {
      const { status, kind, retryIn } = answer.problem;
      return { notice: WHY_REFUSED[status] || kind, retryIn };
    }
    update({ user: answer.body, picture: '' });
    return SENT;
  }

  return {
    async open() {
      if (state.busy) return;
      update({ screen: 'loading', busy: true, notice: '', told: '' });
      const answer = await api.signIn();
      if (answer.ok) return show(answer.body.user);
      const { kind, retryIn } = answer.problem;
      update({ screen: 'problem', busy: false, notice: kind, retryIn });
    },

    /** Shows the account if that needs no new login: a first visit is asked for nothing. */
    async openIfSignedIn() {
      if (await api.isSignedIn()) await this.open();
      else if (state.screen !== 'deleted') update({ screen: 'signed_out' });
    },

    /** @param {string} path of a temporary file that the user has just chosen */
    async choosePicture(path) {
      if (state.screen === 'newcomer') return update({ picture: path, notice: '', told: '' });
      if (!begin()) return;
      update({ picture: path });
      const { notice, retryIn } = await sendPicture(path);
      update({ busy: false, notice, retryIn, picture: '', told: notice ? '' : 'avatar_saved' });
    },

    /**
     * WeChat gave no picture.
     *
     * @param {'' | 'privacy_undeclared' | 'privacy_refused' | 'avatar_unreadable'} why '' when the
     *   user only changed his mind
     */
    pictureFailed(why) {
      update({ notice: why, told: '' });
    },

    /** @param {string} nickname may be empty for a newcomer */
    async save(nickname) {
      const name = nickname.trim();
      if (state.screen === 'newcomer') return this.register(name);
      if (!name) return update({ notice: 'nickname_missing', told: '' });
      if (!begin()) return;
      const answer = await api.rename(name);
      if (!answer.ok) return tell(answer.problem);
      update({ busy: false, user: answer.body, told: 'saved' });
    },

    /** @param {string} name */
    async register(name) {
      if (!begin()) return;
      const answer = await api.register(name);
      if (!answer.ok && answer.problem.code !== 'already_registered') return tell(answer.problem);
      if (!answer.ok) {
        // By another phone, or by a login in between.
        const known = await api.signIn(true);
        return known.ok ? show(known.body.user) : tell(known.problem);
      }
      update({ screen: 'account', user: answer.body });
      // The account is there, whatever becomes of its picture.
      const { notice, retryIn } = state.picture ? await sendPicture(state.picture) : SENT;
      update({ busy: false, told: 'registered', notice, retryIn, picture: '' });
    },

    async signOut() {
      if (!begin()) return;
      const answer = await api.signOut();
      if (!answer.ok) return tell(answer.problem);
      update(Object.assign({}, CLOSED, { screen: 'signed_out' }));
    },

    askDelete() {
      if (!state.busy) update({ asksDelete: true, notice: '', told: '' });
    },

    leave() {
      if (!state.busy) update({ asksDelete: false });
    },

    async deleteAccount() {
      if (!state.asksDelete || !begin()) return;
      const answer = await api.deleteAccount();
      if (!answer.ok) return tell(answer.problem);
      update(Object.assign({}, CLOSED, { screen: 'deleted' }));
    },
  };
}

module.exports = { createProfile };
