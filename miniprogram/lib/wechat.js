/** What WeChat shows by itself, with a sentence for when it does not. */

const { textsFor } = require('./texts');

/**
 * @param {string} language
 * @returns {Promise<string>} '' when the guidelines are open
 */
function openPrivacyContract(language) {
  const { privacy_unavailable: sentence } = textsFor(language).notices;
  return new Promise((resolve) => {
    // Before base library 2.32.3 there is none.
    if (!wx.openPrivacyContract) return resolve(sentence);
    return wx.openPrivacyContract({ success: () => resolve(''), fail: () => resolve(sentence) });
  });
}

/**
 * @param {string} language
 * @returns {Promise<string>} '' when the mini program is on its way out
 */
function leaveMiniProgram(language) {
  const { leave_failed: sentence } = textsFor(language).notices;
  return new Promise((resolve) => {
    wx.exitMiniProgram({ success: () => resolve(''), fail: () => resolve(sentence) });
  });
}

module.exports = { openPrivacyContract, leaveMiniProgram };
