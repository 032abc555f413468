/** Says what this mini program is, scans, and shows where the user is signed in. */
const config = require('../../config');
const { createApi } = require('../../lib/api');
const { createDevices } = require('../../lib/devices');
const { devicesViewOf } = require('../../lib/devicesView');
const { createPlatform, language } = require('../../lib/platform');
const { readScan, readScanFailure } = require('../../lib/scanner');
const { textsFor, fill } = require('../../lib/texts');

/** @typedef {import('../../lib/devices').Devices} Devices */
/** @typedef {import('../../lib/devices').Deed} Deed */

Page({
  data: {
    title: '',
    lead: '',
    steps: /** @type {string[]} */ ([]),
    caution: '',
    scan: '',
    account: '',
    notice: '',
    view: /** @type {import('../../lib/devicesView').DevicesView | null} */ (null),
  },

  devices: /** @type {Devices} */ (/** @type {unknown} */ (null)),
  isScanning: false,

  onLoad() {
    const platform = createPlatform();
    const words = language();
    const { home } = textsFor(words);
    const values = { site: config.siteName };
    /** @param {import('../../lib/devices').DevicesState} state */
    const show = (state) =>
      this.setData({ view: devicesViewOf(state, words, config.siteName, platform.now()) });
    this.devices = createDevices({ api: createApi(platform, config.server, words), onChange: show });
    show(this.devices.state());
    wx.setNavigationBarTitle({ title: config.siteName });
    this.setData({
      title: home.title,
      lead: fill(home.lead, values),
      steps: home.steps.map((step) => fill(step, values)),
      caution: home.caution,
      scan: home.scan,
      account: home.account,
    });
  },

  onShow() {
    this.devices.openIfSignedIn();
  },

  onHide() {
    this.devices.close();
  },

  onUnload() {
    this.devices.close();
  },

  onScan() {
    if (this.isScanning) return;
    this.isScanning = true;
    this.setData({ notice: '' });
    wx.scanCode({
      onlyFromCamera: true,
      scanType: ['wxCode', 'qrCode'],
      success: (result) => this.scanned(readScan(result)),
      fail: (error) => this.scanned(readScanFailure(error)),
      complete: () => {
        this.isScanning = false;
      },
    });
  },

  /** @param {import('../../lib/scanner').Scanned} scanned */
  scanned({ scene, notice }) {
    if (notice) {
      const sentence = fill(textsFor(language()).notices[notice], { site: config.siteName });
      return this.setData({ notice: sentence });
    }
    if (!scene) return undefined;
    getApp().scanned = scene;
    return wx.navigateTo({ url: `/pages/index/wsLogin?scene=${scene}` });
  },

  onAccount() {
    wx.navigateTo({ url: '/pages/profile/profile' });
  },

  onOpen() {
    this.devices.open();
  },

  /** @param {WechatMiniprogram.TouchEvent} event */
  onAsk(event) {
    const { deed, id } = event.currentTarget.dataset;
    this.devices.ask(/** @type {Deed} */ (deed), id || '');
  },

  onLeave() {
    this.devices.leave();
  },

  onAct() {
    this.devices.act();
  },

  /** @param {WechatMiniprogram.TouchEvent} event */
  onChat(event) {
    const { id, name } = event.currentTarget.dataset;
    wx.navigateTo({ url: `/pages/chat/chat?session=${id}&name=${encodeURIComponent(name)}` });
  },
});
