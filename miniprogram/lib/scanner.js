/**
 * The scanner on the home page: for somebody who opened the mini program first.
 *
 * @typedef {object} Scanned
 * @property {string} scene what the code carries, '' if it was not read
 * @property {'' | 'scan_failed' | 'scan_foreign'} notice why not; '' also when the user left
 */

const { parseTarget } = require('./scene');

/**
 * @param {{ path?: string }} result wx.scanCode's success: `path` only for a code of this program
 * @returns {Scanned}
 */
function readScan({ path }) {
  const raw = /[?&]scene=([^&]*)/.exec(path || '');
  const { scene } = parseTarget(raw ? raw[1] : '', 0);
  return { scene, notice: scene ? '' : 'scan_foreign' };
}

/**
 * @param {{ errMsg?: string }} error
 * @returns {Scanned}
 */
function readScanFailure({ errMsg }) {
  return { scene: '', notice: /cancel/i.test(errMsg || '') ? '' : 'scan_failed' };
}

module.exports = { readScan, readScanFailure };
