// The mini program's pages, each its own logic in front of its drawing: what pages/ is in WeChat.

import { mini } from "/phone/assets/mini.js";
import * as screens from "/phone/assets/screens.js";
import { SERVER, createPlatform, keepPicture, readPicture } from "/phone/assets/wx.js";

const { createApi } = mini("api");
const { createChat } = mini("chat");
const { chatViewOf } = mini("chatView");
const { createDevices } = mini("devices");
const { devicesViewOf } = mini("devicesView");
const { createLive } = mini("live");
const { createLogin } = mini("login");
const { createProfile } = mini("profile");
const { profileViewOf } = mini("profileView");
const { createSceneReader } = mini("scene");
const { textsFor } = mini("texts");
const { viewOf } = mini("view");

function wechatOf(phone) {
  const platform = createPlatform(phone.userId);
  const api = createApi(platform, SERVER, phone.language);
  const live = (onMessage, onStatus) => createLive({ api, platform, onMessage, onStatus });
  return { platform, api, live };
}

// pages/index/wsLogin
export function loginPage(phone) {
  const { platform, api, live } = wechatOf(phone);
  let known;
  const draw = () => {
    const view = viewOf(known, phone.language, platform.now());
    const name = view.checkCode ? "code" : view.screen;
    phone.draw(name, view.title, screens.login(view, act), view.busy);
  };
  const login = createLogin({ api, platform, live, onChange: (state) => { known = state; draw(); } });
  const act = {
    nickname: phone.user.nickname,
    type: (number) => login.type(number),
    confirm: () => login.confirm(),
    refuse: () => login.refuse(),
    register: (nickname) => login.register(nickname),
    retry: () => login.retry(),
    chat: () => phone.go(chatAddress(known.session, known.scan?.browser.name)),
    devices: () => phone.go("/phone?devices"),
    close: () => phone.go("/phone"),
  };
  const scenes = createSceneReader();
  return {
    open() {
      // As WeChat hands it over: percent-encoded, to the page and in the entry's options.
      const scene = encodeURIComponent(phone.scene);
      scenes.load({ scene });
      login.open(scenes.show({ scene: phone.entryScene, query: { scene } }));
    },
    draw,
    hide: () => login.pause(),
    show: () => login.resume(),
    close: () => login.close(),
  };
}

// pages/index/index
export function homePage(phone, text) {
  const { platform, api } = wechatOf(phone);
  const extra = { link: "", problem: "", nothing: "" };
  const devices = createDevices({ api, onChange: () => draw() });
  const draw = () => {
    const { home } = textsFor(phone.language);
    const view = devicesViewOf(devices.state(), phone.language, phone.siteName, platform.now());
    const words = screens.home(home, view, extra, text(), phone.siteName, act);
    phone.draw(phone.wantsDevices && view.screen === "list" ? "devices" : "home", home.title, words, view.busy);
  };
  const act = {
    look: async () => {
      extra.nothing = (await phone.look()) ? "" : text().home.nothing;
      if (extra.nothing) draw();
    },
    open: (link) => {
      extra.link = link;
      extra.problem = phone.open(link) ? "" : text().home.invalid;
      if (extra.problem) draw();
    },
    show: () => devices.open(),
    ask: (deed, id) => devices.ask(deed, id),
    leave: () => devices.leave(),
    act: () => devices.act(),
    chat: (id, name) => phone.go(chatAddress(id, name)),
    account: () => phone.go("/phone?account"),
  };
  const look = () => (phone.wantsDevices ? devices.open() : phone.user && devices.openIfSignedIn());
  return {
    open() {
      draw();
      look();
    },
    draw,
    hide: () => devices.close(),
    show: look,
    close: () => devices.close(),
  };
}

// pages/profile/profile
export function profilePage(phone) {
  const { api } = wechatOf(phone);
  let known;
  // A picture is where this page reaches Saoma, which need not be what Saoma calls itself.
  const absolute = (address) => {
    const { saoma } = document.body.dataset;
    return new URL(new URL(address, saoma).pathname, saoma).href;
  };
  const draw = () => {
    const view = profileViewOf(known, phone.language, phone.siteName, absolute);
    phone.draw(`account_${view.screen}`, view.title, screens.profile(view, act), view.busy);
  };
  const profile = createProfile({ api, readPicture, onChange: (state) => { known = state; draw(); } });
  const act = {
    nickname: phone.user.nickname,
    picture: (file) => profile.choosePicture(keepPicture(file)),
    save: (nickname) => profile.save(nickname),
    signOut: () => profile.signOut(),
    askDelete: () => profile.askDelete(),
    leave: () => profile.leave(),
    deleteAccount: () => profile.deleteAccount(),
    open: () => profile.open(),
    home: () => phone.go("/phone"),
  };
  return { open: () => profile.open(), draw, hide() {}, show() {}, close() {} };
}

// pages/chat/chat
export function chatPage(phone) {
  const { platform, live } = wechatOf(phone);
  const names = { site: phone.siteName, browser: phone.chatName };
  let known;
  const draw = () => {
    const view = chatViewOf(known, phone.language, names, platform.now());
    phone.draw("chat", view.title, screens.chat(view, act), false);
  };
  const chat = createChat({ live, now: platform.now, session: phone.chatSession, onChange: (state) => { known = state; draw(); } });
  const act = {
    type: (text) => chat.type(text),
    send: () => chat.send(),
    reconnect: () => chat.open(),
    home: () => phone.go("/phone"),
  };
  return { open: () => chat.open(), draw, hide: () => chat.close(), show: () => chat.open(), close: () => chat.close() };
}

function chatAddress(session, name) {
  return `/phone?${new URLSearchParams({ chat: session, name: name ?? "" })}`;
}
