/**
 * WeChat as the logic sees it: the only library file that touches `wx`.
 *
 * @typedef {import('./api').Platform} Platform
 * @typedef {import('./api').TransportAnswer} TransportAnswer
 */

/** @type {Record<number, 'timeout' | 'interrupted' | 'too_many' | 'address_refused'>} */
const REASON_OF_ERRNO = {
  5: 'timeout',
  600002: 'address_refused', // not in the list of request domains
  600003: 'interrupted', // the user left for a while
  600007: 'too_many', // ten at once are all that WeChat allows
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

    connect,

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

/**
 * WeChat tells a socket's end by onClose, by onError, by the call's own fail, by two of them, or,
 * when the user leaves, by none.
 *
 * @param {string} url
 * @param {import('./api').SocketHandlers} handlers
 * @returns {import('./api').Socket}
 */
function connect(url, handlers) {
  let isOver = false;
  /** @param {number} code */
  const over = (code) => {
    if (isOver) return;
    isOver = true;
    handlers.closed(code);
  };
  /** @type {WechatMiniprogram.SocketTask} */
  let task;
  try {
    task = wx.connectSocket({ url, timeout: 10000, fail: () => over(1006) });
    task.onOpen(() => isOver || handlers.opened());
    task.onMessage(({ data }) => isOver || typeof data !== 'string' || handlers.heard(data));
    task.onClose(({ code }) => over(code || 1006));
    task.onError(() => over(1006));
  } catch (_) {
    setTimeout(() => over(1006)); // a sixth socket, or one opened in the background
  }
  return {
    send: (data) => task && task.send({ data, fail: () => over(1006) }),
    close() {
      isOver = true;
      if (task) task.close({ code: 1000 });
    },
  };
}

/**
 * A picture that the user chose, small enough for the server.
 *
 * @param {string} path a temporary file
 * @param {number} most bytes
 * @returns {Promise<ArrayBuffer | null>} null when it cannot be read
 */
async function readPicture(path, most) {
  const picture = await readFile(path);
  if (!picture || picture.byteLength <= most || !wx.compressImage) return picture;
  const smaller = await new Promise((resolve) => {
    wx.compressImage({
      src: path,
      quality: 80,
      compressedWidth: 640,
      success: ({ tempFilePath }) => resolve(tempFilePath),
      fail: () => resolve(''),
    });
  });
  return (smaller && (await readFile(smaller))) || picture;
}

/**
 * @param {string} filePath
 * @returns {Promise<ArrayBuffer | null>}
 */
function readFile(filePath) {
  return new Promise((resolve) => {
    wx.getFileSystemManager().readFile({
      filePath,
      success: ({ data }) => resolve(data instanceof ArrayBuffer ? data : null),
      fail: () => resolve(null),
    });
  });
}

/** @param {{ errno?: number, errMsg?: string }} error older versions of WeChat have no errno */
function reasonOf({ errno, errMsg }) {
  const known = REASON_OF_ERRNO[errno || 0];
  if (known) return known;
  if (/not in domain list/i.test(errMsg || '')) return 'address_refused';
  if (/too many|exceed max/i.test(errMsg || '')) return 'too_many';
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

module.exports = { createPlatform, readPicture, language };
