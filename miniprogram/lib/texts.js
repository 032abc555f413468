/** The words of the user's language. */

const zh = require('./zh');
const en = require('./en');

/** @typedef {typeof zh} Texts */

/** @param {string} language as WeChat or a browser names it: zh_CN, zh-TW, en … */
function textsFor(language) {
  return /^zh/i.test(language) ? zh : en;
}

/**
 * @param {string} text
 * @param {Record<string, string | number>} values
 */
function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}

module.exports = { zh, en, textsFor, fill };
