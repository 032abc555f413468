/** A `wx` whose network is the fake server, with the shapes of WeChat's own answers. */
const REQUEST_ERRORS = {
  network: { errno: 600001, errMsg: 'request:fail -105:net::ERR_NAME_NOT_RESOLVED' },
  timeout: { errno: 5, errMsg: 'request:fail timeout' },
  interrupted: { errno: 600003, errMsg: 'request:fail interrupted' },
  address_refused: { errno: 600002, errMsg: 'request:fail url not in domain list' },
};

class FakeWx {
  constructor(server, { openid = 'ming', language = 'zh_CN' } = {}) {
    this.server = server;
    this.language = language;
    this.openid = openid;
    this.entry = { path: 'pages/index/wsLogin', scene: 1047, query: {} };
    this.storage = new Map();
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
      login: ({ success }) => success({ errMsg: 'login:ok', code: `0js-${this.openid}-${this.server.id()}` }),
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
      getEnterOptionsSync: () => this.entry,
      getAppBaseInfo: () => ({ language: this.language }),
      setNavigationBarTitle: say('title'),
      exitMiniProgram: say('exit'),
      openPrivacyContract: say('privacy'),
    };
  }
}

module.exports = { FakeWx };
