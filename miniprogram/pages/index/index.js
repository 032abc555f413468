/** Says what this mini program is, to a user who did not come in by a code. */
const config = require('../../config');
const { textsFor, fill } = require('../../lib/texts');
const { language } = require('../../lib/platform');

Page({
  data: {
    title: '',
    lead: '',
    steps: /** @type {string[]} */ ([]),
    caution: '',
  },

  onLoad() {
    const { home } = textsFor(language());
    const values = { site: config.siteName };
    wx.setNavigationBarTitle({ title: config.siteName });
    this.setData({
      title: home.title,
      lead: fill(home.lead, values),
      steps: home.steps.map((step) => fill(step, values)),
      caution: home.caution,
    });
  },
});
