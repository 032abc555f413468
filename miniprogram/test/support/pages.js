/** Pages of the mini program as a user opens them, before the fake server. */
const { openPage } = require('./render');
const { Clock, settle } = require('./clock');
const { FakeServer } = require('./server');
const { FakeWx } = require('./wx');

const open = [];

/** A phone that has the mini program; `registered` and `signedIn` tell what happened before. */
function phone({ registered = true, signedIn = registered, language, openid = 'ming' } = {}) {
  const server = new FakeServer(new Clock());
  if (registered) server.addUser(openid);
  const wx = new FakeWx(server, { language, openid });
  if (signedIn) {
    server.tokens.set('kept', openid);
    const user = server.users.get(openid) || null;
    wx.storage.set('saoma_phone_session', { server: 'http://localhost:8080', token: 'kept', user });
  }
  return { server, wx };
}

async function show(page, options = {}) {
  open.push(page);
  page.instance.onLoad(options);
  if (page.instance.onShow) page.instance.onShow();
  await settle();
  return page;
}

async function home(setup) {
  const { server, wx } = phone(setup);
  if (setup && setup.prepare) setup.prepare(server, wx);
  const app = { scanned: '' };
  return { server, wx, app, page: await show(openPage('pages/index/index', wx.api, app)) };
}

async function profile(setup) {
  const { server, wx } = phone(setup);
  if (setup && setup.prepare) setup.prepare(server, wx);
  return { server, wx, page: await show(openPage('pages/profile/profile', wx.api)) };
}

async function chat(setup) {
  const { server, wx } = phone(setup);
  if (setup && setup.prepare) setup.prepare(server, wx);
  const options = { session: 'session-1', name: encodeURIComponent('Chrome · Windows') };
  return { server, wx, page: await show(openPage('pages/chat/chat', wx.api), options) };
}

/** Ends what pages still wait for, so that the tests end. */
function closeAll() {
  for (const { instance } of open.splice(0)) if (instance.onUnload) instance.onUnload();
}

module.exports = { home, profile, chat, phone, show, closeAll, settle };
