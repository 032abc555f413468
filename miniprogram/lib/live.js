/**
 * The phone's socket (`/ws/phone`): news of an attempt as they happen, and the chat. It comes
 * back by itself after a break, but says nothing that could not be asked for by HTTP: whoever
 * uses it goes on without it.
 *
 * @typedef {import('./api').Api} Api
 * @typedef {import('./api').Platform} Platform
 *
 * @typedef {'closed' | 'connecting' | 'open' | 'lost' | 'elsewhere' | 'slow_down' | 'stopped'} Status
 *   `lost` comes back by itself; the last three wait for a tap
 *
 * @typedef {ReturnType<typeof createLive>} Live
 */

const { isPassing } = require('./problem');

const SHORTEST_PAUSE = 500;
const LONGEST_PAUSE = 15000;
/** The spread in which all phones of a server that goes away come back. */
const GOING_AWAY = 5000;
/** A socket that lived as long was a good one. */
const GOOD_LIFE = 10000;

/** Close codes that mean the same when tried again. @type {Record<number, Status>} */
const STOPS = {
  1000: 'stopped',
  1002: 'stopped',
  1003: 'stopped',
  1007: 'stopped',
  1009: 'stopped',
  1008: 'slow_down',
  4001: 'elsewhere', // a newer socket of this phone
  4002: 'stopped',
};
const SESSION_ENDED = 4009;
const SERVER_LEAVES = 4012;

/**
 * @param {object} setup
 * @param {Api} setup.api
 * @param {Platform} setup.platform
 * @param {(message: any) => void} setup.onMessage an object with a `type`
 * @param {(status: Status) => void} [setup.onStatus]
 */
function createLive({ api, platform, onMessage, onStatus }) {
  /** @type {import('./api').Socket | null} */
  let socket = null;
  /** @type {Status} */
  let status = 'closed';
  let failures = 0;
  let tokenIsBad = false;
  // What was started before the newest turn must not speak any more.
  let turn = 0;

  /** @param {Status} now */
  function become(now) {
    if (status === now) return;
    status = now;
    if (onStatus) onStatus(now);
  }

  async function connect() {
    turn += 1;
    const mine = turn;
    const signedIn = await api.signIn(tokenIsBad);
    if (mine !== turn) return;
    if (!signedIn.ok) {
      if (isPassing(signedIn.problem.kind)) return comeBack(signedIn.problem.retryIn * 1000);
      return become('stopped');
    }
    tokenIsBad = false;
    let openedAt = 0;
    socket = platform.connect(api.socketUrl, {
      opened() {
        if (mine !== turn || !socket) return;
        openedAt = platform.now();
        socket.send(JSON.stringify({ type: 'auth', token: signedIn.body.token }));
        become('open');
      },
      heard(text) {
        const message = mine === turn ? parse(text) : null;
        if (message) onMessage(message);
      },
      closed(code) {
        if (mine !== turn) return;
        socket = null;
        const wasGood = openedAt > 0 && platform.now() - openedAt >= GOOD_LIFE;
        if (wasGood) failures = 0;
        ended(code);
      },
    });
  }

  /** @param {number} code */
  function ended(code) {
    const stop = STOPS[code];
    if (stop) {
      turn += 1;
      return become(stop);
    }
    tokenIsBad = code === SESSION_ENDED;
    comeBack(code === SERVER_LEAVES ? Math.random() * GOING_AWAY : 0);
  }

  /** @param {number} atLeast milliseconds */
  async function comeBack(atLeast) {
    turn += 1;
    const mine = turn;
    become('lost');
    const most = Math.min(LONGEST_PAUSE, SHORTEST_PAUSE * Math.pow(2, failures + 1));
    failures += 1;
    await platform.delay(Math.max(atLeast, SHORTEST_PAUSE + Math.random() * (most - SHORTEST_PAUSE)));
    if (mine === turn) connect();
  }

  return {
    /** Opens it, unless it is open or on its way. A tap opens what has stopped. */
    open() {
      if (status === 'open' || status === 'connecting' || status === 'lost') return;
      failures = 0;
      become('connecting');
      connect();
    },

    close() {
      turn += 1;
      if (socket) socket.close();
      socket = null;
      become('closed');
    },

    /**
     * @param {object} message
     * @returns {boolean} false when there is no way to send it now
     */
    send(message) {
      if (status !== 'open' || !socket) return false;
      socket.send(JSON.stringify(message));
      return true;
    },
  };
}

/** @param {string} text */
function parse(text) {
  try {
    const message = JSON.parse(text);
    return message && typeof message === 'object' ? message : null;
  } catch (_) {
    return null;
  }
}

module.exports = { createLive };
