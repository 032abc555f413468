/** A phone with the mini program's logic on it, in front of a fake server. */
const { createApi } = require('../../lib/api');
const { createLive } = require('../../lib/live');
const { createLogin } = require('../../lib/login');
const { viewOf } = require('../../lib/view');
const { Clock, settle } = require('./clock');
const { FakeServer } = require('./server');

const SERVER = 'https://login.example.com';

class Phone {
  constructor({ openid = 'ming', server, clock, storage, live = false } = {}) {
    this.clock = clock || new Clock();
    this.server = server || new FakeServer(this.clock);
    this.storage = storage || new Map();
    this.openid = openid;
    this.loginCodes = 0;
    this.wechatWorks = true;
    this.state = null;
    this.screens = [];
    this.api = createApi(this.platform(), SERVER, 'zh_CN');
    this.login = createLogin({
      api: this.api,
      platform: this.platform(),
      live: live && ((onMessage) => createLive({ api: this.api, platform: this.platform(), onMessage })),
      onChange: (state) => {
        this.state = state;
        if (this.screens[this.screens.length - 1] !== state.screen) this.screens.push(state.screen);
      },
    });
  }

  platform() {
    return {
      request: (request) => this.server.request(request),
      login: async () => {
        this.loginCodes += 1;
        return this.wechatWorks ? `0js-${this.openid}-${this.server.id()}` : '';
      },
      load: async (key) => this.storage.get(key),
      save: async (key, value) => void this.storage.set(key, value),
      forget: async (key) => void this.storage.delete(key),
      connect: (url, handlers) => this.server.connect(url, handlers),
      delay: (milliseconds) => this.clock.delay(milliseconds),
      now: () => this.clock.now(),
    };
  }

  async scan(scene, entryScene = 1047) {
    this.login.open({ scene, malformed: false, entryScene });
    await settle();
  }

  async confirm(number) {
    if (number !== undefined) this.login.type(number);
    this.login.confirm();
    await settle();
  }

  async refuse() {
    this.login.refuse();
    await settle();
  }

  async register(nickname = '') {
    this.login.register(nickname);
    await settle();
  }

  view(language = 'zh_CN') {
    return viewOf(this.state, language, this.clock.now());
  }

  calls(path) {
    return this.server.calls.filter((call) => call.path.startsWith(path));
  }
}

/** A phone of a registered user, and a code that it can scan. */
function registeredPhone(setup) {
  const phone = new Phone(setup);
  phone.server.addUser(phone.openid);
  return phone;
}

module.exports = { Phone, registeredPhone, SERVER };
