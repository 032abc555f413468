// The login page: what is heard from the server becomes a state, what the person does a message.

import { call } from './api.js';
import { Attempt, reloadOnce } from './attempt.js';
import { Poll } from './poll.js';
import { logOut, redeem, userOfOtherTab } from './redeem.js';
import { Socket } from './socket.js';
import { View } from './view.js';

const RENEW_BEFORE = 10000;
const SILENT_IN_A_ROW = 5;
const SOCKET_FAILURES = 3;
// A new code may take WeChat a while; a mere look at the state may not.
const ANSWER_LIMIT = 15000;
const LOOK_LIMIT = 5000;
const LOST_AFTER = 1000;
const SHOW_USER = 2000;
const RETRY_IN = 5;
const WITH_PHONE = ['scanned', 'not_registered', 'code_needed'];
const DASHBOARD = '/dashboard';

// The state in which the page shows a message; connection troubles may have covered it.
const SHOWN = {
  ticket: 'pending', scanned: 'scanned', not_registered: 'not_registered',
  code_needed: 'code_needed', login_succeeded: 'signing_in', redeemed: 'signing_in',
  expired: 'expired', cancelled: 'cancelled', failed: 'failed',
};

class Login {
  constructor(view, returnTo) {
    this.view = view;
    this.returnTo = returnTo;
    // How this phone opens the mini program, empty where another phone scans.
    this.device = view.page.dataset.device;
    this.attempt = new Attempt(returnTo);
    this.socket = new Socket(() => this.address(), {
      opened: () => this.opened(),
      message: (message) => this.received(message),
      refused: () => this.refused(),
      lost: () => this.lost(),
      closed: (rule) => this.closed(rule),
    });
    this.poll = new Poll(this.attempt, {
      message: (message, first) => this.received(message, first),
      problem: (problem) => this.problem(problem),
    });
    this.first = true;
    this.started = false;
    this.failures = 0;
    this.silent = 0;
    // Of the strict check, null before its first news.
    this.triesLeft = null;
    this.askedFor = null;
    this.answerBy = null;
    this.retryAt = null;
    this.lostTimer = null;
    this.finished = false;
  }

  start() {
    this.view.onRefresh(() => this.tapped());
    this.view.onNotMe(() => this.notMe());
    this.view.onDigits((code) => this.check(code));
    document.addEventListener('visibilitychange', () => {
      // Somebody is there, so a new row of silent renewals may begin.
      if (!document.hidden) this.silent = 0;
      this.lookedAt();
    });
    window.addEventListener('pageshow', (event) => {
      if (event.persisted && this.finished) location.reload();
    });
    window.addEventListener('online', () => this.lookedAt());
    setInterval(() => this.tick(), 500);
    // A tab opened in the background takes no code that nobody sees.
    if (!document.hidden || this.attempt.id) this.connect();
  }

  // Connecting.

  address() {
    const query = new URLSearchParams({ return_to: this.returnTo });
    if (this.attempt.id) query.set('resume', this.attempt.id);
    return `/ws/login?${query}`;
  }

  connect() {
    this.started = true;
    this.retryAt = null;
    if (this.failures < SOCKET_FAILURES) this.socket.connect();
    else this.poll.start();
  }

  opened() {
    this.poll.stop();
    this.failures = 0;
    this.first = true;
    this.expectAnswer(ANSWER_LIMIT);
  }

  expectAnswer(limit) {
    this.answerBy = performance.now() + limit;
  }

  /** A socket never opened, and a browser does not say why: a plain request tells. */
  refused() {
    this.failures += 1;
    if (!this.poll.isOn) this.poll.start();
    if (this.failures < SOCKET_FAILURES) this.socket.retry();
  }

  lost() {
    this.answerBy = null;
    if (this.finished || this.lostTimer) return;
    // A blip that heals at once need not be seen.
    this.lostTimer = setTimeout(() => this.view.show('offline'), LOST_AFTER);
  }

  found() {
    clearTimeout(this.lostTimer);
    this.lostTimer = null;
    this.answerBy = null;
    this.retryAt = null;
    reloadOnce.clear();
  }

  /** The server closed the socket and it does not come back by itself. */
  closed(rule) {
    this.answerBy = null;
    if (this.finished) return;
    if (rule === 'login') this.reload();
    else if (rule === 'elsewhere') this.view.show('elsewhere');
    else if (rule === 'stop') this.view.show('failed', 'refused');
    else if (!this.attempt.over) this.view.show('expired', 'tap_needed');
  }

  /** A request of the poll failed; it has stopped. */
  problem(problem) {
    if (this.finished) return;
    if (problem.status === 0) {
      // The server is away, which is no fault of the sockets.
      this.failures = 0;
      this.lost();
      if (this.socket.isIdle) this.socket.retry();
    } else if (problem.status === 401) {
      this.socket.stop();
      if (reloadOnce.allowed()) this.reload();
      else this.view.show('failed', 'cookies');
    } else if (problem.code === 'tap_needed') {
      this.tapNeeded();
    } else if (problem.status === 429 || problem.status >= 500) {
      this.socket.stop();
      this.troubled(problem.code, problem.retryIn);
    } else {
      this.socket.stop();
      this.view.show('failed', 'refused');
    }
  }

  // What the server says.

  received(message, first = this.first) {
    if (this.finished) return;
    if (message.type === 'contested') {
      this.view.notice('contested');
    } else if (message.type === 'error') {
      this.answerBy = null;
      if (message.code === 'tap_needed') this.tapNeeded();
      else if (message.code !== 'bad_message') this.troubled(message.code, message.retry_in);
    } else {
      this.found();
      this.first = false;
      const wasLost = this.attempt.reason === 'attempt_lost';
      const again = this.attempt.tells(message) && this.view.state !== SHOWN[message.type];
      if (this.attempt.take(message, first) || again) this.turn(message, wasLost);
    }
  }

  /** A new state. */
  turn(message, wasLost) {
    const { type } = message;
    if (type !== 'code_needed') this.triesLeft = null;
    if (type === 'ticket') {
      this.showCode(message);
      if (wasLost) this.view.notice('lost');
    } else if (type === 'scanned') {
      const how = [message.number && 'number', this.device && 'here'].filter(Boolean).join('_');
      this.view.show('scanned', how || null, { number: message.number });
    } else if (type === 'code_needed') {
      // The same news comes again after a lost connection; only a lost try says that it was wrong.
      const wrong = this.triesLeft !== null && message.tries_left < this.triesLeft;
      this.triesLeft = message.tries_left;
      this.view.show('code_needed', wrong ? 'wrong' : null, { tries: message.tries_left });
    } else if (type === 'login_succeeded') {
      this.redeem(message.attempt);
    } else if (type === 'redeemed') {
      this.takenElsewhere();
    } else if (type === 'not_registered' || this.attempt.over) {
      this.view.show(type, message.reason);
    }
    this.showTime();
    if (['attempt_lost', 'attempt_unknown'].includes(message.reason)) this.replaceLost();
  }

  async showCode({ attempt, version, code_url: url, source }) {
    let how = this.device;
    const link = how === 'link' && await linkOf(attempt);
    if (how === 'link' && !link) how = 'phone';
    const loaded = link || await this.view.code(url);
    if (this.attempt.version !== version || this.attempt.id !== attempt) return;
    if (link) this.view.link(link);
    // A reusable code always asks for a number, so nobody is surprised by it.
    if (loaded) this.view.show('pending', how || (source === 'pool' ? 'pool' : null));
    else this.view.show('failed', 'image');
    this.showTime();
  }

  /** No code, or no news, for a while. A code that is still good stays on the page. */
  troubled(code, retryIn) {
    const good = this.attempt.left !== null && this.attempt.left > 0;
    if (!good) {
      clearTimeout(this.lostTimer);
      this.lostTimer = null;
      this.view.show('unavailable', code);
    }
    this.refreshSoon(retryIn === null ? RETRY_IN : retryIn);
  }

  /** The attempt went without the person's doing, so the page gets the next one by itself. */
  replaceLost() {
    if (this.silent >= SILENT_IN_A_ROW) return;
    this.silent += 1;
    this.refreshSoon(0);
  }

  /** By itself after an error: at a random moment, lest all pages come at once. */
  refreshSoon(seconds) {
    this.askedFor = null;
    this.retryAt = performance.now() + seconds * 1000 + Math.random() * 2000;
  }

  /** The server wants to know that somebody is there; the code shown is good to its end. */
  tapNeeded() {
    this.silent = SILENT_IN_A_ROW;
    if (this.attempt.left === null) this.view.show('expired', 'tap_needed');
  }

  // Time and attention.

  get endsSoon() {
    return this.view.state === 'pending' && this.attempt.left <= RENEW_BEFORE;
  }

  showTime() {
    const { left } = this.attempt;
    const { state } = this.view;
    if (state === 'unavailable') {
      this.view.countdown(this.retryAt && this.retryAt - performance.now(), 'retry');
    } else if (state === 'pending') this.view.countdown(left, 'valid');
    else if (WITH_PHONE.includes(state)) this.view.countdown(left, 'left');
  }

  tick() {
    if (this.finished) return;
    this.showTime();
    const now = performance.now();
    const { left } = this.attempt;
    const { state } = this.view;

    if (this.retryAt !== null && now >= this.retryAt && !document.hidden) {
      this.retryAt = null;
      if (state === 'pending') this.renew();
      else if (this.socket.isOpen) this.refresh(true);
      else this.reconnect();
    } else if (this.endsSoon && this.retryAt === null) this.renew();

    // A connection that says nothing when it must is dead, whatever the browser believes.
    const silentEnd = this.socket.isOpen && left !== null && left < -LOOK_LIMIT;
    if ((this.answerBy !== null && now > this.answerBy) || silentEnd) {
      this.answerBy = null;
      this.attempt.deadline = null;
      this.lost();
      this.connect();
    }
  }

  /** The page is seen again, or the network is back. */
  lookedAt() {
    if (document.hidden || this.finished || this.view.state === 'elsewhere') return;
    if (!this.started) this.connect();
    else if (this.attempt.state === 'expired' || this.endsSoon) this.renew();
    else if (this.attempt.over || this.retryAt !== null) return;
    else if (this.socket.isOpen) {
      // Version 0 is never current, so this only asks for the state: is the line alive?
      this.socket.send({ type: 'refresh', version: 0, silent: true });
      this.expectAnswer(LOOK_LIMIT);
    } else if (!this.socket.isClosing) this.connect();
  }

  /** Silently, once for each version, and only so often without a sign of life. */
  renew() {
    const { id, version } = this.attempt;
    const asked = `${id}/${version}`;
    if (document.hidden || this.askedFor === asked || this.silent >= SILENT_IN_A_ROW) return;
    this.askedFor = asked;
    this.silent += 1;
    this.refresh(true);
  }

  tapped() {
    this.silent = 0;
    this.askedFor = null;
    const { state } = this.view;
    const { reason } = document.documentElement.dataset;
    if (state === 'offline') this.connect();
    else if (state === 'failed' && ['cookies', 'refused'].includes(reason)) this.reload();
    else this.refresh(false);
  }

  refresh(silent) {
    this.retryAt = null;
    if (this.socket.isOpen) {
      this.socket.send({ type: 'refresh', version: this.attempt.version, silent });
      this.expectAnswer(ANSWER_LIMIT);
    } else if (this.poll.isOn) this.poll.refresh(silent);
    else this.reconnect();
  }

  /** Connects for what still goes on, or else for a new attempt. */
  reconnect() {
    if (this.attempt.over) this.attempt.forget();
    this.connect();
  }

  check(code) {
    if (this.socket.isOpen) this.socket.send({ type: 'check_code', code });
    else this.poll.check(code);
  }

  // The end.

  async redeem(attempt) {
    if (this.redeeming) return;
    this.redeeming = true;
    this.view.show('signing_in');
    try {
      this.done(await redeem(attempt));
    } catch {
      this.view.show('failed', 'redeem');
    } finally {
      this.redeeming = false;
    }
  }

  /** Another tab of this browser was first: this one is logged in as well. */
  async takenElsewhere() {
    if (this.redeeming) return;
    this.redeeming = true;
    this.view.show('signing_in');
    const user = await userOfOtherTab();
    this.redeeming = false;
    if (user) this.done({ user, return_to: null });
    else this.view.show('failed', 'redeem');
  }

  done({ user, return_to: returnTo }) {
    this.finished = true;
    clearTimeout(this.lostTimer);
    this.socket.stop();
    this.poll.stop();
    this.attempt.forget();
    // Both were checked by the server: its answer, or what it wrote into this page.
    const next = new URL(returnTo || this.returnTo, location.href);
    this.view.show('done', null, { name: this.view.user(user) });
    // The dashboard itself shows who is logged in.
    const isDashboard = next.origin === location.origin && next.pathname === DASHBOARD;
    const leave = () => location.assign(next.href);
    if (isDashboard) leave();
    else this.leaving = setTimeout(leave, SHOW_USER);
  }

  async notMe() {
    clearTimeout(this.leaving);
    try {
      await logOut();
      this.reload();
    } catch {
      this.view.notice('log_out_failed');
    }
  }

  reload() {
    location.replace(`/login?${new URLSearchParams({ return_to: this.returnTo })}`);
  }
}

/** What opens the mini program on this phone, or null: then the code itself has to do. */
async function linkOf(attempt) {
  try {
    return (await call('POST', `/api/login/attempts/${attempt}/link`, { limit: LOOK_LIMIT })).url;
  } catch {
    return null;
  }
}

const page = document.getElementById('login');
const view = new View(page);
if (location.origin === new URL(page.dataset.publicUrl).origin) {
  new Login(view, page.dataset.returnTo).start();
} else {
  view.show('wrong_address');
}
