/** The page that a login code opens. What it does stands in lib/login.js. */
const config = require('../../config');
const { createApi } = require('../../lib/api');
const { createLogin } = require('../../lib/login');
const { createLive } = require('../../lib/live');
const { createPlatform, language } = require('../../lib/platform');
const { createSceneReader } = require('../../lib/scene');
const { viewOf } = require('../../lib/view');
const { leaveMiniProgram, openPrivacyContract } = require('../../lib/wechat');

/** WeChat's number for a code before the camera, which the home page's scanner reads too. */
const CAMERA = 1047;

/** @typedef {import('../../lib/login').Login} Login */

Page({
  data: {
    view: /** @type {import('../../lib/view').View | null} */ (null),
    notice: '',
  },

  session: '',
  browser: '',
  isScannedHere: false,
  login: /** @type {Login} */ (/** @type {unknown} */ (null)),
  scenes: createSceneReader(),

  onLoad(options) {
    const platform = createPlatform();
    const words = language();
    this.scenes = createSceneReader();
    this.scenes.load(options);
    const app = getApp();
    this.isScannedHere = Boolean(options.scene) && app.scanned === options.scene;
    app.scanned = '';
    const api = createApi(platform, config.server, words);
    this.login = createLogin({
      platform,
      api,
      live: (onMessage) => createLive({ api, platform, onMessage }),
      onChange: (state) => {
        this.session = state.session;
        this.browser = state.scan ? state.scan.browser.name : '';
        this.setData({ view: viewOf(state, words, platform.now()), notice: '' });
      },
    });
    wx.setNavigationBarTitle({ title: config.siteName });
  },

  onShow() {
    const entry = wx.getEnterOptionsSync();
    const isHere = this.isScannedHere;
    this.isScannedHere = false;
    const target = this.scenes.show(entry);
    if (target) this.login.open(isHere ? Object.assign(target, { entryScene: CAMERA }) : target);
    else this.login.resume();
  },

  onHide() {
    this.login.pause();
  },

  onUnload() {
    this.login.close();
  },

  /** @param {WechatMiniprogram.Input} event */
  onNumber(event) {
    this.login.type(event.detail.value);
  },

  onConfirm() {
    this.login.confirm();
  },

  onRefuse() {
    this.login.refuse();
  },

  /** @param {WechatMiniprogram.FormSubmit} event */
  onRegister(event) {
    this.login.register(event.detail.value.nickname || '');
  },

  onRetry() {
    this.login.retry();
  },

  async onPrivacy() {
    this.setData({ notice: await openPrivacyContract(language()) });
  },

  onChat() {
    const name = encodeURIComponent(this.browser);
    wx.redirectTo({ url: `/pages/chat/chat?session=${this.session}&name=${name}` });
  },

  onDevices() {
    wx.reLaunch({ url: '/pages/index/index' });
  },

  async onClose() {
    this.setData({ notice: await leaveMiniProgram(language()) });
  },
});
