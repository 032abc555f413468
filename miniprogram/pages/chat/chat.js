/** Texts and links between this phone and a browser that it let in. */
const config = require('../../config');
const { createApi } = require('../../lib/api');
const { createChat } = require('../../lib/chat');
const { chatViewOf } = require('../../lib/chatView');
const { createLive } = require('../../lib/live');
const { createPlatform, language } = require('../../lib/platform');

/** @typedef {import('../../lib/chat').Chat} Chat */

Page({
  data: {
    view: /** @type {import('../../lib/chatView').ChatView | null} */ (null),
  },

  chat: /** @type {Chat} */ (/** @type {unknown} */ (null)),

  onLoad(options) {
    const platform = createPlatform();
    const words = language();
    const api = createApi(platform, config.server, words);
    const names = { site: config.siteName, browser: decoded(options.name) };
    this.chat = createChat({
      live: (onMessage, onStatus) => createLive({ api, platform, onMessage, onStatus }),
      now: platform.now,
      session: options.session || '',
      onChange: (state) => this.setData({ view: chatViewOf(state, words, names, platform.now()) }),
    });
    wx.setNavigationBarTitle({ title: config.siteName });
  },

  onShow() {
    this.chat.open();
  },

  onHide() {
    this.chat.close();
  },

  onUnload() {
    this.chat.close();
  },

  /** @param {WechatMiniprogram.Input} event */
  onText(event) {
    this.chat.type(event.detail.value);
  },

  onSend() {
    this.chat.send();
  },

  onReconnect() {
    this.chat.open();
  },
});

/** @param {string | undefined} value */
function decoded(value) {
  try {
    return decodeURIComponent(value || '');
  } catch (_) {
    return '';
  }
}
