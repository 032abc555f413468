/**
 * One login as the phone sees it, from the scan to the end. It knows neither WXML nor `wx`: the
 * mini program's page and any other page draw its state (through `view.js`) and pass on what
 * the user does.
 *
 * @typedef {import('./api').Api} Api
 * @typedef {import('./api').Scan} Scan
 * @typedef {import('./api').AttemptState} AttemptState
 * @typedef {import('./problem').Problem} Problem
 * @typedef {import('./scene').Target} Target
 *
 * @typedef {object} LoginState
 * @property {string} screen 'loading', 'confirm', 'not_registered', 'waiting', or the name of an
 *   end or of a problem
 * @property {boolean} busy whether something that the user asked for is under way
 * @property {string} notice a problem to tell beside what the screen shows, '' if none
 * @property {number} retryIn seconds after which another try makes sense, 0 if not known
 * @property {number} triesLeft for the notice that the number was wrong
 * @property {Scan | null} scan what the user is asked to confirm
 * @property {string} number what the user typed so far
 * @property {string} checkCode six digits to type into the computer, '' if none
 * @property {string} reference what to tell the website's owner, who may then let the user in,
 *   '' if none
 * @property {number} entryScene WeChat's number of the way in
 * @property {string} session of the browser that has just been let in, '' while there is none
 * @property {boolean} registeredNow whether this login made the account
 */

const { isPassing } = require('./problem');
const { endOf, isSameRequest } = require('./outcome');
const { follow } = require('./follow');

/** @typedef {ReturnType<typeof createLogin>} Login */

/** @type {LoginState} */
const BEGINNING = {
  screen: 'loading',
  busy: false,
  notice: '',
  retryIn: 0,
  triesLeft: 0,
  scan: null,
  number: '',
  checkCode: '',
  reference: '',
  entryScene: 0,
  session: '',
  registeredNow: false,
};

/** WeChat's number for a code before the camera. */
const CAMERA = 1047;

/** Screens on which the user can still do something about the attempt. */
const OPEN = ['confirm', 'not_registered', 'waiting'];

/**
 * @param {object} setup
 * @param {Api} setup.api
 * @param {import('./api').Platform} setup.platform
 * @param {(onMessage: (message: any) => void) => import('./live').Live} [setup.live] news as they
 *   happen; without it they come when they are asked for
 * @param {(state: LoginState) => void} setup.onChange
 */
function createLogin({ api, platform, live: makeLive, onChange }) {
  let state = BEGINNING;
  const live = makeLive ? makeLive(hear) : null;
  let isSeen = true;
  /** @type {Target} */
  let target = { scene: '', malformed: false, entryScene: 0 };
  let deadline = 0;
  // Whatever was started before the newest turn must not speak any more.
  let turn = 0;

  /** @param {Partial<LoginState>} change */
  function update(change) {
    state = Object.assign({}, state, change);
    if (live) {
      if (isSeen && state.scan && OPEN.indexOf(state.screen) >= 0) live.open();
      else live.close();
    }
    onChange(state);
  }

  /**
   * What the socket says only makes the page livelier: the state itself is asked for by HTTP.
   *
   * @param {any} message
   */
  function hear(message) {
    if (!state.scan || message.attempt !== state.scan.attempt || state.busy) return;
    if (message.type === 'browser') {
      // On one phone, the browser is always away while WeChat is in front.
      if (target.entryScene !== CAMERA) return;
      const isTold = state.notice === 'browser_gone';
      if (message.present === false && !state.notice) update({ notice: 'browser_gone' });
      else if (message.present && isTold) update({ notice: '' });
    }
    // While it waits, a poll asks already.
    if (message.type === 'attempt' && endOf(message) && state.screen !== 'waiting') refresh();
  }

  /**
   * @param {string} screen
   * @param {string} [reference]
   */
  function end(screen, reference) {
    turn += 1;
    const over = { screen, busy: false, notice: '', retryIn: 0, checkCode: '' };
    update(Object.assign(over, { reference: reference || '' }));
  }

  /** @param {AttemptState} attempt one that is over */
  function endBy(attempt) {
    end(endOf(attempt), attempt.reference);
    if (attempt.session) update({ session: attempt.session });
  }

  /** @param {Problem} problem */
  function endWith(problem) {
    end(problem.kind);
    if (problem.retryIn) update({ retryIn: problem.retryIn });
  }

  /**
   * @param {Scan} scan
   * @param {string} [notice]
   */
  function ask(scan, notice) {
    deadline = platform.now() + scan.expires_in * 1000;
    update({ screen: 'confirm', busy: false, scan, number: '', notice: notice || '' });
    watchDeadline();
  }

  /** The server ends an attempt; this only asks it in time, so that the page does not lie. */
  async function watchDeadline() {
    const mine = turn;
    await platform.delay(Math.max(0, deadline - platform.now()) + 1000);
    if (mine === turn) refresh();
  }

  /** @param {Target} scanned */
  async function open(scanned) {
    turn += 1;
    const mine = turn;
    target = scanned;
    isSeen = true;
    state = Object.assign({}, BEGINNING, { entryScene: scanned.entryScene });
    if (!target.scene) return end(target.malformed ? 'code_unknown' : 'no_code');
    update({ busy: true });
    const answer = await api.scan(target.scene, target.entryScene);
    if (mine !== turn) return;
    if (answer.ok) ask(answer.body);
    else endWith(answer.problem);
  }

  /** Asks for the attempt's state; what the server says goes before what the page shows. */
  async function refresh() {
    const { scan } = state;
    if (!scan) return;
    turn += 1;
    const mine = turn;
    const answer = await api.attempt(scan.attempt);
    if (mine !== turn) return;
    if (!answer.ok) {
      const mayGoOn = isPassing(answer.problem.kind) && state.screen !== 'loading';
      if (!mayGoOn || platform.now() >= deadline) return endWith(answer.problem);
      update({ notice: answer.problem.kind });
      return watchDeadline();
    }
    if (endOf(answer.body)) return endBy(answer.body);
    if (answer.body.state === 'approved' || answer.body.state === 'confirmed') return wait(answer.body);
    deadline = platform.now() + answer.body.expires_in * 1000;
    const screen = state.screen === 'loading' ? 'confirm' : state.screen;
    update({ screen, busy: false, notice: '' });
    watchDeadline();
  }

  /** @param {{ check_code?: string | null }} from */
  async function wait(from) {
    turn += 1;
    const mine = turn;
    const scan = /** @type {Scan} */ (state.scan);
    update({ screen: 'waiting', busy: false, notice: '', checkCode: from.check_code || '' });
    const problem = await follow({
      api,
      platform,
      attempt: scan.attempt,
      isWanted: () => mine === turn,
      onState(attempt) {
        if (endOf(attempt)) endBy(attempt);
        else update({ notice: withoutTrouble(), checkCode: attempt.check_code || '' });
      },
      onTrouble: () => update({ notice: 'reconnecting' }),
    });
    if (problem && mine === turn) endWith(problem);
  }

  /**
   * Sends with the nonce in hand. Another page of this phone may have scanned since: then it
   * scans once more, and repeats only what the user has seen.
   *
   * @template T
   * @param {(nonce: string) => Promise<import('./api').Answer<T>>} send
   * @returns {Promise<import('./api').Answer<T> | null>} null when the user has to look again
   */
  async function withNonce(send) {
    const mine = turn;
    const before = /** @type {Scan} */ (state.scan);
    const answer = await send(before.nonce);
    if (answer.ok || answer.problem.code !== 'nonce_invalid' || mine !== turn) return answer;
    const again = await api.scan(target.scene, target.entryScene);
    if (!again.ok || mine !== turn) return /** @type {any} */ (again);
    if (!isSameRequest(before, again.body)) {
      ask(again.body, 'changed');
      return null;
    }
    update({ scan: again.body });
    return send(again.body.nonce);
  }

  async function sendConfirm() {
    turn += 1;
    const mine = turn;
    update({ busy: true, notice: '' });
    const number = state.number;
    const answer = await withNonce((nonce) => api.confirm(nonce, number));
    if (mine !== turn || !answer) return;
    if (!answer.ok) return fail(answer.problem);
    if (answer.body.result !== 'not_registered') return wait(answer.body);
    // Only somebody who may not register is given a reference.
    if (answer.body.reference) return end('registration_closed', answer.body.reference);
    update({ screen: 'not_registered', busy: false });
  }

  /**
   * The user's wish failed. What passes is told beside the buttons, which stay; an attempt that
   * is over names its reason when asked.
   *
   * @param {Problem} problem
   * @param {string} [tooLate] the end to show when the browser was faster
   */
  async function fail(problem, tooLate) {
    const mine = turn;
    if (problem.code === 'number_wrong') {
      if (problem.triesLeft < 1) return end('number_failed');
      update({ busy: false, notice: 'number_wrong', triesLeft: problem.triesLeft, number: '' });
      return watchDeadline();
    }
    if (isPassing(problem.kind)) {
      update({ busy: false, notice: problem.kind, retryIn: problem.retryIn });
      return state.screen === 'waiting' ? keepWaiting() : watchDeadline();
    }
    if (problem.code === 'already_redeemed' && tooLate) return end(tooLate);
    if (problem.status === 410 && state.scan) {
      const answer = await api.attempt(state.scan.attempt);
      if (mine !== turn) return;
      if (answer.ok && endOf(answer.body)) return endBy(answer.body);
    }
    endWith(problem);
  }

  /** What else was told, such as a refusal that failed, stays. */
  function withoutTrouble() {
    return state.notice === 'reconnecting' ? '' : state.notice;
  }

  function keepWaiting() {
    const { notice } = state;
    wait({ check_code: state.checkCode });
    update({ notice });
  }

  async function retry() {
    if (!isPassing(state.screen)) return;
    if (!state.scan) return open(target);
    update({ screen: 'loading', busy: true, notice: '', retryIn: 0 });
    await refresh();
  }

  return {
    open,

    /** @param {string} number what stands in the field for the two digits */
    type(number) {
      state = Object.assign({}, state, { number });
    },

    async confirm() {
      if (state.screen !== 'confirm' || state.busy || !state.scan) return;
      if (state.scan.check === 'number' && !/^\d\d$/.test(state.number)) {
        return update({ notice: 'number_needed' });
      }
      await sendConfirm();
    },

    async refuse() {
      if (OPEN.indexOf(state.screen) < 0 || state.busy) return;
      turn += 1;
      const mine = turn;
      update({ busy: true, notice: '' });
      const answer = await withNonce((nonce) => api.cancel(nonce));
      if (mine !== turn || !answer) return;
      if (answer.ok) end('refused');
      else await fail(answer.problem, 'too_late');
    },

    /** @param {string} nickname may be empty */
    async register(nickname) {
      if (state.screen !== 'not_registered' || state.busy) return;
      turn += 1;
      const mine = turn;
      update({ busy: true, notice: '' });
      const answer = await api.register(nickname.trim());
      if (mine !== turn) return;
      if (!answer.ok && answer.problem.code !== 'already_registered') {
        if (answer.problem.status !== 422) return fail(answer.problem);
        update({ busy: false, notice: 'nickname_refused' });
        return watchDeadline();
      }
      update({ screen: 'confirm', registeredNow: answer.ok });
      await sendConfirm();
    },

    /** The user asks for another try after a problem that may have passed. */
    retry,

    /** The page is visible again, perhaps after minutes in which nothing of it ran. */
    async resume() {
      isSeen = true;
      if (state.busy) return;
      if (state.screen === 'waiting') keepWaiting();
      else if (OPEN.indexOf(state.screen) >= 0) await refresh();
      else await retry();
    },

    /** The page is hidden: nothing more is asked of the server until it is visible again. */
    pause() {
      isSeen = false;
      if (live) live.close();
      if (!state.busy) turn += 1;
    },

    /** The page is gone. */
    close() {
      turn += 1;
      isSeen = false;
      if (live) live.close();
    },
  };
}

module.exports = { createLogin };
