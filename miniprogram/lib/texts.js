/** The words of the user's language. */

const zh = require('./zh');
const en = require('./en');

/** @typedef {typeof zh} Texts */

/** @param {string} language as WeChat or a browser names it: zh_CN, zh-TW, en … */
function textsFor(language) {
  return /^zh/i.test(language) ? zh : en;
}

/**
 * Chinese leaves a space beside Latin letters, and none within itself.
 *
 * @param {string} text
 * @param {Record<string, string | number>} values
 */
function fill(text, values) {
  return text
    .replace(/\{(\w+)\}/g, (_, name) => String(values[name]))
    .replace(/([\u4e00-\u9fff]) (?=[\u4e00-\u9fff])/g, '$1');
}

module.exports = { zh, en, textsFor, fill };
