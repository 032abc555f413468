/** The user's account here: register, name, picture, sign out, delete. */
const config = require('../../config');
const { createApi } = require('../../lib/api');
const { createPlatform, readPicture, language } = require('../../lib/platform');
const { whyNoPicture } = require('../../lib/privacy');
const { createProfile } = require('../../lib/profile');
const { profileViewOf } = require('../../lib/profileView');
const { openPrivacyContract } = require('../../lib/wechat');

/** @typedef {import('../../lib/profile').Profile} Profile */

Page({
  data: {
    view: /** @type {import('../../lib/profileView').ProfileView | null} */ (null),
    privacyNotice: '',
  },

  profile: /** @type {Profile} */ (/** @type {unknown} */ (null)),

  onLoad() {
    const platform = createPlatform();
    const words = language();
    const api = createApi(platform, config.server, words);
    this.profile = createProfile({
      api,
      readPicture,
      onChange: (state) =>
        this.setData({ view: profileViewOf(state, words, config.siteName, api.absolute) }),
    });
    wx.setNavigationBarTitle({ title: config.siteName });
    // Whoever comes here asks for his account.
    this.profile.open();
  },

  /** @param {WechatMiniprogram.CustomEvent<{ avatarUrl?: string, errMsg?: string, errno?: number }>} event */
  onAvatar(event) {
    const { avatarUrl } = event.detail;
    if (avatarUrl) this.profile.choosePicture(avatarUrl);
    else this.profile.pictureFailed(whyNoPicture(event.detail));
  },

  /** @param {WechatMiniprogram.FormSubmit} event */
  onSave(event) {
    this.profile.save(event.detail.value.nickname || '');
  },

  async onPrivacy() {
    this.setData({ privacyNotice: await openPrivacyContract(language()) });
  },

  onRetry() {
    this.profile.open();
  },

  onSignOut() {
    this.profile.signOut();
  },

  onAskDelete() {
    this.profile.askDelete();
  },

  onLeave() {
    this.profile.leave();
  },

  onDelete() {
    this.profile.deleteAccount();
  },

  onHome() {
    wx.reLaunch({ url: '/pages/index/index' });
  },
});
