/**
 * A `wx` on a real network: requests and sockets reach a real server, wx.login asks the simulated
 * WeChat, and the phone can be sent to the background, where WeChat stops a mini program.
 */
const fs = require('node:fs');
const WebSocket = require('ws');

class RealWx {
  constructor({ simulator, openid, language }) {
    this.simulator = simulator;
    this.openid = openid;
    this.language = language;
    this.entry = { scene: 1001, query: {} };
    this.storage = new Map();
    this.isSuspended = false;
    this.failure = null; // of every request, when the test wants it
    this.lost = ''; // the address whose next answer is lost
    this.running = new Set();
    this.sockets = new Set();
    this.seen = {};
    this.opened = ''; // the address of the page that was opened last
    this.api = this.functions();
  }

  /** What is under way ends, and sockets close without a word. */
  suspend() {
    this.isSuspended = true;
    for (const abort of this.running) abort.abort('interrupted');
    for (const socket of this.sockets) socket.terminate();
    this.sockets.clear();
  }

  resume() {
    this.isSuspended = false;
  }

  functions() {
    const open = ({ url }) => {
      this.opened = url;
    };
    return {
      request: (options) => void this.request(options),
      connectSocket: (options) => this.connectSocket(options),
      login: ({ success, fail }) => {
        const body = JSON.stringify({ openid: this.openid, unionid: `u${this.openid}` });
        const headers = { 'content-type': 'application/json' };
        fetch(`${this.simulator}/_sim/js_code`, { method: 'POST', headers, body })
          .then((answer) => answer.json())
          .then(({ code }) => success({ errMsg: 'login:ok', code }))
          .catch(() => fail({ errMsg: 'login:fail' }));
      },
      getStorage: ({ key, success, fail }) =>
        this.storage.has(key) ? success({ data: this.storage.get(key) }) : fail({ errMsg: 'getStorage:fail data not found' }),
      setStorage: ({ key, data, complete }) => {
        this.storage.set(key, data);
        complete();
      },
      removeStorage: ({ key, complete }) => {
        this.storage.delete(key);
        complete();
      },
      getFileSystemManager: () => ({
        readFile: ({ filePath, success, fail }) =>
          fs.readFile(filePath, (error, bytes) => {
            if (error) return fail({ errMsg: `readFile:fail ${error.code}` });
            return success({ data: Uint8Array.from(bytes).buffer });
          }),
      }),
      scanCode: ({ success, complete }) => {
        success(this.seen);
        complete();
      },
      getEnterOptionsSync: () => this.entry,
      getAppBaseInfo: () => ({ language: this.language }),
      setNavigationBarTitle() {},
      navigateTo: open,
      redirectTo: open,
      reLaunch: open,
      exitMiniProgram: ({ success }) => success({}),
      openPrivacyContract: ({ success }) => success({}),
    };
  }

  async request({ method, url, header, data, timeout, success, fail }) {
    if (this.failure) return fail(this.failure);
    if (this.isSuspended) return fail({ errno: 600003, errMsg: 'request:fail interrupted' });
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort('timeout'), timeout);
    this.running.add(abort);
    try {
      const body = data instanceof ArrayBuffer ? data : data && JSON.stringify(data);
      const answer = await fetch(url, { method, headers: header, body, signal: abort.signal });
      const text = await answer.text();
      if (this.lost && url.endsWith(this.lost)) {
        this.lost = '';
        return fail({ errno: 600001, errMsg: 'request:fail -101:net::ERR_CONNECTION_RESET' });
      }
      const isJson = /^application\/json/.test(answer.headers.get('content-type'));
      // WeChat parses JSON; a problem document need not be among it.
      return success({ statusCode: answer.status, data: isJson ? JSON.parse(text) : text, errMsg: 'request:ok' });
    } catch {
      if (abort.signal.reason === 'timeout') return fail({ errno: 5, errMsg: 'request:fail timeout' });
      if (abort.signal.aborted) return fail({ errno: 600003, errMsg: 'request:fail interrupted' });
      return fail({ errno: 600001, errMsg: 'request:fail -102:net::ERR_CONNECTION_REFUSED' });
    } finally {
      clearTimeout(timer);
      this.running.delete(abort);
    }
  }

  connectSocket({ url, fail }) {
    if (this.isSuspended || this.failure) {
      setImmediate(() => fail({ errMsg: 'connectSocket:fail jsapi has no permission,runningState=suspend' }));
      return undefined;
    }
    const socket = new WebSocket(url, { handshakeTimeout: 10000 });
    this.sockets.add(socket);
    // A socket that the background cut says nothing.
    const said = (act) => (value) => this.sockets.has(socket) && act(value);
    socket.on('close', () => setImmediate(() => this.sockets.delete(socket)));
    socket.on('error', () => {});
    return {
      onOpen: (act) => socket.on('open', said(() => act({}))),
      onMessage: (act) => socket.on('message', said((data) => act({ data: String(data) }))),
      onClose: (act) => socket.on('close', said((code) => act({ code }))),
      onError: (act) => socket.on('error', said(() => act({ errMsg: 'socket error' }))),
      send: ({ data }) => socket.send(data, () => {}),
      close: () => socket.close(1000),
    };
  }
}

module.exports = { RealWx };
