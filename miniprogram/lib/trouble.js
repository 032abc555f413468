/** The sentence about a problem, beside something that stays on the page. */

const { fill } = require('./texts');

/**
 * @param {string} kind
 * @param {import('./texts').Texts} texts
 * @param {Record<string, string | number>} values
 */
function sentenceOf(kind, texts, values) {
  const screen = kind === 'unexpected' ? undefined : texts.screens[kind];
  return fill(texts.notices[kind] || (screen ? screen.sentence : texts.notices.try_again), values);
}

module.exports = { sentenceOf };
