/**
 * The server's phone API. Every call resolves to an answer or a problem and never throws, and
 * each has a time limit. The phone's token is fetched when first needed, kept, and renewed once
 * when the server no longer knows it.
 *
 * @typedef {import('./problem').Problem} Problem
 *
 * @typedef {object} Scan the server's answer to a scan
 * @property {string} attempt
 * @property {string} nonce
 * @property {{ name: string, host: string }} site
 * @property {{ name: string, os: string, ip: string, place: string | null }} browser
 * @property {string} requested_at
 * @property {number} expires_in
 * @property {boolean} registered
 * @property {'none' | 'number' | 'code'} check
 * @property {string[]} warnings
 *
 * @typedef {object} User
 * @property {string} id
 * @property {string | null} nickname
 * @property {string | null} avatar_url
 *
 * @typedef {object} Session a browser that is logged in
 * @property {string} id
 * @property {string} browser
 * @property {string} os
 * @property {string} ip
 * @property {string | null} place
 * @property {string} created_at
 * @property {string} last_seen_at
 * @property {boolean} new whether no phone has listed it before
 *
 * @typedef {object} AttemptState
 * @property {string} attempt
 * @property {number} version
 * @property {string} state
 * @property {string | null} reason
 * @property {number} expires_in
 * @property {string | null} [check_code]
 * @property {string | null} [session] once it is redeemed
 * @property {string} [reference] once it failed because registration is closed
 *
 * @typedef {{ result: 'login_succeeded' | 'not_registered' | 'code_needed', check_code?: string,
 *   reference?: string }} Confirmed
 *
 * @typedef {object} TransportRequest
 * @property {'GET' | 'POST' | 'PUT' | 'DELETE'} method
 * @property {string} url
 * @property {Record<string, string>} headers
 * @property {object | ArrayBuffer} [data] an object is sent as JSON
 * @property {number} timeout milliseconds
 *
 * @typedef {{ ok: true, status: number, data: any }
 *   | { ok: false, reason: 'network' | 'timeout' | 'interrupted' | 'too_many' | 'address_refused' }} TransportAnswer
 *
 * @typedef {object} SocketHandlers each is called from outside; `closed` exactly once
 * @property {() => void} opened
 * @property {(text: string) => void} heard
 * @property {(code: number) => void} closed 1006 when the socket broke or never opened
 *
 * @typedef {{ send: (text: string) => void, close: () => void }} Socket
 *
 * @typedef {object} Platform all that the logic needs from the world around it
 * @property {(request: TransportRequest) => Promise<TransportAnswer>} request any HTTP status is ok
 * @property {(url: string, handlers: SocketHandlers) => Socket} connect opens a web socket
 * @property {() => Promise<string>} login a fresh code of wx.login, '' if WeChat gave none
 * @property {(key: string) => Promise<any>} load what was saved, undefined if nothing
 * @property {(key: string, value: any) => Promise<void>} save
 * @property {(key: string) => Promise<void>} forget
 * @property {(milliseconds: number) => Promise<void>} delay
 * @property {() => number} now milliseconds
 */

const { problemOfAnswer, localProblem } = require('./problem');

/**
 * @template T
 * @typedef {{ ok: true, status: number, body: T } | { ok: false, problem: Problem }} Answer
 */

/** @typedef {ReturnType<typeof createApi>} Api */

const TOKEN_KEY = 'saoma_phone_session';
const CALL_TIMEOUT = 10000;
const AVATAR_TIMEOUT = 30000;
const POLL_SECONDS = 25;
const POLL_TIMEOUT = (POLL_SECONDS + 10) * 1000;

/**
 * @param {Platform} platform
 * @param {string} server the server's address
 * @param {string} language as WeChat names it, such as zh_CN: the server writes places in it
 */
function createApi(platform, server, language) {
  const base = server.replace(/\/+$/, '');
  let token = '';
  /** @type {User | null | undefined} undefined while it is not known */
  let user;
  /** @type {Promise<Problem | null> | null} */
  let signingIn = null;

  /**
   * @param {TransportRequest['method']} method
   * @param {string} path
   * @param {object | ArrayBuffer} [data]
   * @param {number} [timeout]
   * @returns {Promise<Answer<any>>}
   */
  async function call(method, path, data, timeout = CALL_TIMEOUT) {
    let problem = await signIn(false);
    if (problem) return { ok: false, problem };
    const used = token;
    const answer = await send(method, path, data, timeout);
    if (answer.ok || answer.problem.code !== 'phone_session_invalid') return answer;
    // Another call may have renewed it meanwhile.
    problem = await signIn(token === used);
    return problem ? { ok: false, problem } : send(method, path, data, timeout);
  }

  /**
   * @param {TransportRequest['method']} method
   * @param {string} path
   * @param {object | ArrayBuffer | undefined} data
   * @param {number} timeout
   * @returns {Promise<Answer<any>>}
   */
  async function send(method, path, data, timeout) {
    /** @type {Record<string, string>} */
    const headers = { 'content-type': typeOf(data), 'accept-language': language.replace('_', '-') };
    if (token) headers.authorization = `Bearer ${token}`;
    const request = { method, url: base + path, headers, data, timeout };
    let answer = await platform.request(request);
    if (!answer.ok && answer.reason === 'interrupted') {
      // WeChat drops what is under way when the user leaves for a while. Every call of this API
      // may be repeated, so the user need not hear of it.
      answer = await platform.request(request);
    }
    if (!answer.ok && answer.reason === 'too_many') {
      // Ten are under way already; one of them ends soon.
      await platform.delay(1000);
      answer = await platform.request(request);
    }
    if (!answer.ok) return { ok: false, problem: problemOfTransport(answer.reason) };
    const { status, data: body } = answer;
    if (status === 204) return { ok: true, status, body: null };
    if (status >= 200 && status < 300 && body && typeof body === 'object') {
      return { ok: true, status, body };
    }
    return { ok: false, problem: problemOfAnswer(status, body) };
  }

  /**
   * Several calls may find the token missing at once; they share one wx.login.
   *
   * @param {boolean} renew whether the token in hand is known to be bad
   */
  function signIn(renew) {
    if (!renew && token) return Promise.resolve(null);
    if (!signingIn) {
      signingIn = fetchToken(renew).then((problem) => {
        signingIn = null;
        return problem;
      });
    }
    return signingIn;
  }

  /**
   * @param {boolean} renew
   * @returns {Promise<Problem | null>}
   */
  async function fetchToken(renew) {
    token = '';
    if (renew) {
      await platform.forget(TOKEN_KEY);
    } else {
      const kept = await readKept();
      if (kept && typeof kept.token === 'string') {
        token = kept.token;
        user = kept.user;
        return null;
      }
    }
    let answer = await exchangeCode();
    if (!answer.ok && /^wechat_code_/.test(answer.problem.code)) answer = await exchangeCode();
    if (!answer.ok) return answer.problem;
    if (typeof answer.body.token !== 'string') return localProblem('server_down');
    token = answer.body.token;
    user = answer.body.user || null;
    await keep();
    return null;
  }

  /** What an earlier run has kept; a token goes only to the server that gave it. */
  async function readKept() {
    const kept = await platform.load(TOKEN_KEY);
    return kept && kept.server === base ? kept : null;
  }

  function keep() {
    return platform.save(TOKEN_KEY, { server: base, token, user });
  }

  /**
   * @param {Promise<Answer<User>>} asked a call that answers with the user as he is now
   * @returns {Promise<Answer<User>>}
   */
  async function keepingUser(asked) {
    const answer = await asked;
    if (answer.ok) {
      user = answer.body;
      await keep();
    }
    return answer;
  }

  /** Nobody is signed in here any more, and nobody is until somebody asks for it. */
  function forgetMe() {
    token = '';
    user = undefined;
    return platform.save(TOKEN_KEY, { server: base, signedOut: true });
  }

  /** @returns {Promise<Answer<any>>} */
  async function exchangeCode() {
    const code = await platform.login();
    if (!code) return { ok: false, problem: localProblem('wechat_busy') };
    return send('POST', '/api/phone/session', { code }, CALL_TIMEOUT);
  }

  return {
    /**
     * @param {string} scene
     * @param {number} entryScene
     * @returns {Promise<Answer<Scan>>}
     */
    scan(scene, entryScene) {
      return call('POST', '/api/phone/scan', { scene, entry_scene: entryScene });
    },

    /**
     * @param {string} nonce
     * @param {string} [number] the two digits, only when they were asked for
     * @returns {Promise<Answer<Confirmed>>}
     */
    confirm(nonce, number) {
      return call('POST', '/api/phone/confirm', number ? { nonce, number } : { nonce });
    },

    /**
     * @param {string} nonce
     * @returns {Promise<Answer<null>>}
     */
    cancel(nonce) {
      return call('POST', '/api/phone/cancel', { nonce });
    },

    /**
     * @param {string} nickname may be empty
     * @returns {Promise<Answer<User>>}
     */
    register(nickname) {
      return keepingUser(call('POST', '/api/phone/register', nickname ? { nickname } : {}));
    },

    /**
     * @param {string} nickname
     * @returns {Promise<Answer<User>>}
     */
    rename(nickname) {
      return keepingUser(call('PUT', '/api/phone/me', { nickname }));
    },

    /**
     * @param {ArrayBuffer} picture JPEG or PNG, at most 256 KiB
     * @returns {Promise<Answer<User>>}
     */
    sendAvatar(picture) {
      return keepingUser(call('PUT', '/api/phone/avatar', picture, AVATAR_TIMEOUT));
    },

    /** @returns {Promise<Answer<{ sessions: Session[] }>>} */
    sessions() {
      return call('GET', '/api/phone/sessions');
    },

    /**
     * @param {string} id one session's, '' for all of them
     * @returns {Promise<Answer<null>>}
     */
    endSession(id) {
      return call('DELETE', id ? sessionPath(id) : '/api/phone/sessions');
    },

    /**
     * 'This was not me': ends the session, and the server keeps a note of it.
     *
     * @param {string} id
     * @returns {Promise<Answer<null>>}
     */
    reportSession(id) {
      return call('POST', `${sessionPath(id)}/report`, {});
    },

    /** Whether an earlier visit has signed in here: then this one may without being asked. */
    async isSignedIn() {
      if (token) return true;
      const kept = await readKept();
      return Boolean(kept && kept.token);
    },

    /**
     * Signs in, unless that has been done.
     *
     * @param {boolean} [renew] whether the token in hand is known to be bad
     * @returns {Promise<Answer<{ token: string, user: User | null }>>}
     */
    async signIn(renew = false) {
      const problem = await signIn(renew);
      if (problem) return { ok: false, problem };
      if (user === undefined) return this.signIn(true);
      return { ok: true, status: 200, body: { token, user } };
    },

    /** @returns {Promise<Answer<null>>} */
    async signOut() {
      const answer = await call('DELETE', '/api/phone/session');
      if (answer.ok) await forgetMe();
      return answer;
    },

    /** @returns {Promise<Answer<null>>} */
    async deleteAccount() {
      const answer = await call('DELETE', '/api/phone/account');
      if (answer.ok) await forgetMe();
      return answer;
    },

    /** Where the phone's socket is. */
    socketUrl: `${base.replace(/^http/, 'ws')}/ws/phone`,

    /** @param {string} path such as an avatar's, which the server may give without its address */
    absolute: (path) => (path.charAt(0) === '/' ? base + path : path),

    /**
     * The attempt's state at once, or with `afterVersion` as soon as it is another one: status
     * 204 when nothing changed for 25 seconds.
     *
     * @param {string} attempt
     * @param {number} [afterVersion]
     * @returns {Promise<Answer<AttemptState>>}
     */
    attempt(attempt, afterVersion) {
      const path = `/api/phone/attempts/${encodeURIComponent(attempt)}`;
      if (afterVersion === undefined) return call('GET', path);
      const query = `?after_version=${afterVersion}&wait=${POLL_SECONDS}`;
      return call('GET', path + query, undefined, POLL_TIMEOUT);
    },
  };
}

/** @param {string} id */
function sessionPath(id) {
  return `/api/phone/sessions/${encodeURIComponent(id)}`;
}

/** @param {object | ArrayBuffer | undefined} data */
function typeOf(data) {
  if (!(data instanceof ArrayBuffer)) return 'application/json';
  return new Uint8Array(data)[0] === 0x89 ? 'image/png' : 'image/jpeg';
}

/**
 * @param {'network' | 'timeout' | 'interrupted' | 'too_many' | 'address_refused'} reason
 * @returns {Problem}
 */
function problemOfTransport(reason) {
  if (reason === 'timeout') return localProblem('server_down');
  if (reason === 'too_many') return Object.assign(localProblem('slow_down'), { retryIn: 5 });
  return localProblem(reason === 'address_refused' ? reason : 'no_network');
}

module.exports = { createApi };
