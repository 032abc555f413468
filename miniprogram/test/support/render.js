/**
 * Opens a page of the mini program in jsdom: its own WXML drawn by miniprogram-simulate, its
 * own script on a `wx` that the test holds.
 */
const path = require('node:path');
const { JSDOM } = require('jsdom');
const { settle } = require('./clock');

const { window } = new JSDOM('<!doctype html><html><head></head><body></body></html>');
// What miniprogram-simulate expects of a browser, before it is loaded.
for (const name of ['document', 'Event', 'CustomEvent', 'HTMLElement', 'Node', 'Element']) {
  global[name] = window[name];
}
global.window = window;
global.TouchEvent = window.TouchEvent;

const simulate = require('miniprogram-simulate');

// The pages run on the real clock; a page left open must not hold up the end of the tests.
const realSetTimeout = global.setTimeout;
global.setTimeout = (...args) => realSetTimeout(...args).unref();

const ROOT = path.resolve(__dirname, '../..');
// WeChat's own WXML compiler ships for 64-bit Linux only; elsewhere the one in JavaScript does.
const compiler = process.platform === 'linux' && process.arch === 'x64' ? 'official' : 'simulate';

/** miniprogram-simulate knows components only; a page is one whose functions are its methods. */
global.Page = (definition) => {
  const methods = {};
  const fields = {};
  for (const [name, value] of Object.entries(definition)) {
    if (typeof value === 'function') methods[name] = value;
    else if (name !== 'data') fields[name] = value;
  }
  global.Component({ data: definition.data, methods, ready() { Object.assign(this, fields); } });
};

/**
 * @param {string} name such as pages/index/wsLogin
 * @param {object} wx the functions of wx that the page may call
 * @param {object} [app] what getApp() gives
 */
function openPage(name, wx, app = { scanned: '' }) {
  global.wx = wx;
  global.getApp = () => app;
  const id = simulate.load(path.join(ROOT, name), { compiler, rootPath: path.join(ROOT, 'pages') });
  const page = simulate.render(id);
  page.attach(document.createElement('div'));
  return {
    instance: page.instance,
    dom: page.dom,

    /** All that a reader of the page sees. */
    text: () => page.dom.textContent.replace(/\s+/g, ' ').trim(),

    find: (selector) => page.querySelector(selector),

    all: (selector) => page.querySelectorAll(selector),

    settle,

    /** The words on the buttons, in their order. */
    buttons: () => page.querySelectorAll('.action').map((button) => button.dom.textContent.trim()),

    async tap(words, index = 0) {
      const all = page.querySelectorAll('.action').filter((it) => it.dom.textContent.trim() === words);
      const button = all[index];
      if (!button) throw new Error(`no button says ${words}: ${page.dom.textContent}`);
      button.dispatchEvent('tap');
      await settle();
    },

    async send(selector, event, detail) {
      page.querySelector(selector).dispatchEvent(event, { detail });
      await settle();
    },
  };
}

module.exports = { openPage };
