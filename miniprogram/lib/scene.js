/**
 * How the value inside the code reaches us. WeChat has two things called scene: the page's
 * `options.scene` is our value, percent-encoded; the entry options' `scene` is a number that
 * says how the user came in, and there our value stands in `query.scene`.
 *
 * @typedef {object} Target what the user scanned
 * @property {string} scene our 32 characters, or '' when there are none that could be ours
 * @property {boolean} malformed whether something was there that cannot be ours
 * @property {number} entryScene WeChat's number of the entry (1047: a scanned code), 0 if unknown
 *
 * @typedef {object} EntryOptions the part of wx.getEnterOptionsSync() that matters here
 * @property {number} [scene]
 * @property {Record<string, any>} [query]
 */

const OURS = /^[A-Za-z0-9_-]{32}$/;

/**
 * Keeps watch on both places where a scanned value shows up, so that each scan starts exactly
 * one login: on a second scan WeChat should load the page anew, but some versions only show it.
 */
function createSceneReader() {
  /** @type {string | null} */
  let fromPage = null;
  let lastEntry = '';

  return {
    /** @param {Record<string, any>} options what the page's onLoad was given */
    load(options) {
      fromPage = text(options && options.scene);
    },

    /**
     * @param {EntryOptions} entry what wx.getEnterOptionsSync() says in onShow
     * @returns {Target | null} what to log in with, or null when nothing new was scanned
     */
    show(entry) {
      const fromEntry = text(entry.query && entry.query.scene);
      const first = fromPage !== null;
      const raw = first ? fromPage || fromEntry : fromEntry;
      const isNew = first || (fromEntry !== '' && fromEntry !== lastEntry);
      fromPage = null;
      lastEntry = fromEntry;
      return isNew ? parseTarget(raw || '', entry.scene) : null;
    },
  };
}

/**
 * @param {string} raw the value as WeChat hands it over
 * @param {number | undefined} entryScene
 * @returns {Target}
 */
function parseTarget(raw, entryScene) {
  const decoded = decodeOnce(raw);
  const scene = OURS.test(decoded) ? decoded : '';
  return { scene, malformed: raw !== '' && scene === '', entryScene: Number(entryScene) || 0 };
}

/** @param {string} raw */
function decodeOnce(raw) {
  try {
    return decodeURIComponent(raw);
  } catch (_) {
    return ''; // a stray '%': not one of our codes
  }
}

/** @param {unknown} value */
function text(value) {
  return typeof value === 'string' ? value : '';
}

module.exports = { createSceneReader, parseTarget };
