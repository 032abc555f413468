/**
 * A server that speaks the phone API of docs/PROTOCOL.md, section 8, in memory: enough of the
 * attempt's life to meet every answer of the table by what users do, and `fail` for the rest.
 */
const SCENE = /^[A-Za-z0-9_-]{32}$/;
const REFERENCE = 'BCDF-GHJK';
const OVER = ['redeemed', 'expired', 'cancelled', 'failed'];

const AVATAR = 'http://localhost:8080/avatars/7c0e4f3a-1d0b-4f53-9a57-0a9a7b6f4c11';

class FakeServer {
  constructor(clock) {
    this.clock = clock;
    this.calls = [];
    this.check = 'none';
    this.strict = false;
    this.registration = 'open';
    this.warnings = [];
    this.site = { name: '示例网站', host: 'login.example.com' };
    this.browser = { name: 'Chrome 126', os: 'Windows 11', ip: '203.0.113.0/24', place: 'Shanghai' };
    this.tokens = new Map(); // token -> openid
    this.usedCodes = new Set();
    this.users = new Map(); // openid -> user
    this.scenes = new Map(); // scene -> attempt
    this.attempts = new Map();
    this.planned = []; // answers that a test wants instead
    this.ids = 0;
    this.sessions = []; // of all users: one person is enough here
    this.reported = [];
    this.sockets = [];
  }

  // What the browser and time do.

  addUser(openid) {
    this.users.set(openid, { id: this.id(), nickname: null, avatar_url: null });
  }

  /** A code on a screen: returns its scene. */
  showCode() {
    const scene = `scene-${String(this.id()).padStart(26, '0')}`;
    this.addAttempt(scene);
    return scene;
  }

  addAttempt(scene) {
    const attempt = {
      id: `attempt-${this.id()}`,
      state: 'pending',
      reason: null,
      version: 1,
      openid: null,
      nonce: null,
      check: this.check,
      number: '07',
      code: '482913',
      tries: 3,
      deadline: this.clock.now() + 120000,
      waiting: [],
    };
    this.attempts.set(attempt.id, attempt);
    this.scenes.set(scene, attempt);
    return attempt;
  }

  attemptOf(scene) {
    return this.scenes.get(scene);
  }

  change(attempt, state, reason = null, seconds = 60) {
    Object.assign(attempt, { state, reason, version: attempt.version + 1 });
    attempt.deadline = this.clock.now() + seconds * 1000;
    attempt.waiting.splice(0).forEach((wake) => wake());
  }

  redeem(scene) {
    this.change(this.attemptOf(scene), 'redeemed');
  }

  end(scene, state, reason) {
    this.change(this.attemptOf(scene), state, reason);
  }

  /** The next `times` calls of a path are answered by `answer` instead. */
  fail(path, answer, times = 1) {
    this.planned.push({ path, answer, times });
  }

  // What the phone asks.

  async request({ method, url, headers, data }) {
    const { pathname, searchParams } = new URL(url);
    const token = /^Bearer (.+)$/.exec(headers.authorization || '');
    const call = { method, path: pathname, query: searchParams, data, token: token && token[1], url, headers };
    this.calls.push(call);
    if (!['GET', 'POST', 'PUT', 'DELETE'].includes(method)) throw new Error(`wx has no ${method}`);
    const planned = this.planned.find((plan) => pathname.startsWith(plan.path) && plan.times > 0);
    if (planned) {
      planned.times -= 1;
      const answer = planned.answer;
      return typeof answer === 'string' ? { ok: false, reason: answer } : { ok: true, ...answer };
    }
    const [status, body] = await this.answer(call);
    return { ok: true, status, data: body };
  }

  async answer(call) {
    const { method, path, data } = call;
    const route = `${method} ${path.replace(/(attempts|sessions)\/[^/]+/, '$1/*')}`;
    if (route === 'POST /api/phone/session') return this.session(data);
    const openid = this.tokens.get(call.token);
    if (!openid) return problem(401, 'phone_session_invalid');
    this.expireLate();
    switch (route) {
      case 'POST /api/phone/scan':
        return this.scan(openid, data);
      case 'POST /api/phone/confirm':
        return this.confirm(openid, data);
      case 'POST /api/phone/cancel':
        return this.cancel(openid, data);
      case 'POST /api/phone/register':
        return this.register(openid, data);
      case 'GET /api/phone/attempts/*':
        return this.state(openid, call);
      case 'DELETE /api/phone/session':
        this.tokens.delete(call.token);
        return [204, ''];
      case 'PUT /api/phone/me':
        return this.changeUser(openid, { nickname: data.nickname });
      case 'PUT /api/phone/avatar':
        return this.avatar(openid, call);
      case 'GET /api/phone/sessions':
        return [200, { sessions: this.sessions }];
      case 'DELETE /api/phone/sessions':
        this.sessions = [];
        return [204, ''];
      case 'DELETE /api/phone/sessions/*':
        return this.endSession(path.split('/').pop());
      case 'POST /api/phone/sessions/*/report':
        this.reported.push(path.split('/')[4]);
        return this.endSession(path.split('/')[4]);
      case 'DELETE /api/phone/account':
        this.users.delete(openid);
        this.tokens.clear();
        this.sessions = [];
        return [204, ''];
      default:
        throw new Error(`the phone API has no ${route}`);
    }
  }

  session({ code }) {
    const openid = /^0js-(.+)-\d+$/.exec(code);
    if (!openid) return problem(401, 'wechat_code_invalid');
    if (this.usedCodes.has(code)) return problem(401, 'wechat_code_used');
    this.usedCodes.add(code);
    const token = `token-${this.id()}`;
    this.tokens.set(token, openid[1]);
    const user = this.users.get(openid[1]) || null;
    return [200, { token, expires_in: 2592000, registered: user !== null, user }];
  }

  scan(openid, { scene, entry_scene: entryScene }) {
    if (typeof entryScene !== 'number') return problem(400, 'entry_scene_missing');
    if (!SCENE.test(scene)) return problem(400, 'scene_malformed');
    const attempt = this.scenes.get(scene);
    if (!attempt) return problem(404, 'scene_unknown');
    if (attempt.openid && attempt.openid !== openid) return problem(409, 'already_scanned');
    if (OVER.includes(attempt.state)) return this.over(attempt);
    if (attempt.state === 'pending') this.change(attempt, 'scanned');
    Object.assign(attempt, { openid, nonce: `nonce-${this.id()}` });
    return [
      200,
      {
        attempt: attempt.id,
        nonce: attempt.nonce,
        site: this.site,
        browser: { ...this.browser },
        requested_at: new Date(this.clock.now()).toISOString(),
        expires_in: this.left(attempt),
        registered: this.users.has(openid),
        check: attempt.check,
        warnings: this.warnings,
      },
    ];
  }

  confirm(openid, { nonce, number }) {
    const attempt = this.byNonce(openid, nonce);
    if (!attempt) return problem(403, 'nonce_invalid');
    if (OVER.includes(attempt.state) && attempt.state !== 'redeemed') return this.over(attempt);
    if (attempt.state === 'scanned') {
      if (attempt.check === 'number' && number !== attempt.number) {
        attempt.tries -= 1;
        if (attempt.tries === 0) this.change(attempt, 'failed', 'number_wrong');
        return problem(422, 'number_wrong', { tries_left: attempt.tries });
      }
      if (!this.users.has(openid)) {
        if (this.registration === 'closed') {
          this.change(attempt, 'failed', 'registration_closed');
          return [200, { result: 'not_registered', reference: REFERENCE }];
        }
        attempt.version += 1;
        attempt.deadline = this.clock.now() + 300000;
        return [200, { result: 'not_registered' }];
      }
      if (attempt.check === 'code') this.change(attempt, 'approved', null, 90);
      else this.change(attempt, 'confirmed');
    }
    return attempt.state === 'approved'
      ? [200, { result: 'code_needed', check_code: attempt.code }]
      : [200, { result: 'login_succeeded' }];
  }

  cancel(openid, { nonce }) {
    const attempt = this.byNonce(openid, nonce);
    if (!attempt) return problem(403, 'nonce_invalid');
    if (OVER.includes(attempt.state)) return this.over(attempt);
    this.change(attempt, 'cancelled', 'by_phone');
    return [204, ''];
  }

  register(openid, { nickname }) {
    if (this.registration === 'closed') return problem(403, 'registration_closed');
    if (this.users.has(openid)) return problem(409, 'already_registered');
    if (nickname !== undefined && [...nickname].length > 32) return problem(422, 'nickname_refused');
    this.addUser(openid);
    this.users.get(openid).nickname = nickname || null;
    this.attempts.forEach((attempt) => {
      if (attempt.openid === openid) attempt.version += 1;
    });
    return [201, this.users.get(openid)];
  }

  changeUser(openid, change) {
    const user = this.users.get(openid);
    if (!user) return problem(400, 'bad_request');
    if ([...(change.nickname || '')].length > 32) return problem(422, 'nickname_invalid');
    Object.assign(user, change);
    return [200, { ...user }];
  }

  avatar(openid, { data, headers }) {
    if (!(data instanceof ArrayBuffer)) return problem(415, 'unsupported_media_type');
    if (data.byteLength > 256 * 1024) return problem(413, 'too_large');
    this.avatarType = headers['content-type'];
    return this.changeUser(openid, { avatar_url: AVATAR });
  }

  addSession(more = {}) {
    const time = new Date(this.clock.now()).toISOString();
    const place = { ip: '203.0.113.0/24', place: 'Shanghai' };
    const times = { created_at: time, last_seen_at: time };
    const session = { id: `session-${this.id()}`, browser: 'Chrome', os: 'Windows', ...place, ...times, new: true, ...more };
    this.sessions.push(session);
    return session.id;
  }

  endSession(id) {
    if (!this.sessions.some((session) => session.id === id)) return problem(404, 'session_unknown');
    this.sessions = this.sessions.filter((session) => session.id !== id);
    return [204, ''];
  }

  // The phone's socket: what was said on it is kept, and the test answers.

  connect(url, handlers) {
    const socket = {
      url,
      said: [],
      isOpen: false,
      open() {
        this.isOpen = true;
        handlers.opened();
      },
      say: (message) => handlers.heard(typeof message === 'string' ? message : JSON.stringify(message)),
      cut(code) {
        this.isOpen = false;
        handlers.closed(code);
      },
    };
    this.sockets.push(socket);
    return {
      send: (text) => socket.said.push(JSON.parse(text)),
      close: () => (socket.isOpen = false),
    };
  }

  get socket() {
    return this.sockets[this.sockets.length - 1];
  }

  async state(openid, { path, query }) {
    const attempt = this.attempts.get(path.split('/').pop());
    if (!attempt || attempt.openid !== openid) return problem(404, 'attempt_unknown');
    if (query.has('after_version') && Number(query.get('after_version')) === attempt.version) {
      const wait = Number(query.get('wait')) * 1000;
      const changed = new Promise((wake) => attempt.waiting.push(wake));
      await Promise.race([changed, this.clock.delay(wait)]);
      if (Number(query.get('after_version')) === attempt.version) return [204, ''];
    }
    const { id, version, state, reason } = attempt;
    const code = state === 'approved' ? attempt.code : null;
    const expires = this.left(attempt);
    const known = { attempt: id, version, state, reason, expires_in: expires, check_code: code };
    const waits = reason === 'registration_closed' ? { reference: REFERENCE } : {};
    return [200, { ...known, session: state === 'redeemed' ? 'session-1' : null, ...waits }];
  }

  byNonce(openid, nonce) {
    const found = [...this.attempts.values()].find((attempt) => attempt.nonce === nonce);
    return found && found.openid === openid ? found : undefined;
  }

  over({ state }) {
    if (state === 'redeemed') return problem(409, 'already_redeemed');
    return problem(410, `attempt_${state}`);
  }

  expireLate() {
    this.attempts.forEach((attempt) => {
      if (OVER.includes(attempt.state) || this.left(attempt) > 0) return;
      const reasons = { pending: 'not_scanned', scanned: 'not_confirmed', approved: 'not_checked' };
      this.change(attempt, 'expired', reasons[attempt.state] || 'not_redeemed');
    });
  }

  left(attempt) {
    return Math.max(0, Math.floor((attempt.deadline - this.clock.now()) / 1000));
  }

  id() {
    this.ids += 1;
    return this.ids;
  }
}

/** A problem document as [status, body]. */
function problem(status, code, more = {}) {
  const document = { type: 'about:blank', title: code, status, code, detail: code, request_id: 'r' };
  const wait = status === 429 || status === 503 ? { retry_in: 7 } : {};
  return [status, { ...document, ...wait, ...more }];
}

/** The same as an answer that `fail` takes. */
function problemAnswer(status, code, more) {
  const [, data] = problem(status, code, more);
  return { status, data };
}

module.exports = { FakeServer, problemAnswer, REFERENCE };
