/** A `wx` whose network is the fake server, with the shapes of WeChat's own answers. */
const REQUEST_ERRORS = {
  network: { errno: 600001, errMsg: 'request:fail -105:net::ERR_NAME_NOT_RESOLVED' },
  timeout: { errno: 5, errMsg: 'request:fail timeout' },
  interrupted: { errno: 600003, errMsg: 'request:fail interrupted' },
  too_many: { errno: 600007, errMsg: 'request:fail exceed max task count' },
  unknown: { errno: 600000, errMsg: 'request:fail unknown error' },
  invalid_address: { errno: 600009, errMsg: 'request:fail invalid url' },
  address_refused: { errno: 600002, errMsg: 'request:fail url not in domain list' },
};

class FakeWx {
  constructor(server, { openid = 'ming', language = 'zh_CN' } = {}) {
    this.server = server;
    this.language = language;
    this.openid = openid;
    this.entry = { path: 'pages/index/wsLogin', scene: 1047, query: {} };
    this.storage = new Map();
    this.files = new Map(); // path -> bytes
    this.seen = {}; // by the scanner
    this.broken = new Set(); // of what WeChat should do
    this.said = []; // the calls that show or leave something
    this.api = this.functions();
  }

  functions() {
    const say = (name) => (options) => void this.said.push([name, options]);
    return {
      request: ({ method, url, header, data, success, fail }) => {
        this.server.request({ method, url, headers: header, data }).then((answer) => {
          if (answer.ok) success({ statusCode: answer.status, data: answer.data, errMsg: 'request:ok' });
          else fail(REQUEST_ERRORS[answer.reason]);
        });
      },
      login: ({ success, fail }) => this.broken.has('login') ? fail({ errMsg: 'login:fail' }) : success({ errMsg: 'login:ok', code: `0js-${this.openid}-${this.server.id()}` }),
      getStorage: ({ key, success, fail }) =>
        this.storage.has(key) ? success({ data: this.storage.get(key) }) : fail({ errMsg: 'data not found' }),
      setStorage: ({ key, data, complete }) => {
        this.storage.set(key, data);
        complete();
      },
      removeStorage: ({ key, complete }) => {
        this.storage.delete(key);
        complete();
      },
      connectSocket: ({ url, fail }) => this.connect(url, fail),
      getFileSystemManager: () => ({
        readFile: ({ filePath, success, fail }) =>
          this.files.has(filePath)
            ? success({ data: this.files.get(filePath) })
            : fail({ errMsg: 'readFile:fail no such file' }),
      }),
      compressImage: ({ src, success, fail }) =>
        this.files.has(`${src}.small`) ? success({ tempFilePath: `${src}.small` }) : fail({}),
      scanCode: ({ success, fail, complete }) => {
        if (this.seen.errMsg) fail(this.seen);
        else success(this.seen);
        complete();
      },
      navigateTo: say('navigateTo'),
      redirectTo: say('redirectTo'),
      reLaunch: say('reLaunch'),
      getEnterOptionsSync: () => this.entry,
      getAppBaseInfo: () => ({ language: this.language }),
      setNavigationBarTitle: say('title'),
      exitMiniProgram: this.showing('exit'),
      openPrivacyContract: this.showing('privacy'),
    };
  }

  /** Something of WeChat's own that opens, or fails when the test wants it to. */
  showing(name) {
    return ({ success, fail }) => {
      this.said.push([name]);
      if (this.broken.has(name)) fail({ errMsg: `${name}:fail` });
      else success({});
    };
  }

  /** The address of the page that was opened last. */
  get opened() {
    return this.said.filter(([, options]) => options && options.url).pop()?.[1].url;
  }

  connect(url, fail) {
    if (this.broken.has('socket')) {
      fail({ errMsg: 'connectSocket:fail jsapi has no permission,runningState=suspend' });
      return undefined;
    }
    const on = {};
    const socket = this.server.connect(url, {
      opened: () => on.open(),
      heard: (data) => on.message({ data }),
      closed: (code) => on.close({ code }),
    });
    return {
      onOpen: (act) => (on.open = act),
      onMessage: (act) => (on.message = act),
      onClose: (act) => (on.close = act),
      onError: (act) => (on.error = act),
      send: ({ data }) => socket.send(data),
      close: () => socket.close(),
    };
  }
}

module.exports = { FakeWx };
