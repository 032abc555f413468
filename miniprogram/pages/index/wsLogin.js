/** The page that a login code opens. What it does stands in lib/login.js. */
const config = require('../../config');
const { createApi } = require('../../lib/api');
const { createLogin } = require('../../lib/login');
const { createPlatform, language } = require('../../lib/platform');
const { createSceneReader } = require('../../lib/scene');
const { viewOf } = require('../../lib/view');

/** @typedef {import('../../lib/login').Login} Login */

Page({
  data: {
    view: /** @type {import('../../lib/view').View | null} */ (null),
  },

  login: /** @type {Login} */ (/** @type {unknown} */ (null)),
  scenes: createSceneReader(),

  onLoad(options) {
    const platform = createPlatform();
    const words = language();
    this.scenes = createSceneReader();
    this.scenes.load(options);
    this.login = createLogin({
      platform,
      api: createApi(platform, config.server, words),
      onChange: (state) => this.setData({ view: viewOf(state, words, platform.now()) }),
    });
    wx.setNavigationBarTitle({ title: config.siteName });
  },

  onShow() {
    const target = this.scenes.show(wx.getEnterOptionsSync());
    if (target) this.login.open(target);
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

  onPrivacy() {
    wx.openPrivacyContract({});
  },

  onClose() {
    wx.exitMiniProgram({});
  },
});
