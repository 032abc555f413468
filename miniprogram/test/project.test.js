const test = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { zh, en, textsFor } = require('../lib/texts');

const ROOT = path.resolve(__dirname, '..');
const json = (name) => JSON.parse(fs.readFileSync(path.join(ROOT, name), 'utf8'));

test('every page has its four files', () => {
  for (const page of json('app.json').pages) {
    for (const kind of ['js', 'json', 'wxml', 'wxss']) {
      assert.ok(fs.existsSync(path.join(ROOT, `${page}.${kind}`)), `${page}.${kind}`);
    }
  }
});

test('the page that the server puts into its codes exists', () => {
  assert.ok(json('app.json').pages.includes('pages/index/wsLogin'));
});

test('both themes name every colour that app.json uses', () => {
  const used = JSON.stringify(json('app.json')).match(/(?<="@)\w+/g);
  for (const theme of Object.values(json('theme.json'))) {
    assert.deepEqual(Object.keys(theme).sort(), [...used].sort());
  }
});

test('the ready compile modes open pages that exist, for each way to scan', () => {
  const modes = json('project.config.json').condition.miniprogram.list;
  assert.ok(modes.every((mode) => json('app.json').pages.includes(mode.pathName)));
  for (const page of json('app.json').pages) assert.ok(modes.some((mode) => mode.pathName === page), page);
  for (const scene of [1047, 1048, 1049, 1286]) assert.ok(modes.some((mode) => mode.scene === scene));
});

test('nothing of the tests is uploaded', () => {
  const ignored = json('project.config.json').packOptions.ignore.map(({ value }) => value);
  const known = ['app.js', 'app.json', 'app.wxss', 'config.js', 'lib', 'pages', 'sitemap.json', 'theme.json', 'project.config.json'];
  for (const name of fs.readdirSync(ROOT)) {
    const isPrivate = name.startsWith('.') || name === 'project.private.config.json';
    assert.ok(isPrivate || known.includes(name) || ignored.includes(name), name);
  }
});

test('the logic can be used outside WeChat: only the platform names wx', () => {
  for (const name of fs.readdirSync(path.join(ROOT, 'lib'))) {
    const source = fs.readFileSync(path.join(ROOT, 'lib', name), 'utf8').replace(/\/\*[^]*?\*\//g, '');
    const isWeChats = ['platform.js', 'wechat.js'].includes(name);
    assert.equal(/\bwx\.|\bsetTimeout\b|\bPage\(/.test(source), isWeChats, name);
  }
});

test('both languages have the same texts with the same values', () => {
  const shape = (value, at = '') =>
    typeof value === 'string'
      ? [`${at}: ${(value.match(/\{\w+\}/g) || []).sort().join(' ')}`]
      : Object.entries(value).flatMap(([key, inner]) => shape(inner, `${at}.${key}`));
  assert.deepEqual(shape(en).sort(), shape(zh).sort());
});

test('each of the protocol’s warnings has its sentence, and a code that is a link its own', () => {
  const warnings = ['entry_link', 'entry_scene', 'reusable_code', 'code_old', 'network_differs', 'country_differs', 'hosting_network'];
  assert.deepEqual(Object.keys(zh.warnings).sort(), warnings.sort());
});

test('Chinese texts are Chinese and English ones are not', () => {
  const all = (value) => (typeof value === 'string' ? [value] : Object.values(value).flatMap(all));
  for (const text of all(zh)) assert.match(text, /[\u4e00-\u9fff]/);
  for (const text of all(en)) assert.doesNotMatch(text, /[\u3000-\u9fff]/);
});

test('every Chinese gets Chinese, everybody else English', () => {
  for (const language of ['zh_CN', 'zh_TW', 'zh-Hans', 'zh']) assert.equal(textsFor(language), zh);
  for (const language of ['en', 'fr', '']) assert.equal(textsFor(language), en);
});
