/**
 * WeChat as the logic sees it: the only library file that touches `wx`.
 *
 * @typedef {import('./api').Platform} Platform
 * @typedef {import('./api').TransportAnswer} TransportAnswer
 */

/** @type {Record<number, 'timeout' | 'interrupted' | 'address_refused'>} */
const REASON_OF_ERRNO = {
  5: 'timeout',
  600002: 'address_refused', // not in the list of request domains
  600003: 'interrupted', // the user left for a while
  600009: 'address_refused', // not an address at all
};

/** @returns {Platform} */
function createPlatform() {
  return {
    request: ({ method, url, headers, data, timeout }) =>
      new Promise((resolve) => {
        wx.request({
          method,
          url,
          header: headers,
          data,
          timeout,
          success: ({ statusCode, data: body }) =>
            resolve({ ok: true, status: statusCode, data: parsed(body) }),
          fail: (error) => resolve({ ok: false, reason: reasonOf(error) }),
        });
      }),

    login: () =>
      new Promise((resolve) => {
        wx.login({
          timeout: 10000,
          success: ({ code }) => resolve(code || ''),
          fail: () => resolve(''),
        });
      }),

    // Storage that fails costs no more than another wx.login.
    load: (key) =>
      new Promise((resolve) => {
        wx.getStorage({
          key,
          encrypt: true,
          success: ({ data }) => resolve(data),
          fail: () => resolve(undefined),
        });
      }),

    save: (key, data) =>
      new Promise((resolve) => {
        wx.setStorage({ key, data, encrypt: true, complete: () => resolve() });
      }),

    forget: (key) =>
      new Promise((resolve) => {
        wx.removeStorage({ key, complete: () => resolve() });
      }),

    delay: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),

    now: () => Date.now(),
  };
}

/** @param {{ errno?: number, errMsg?: string }} error older versions of WeChat have no errno */
function reasonOf({ errno, errMsg }) {
  const known = REASON_OF_ERRNO[errno || 0];
  if (known) return known;
  if (/not in domain list/i.test(errMsg || '')) return 'address_refused';
  if (/interrupted/i.test(errMsg || '')) return 'interrupted';
  return /timeout|time out/i.test(errMsg || '') ? 'timeout' : 'network';
}

/** @param {unknown} body WeChat parses most JSON, but need not do so for problem documents */
function parsed(body) {
  if (typeof body !== 'string') return body;
  try {
    return JSON.parse(body);
  } catch (_) {
    return body;
  }
}

/** @returns {string} the language of the user's WeChat, such as zh_CN or en */
function language() {
  try {
    return wx.getAppBaseInfo().language || 'zh_CN';
  } catch (_) {
    return 'zh_CN'; // before base library 2.20.1
  }
}

module.exports = { createPlatform, language };
