const test = require('node:test');
const assert = require('node:assert/strict');
const { createPlatform, readPicture, language } = require('../lib/platform');

const REQUEST = { method: 'GET', url: 'https://login.example.com/', headers: {}, timeout: 1 };

/** What the logic hears of a failure of wx.request. */
async function reasonOf(failure) {
  global.wx = { request: ({ fail }) => fail(failure) };
  return (await createPlatform().request(REQUEST)).reason;
}

for (const [failure, reason] of [
  [{ errno: 5, errMsg: 'request:fail' }, 'timeout'],
  [{ errMsg: 'request:fail timeout' }, 'timeout'],
  [{ errno: 600000, errMsg: 'request:fail' }, 'network'],
  [{ errno: 600001, errMsg: 'request:fail -102' }, 'network'],
  [{ errno: 600002, errMsg: 'request:fail' }, 'address_refused'],
  [{ errMsg: 'request:fail url not in domain list' }, 'address_refused'],
  [{ errno: 600003, errMsg: 'request:fail' }, 'interrupted'],
  [{ errMsg: 'request:fail interrupted' }, 'interrupted'],
  [{ errno: 600007, errMsg: 'request:fail' }, 'too_many'],
  [{ errMsg: 'request:fail exceed max task count' }, 'too_many'],
  [{ errno: 600009, errMsg: 'request:fail' }, 'address_refused'],
  [{}, 'network'],
]) {
  test(`${JSON.stringify(failure)} is ${reason}`, async () => {
    assert.equal(await reasonOf(failure), reason);
  });
}

test('a picture that is small enough is sent as it is', async () => {
  const small = new ArrayBuffer(10);
  global.wx = {
    getFileSystemManager: () => ({ readFile: ({ success }) => success({ data: small }) }),
    compressImage: () => assert.fail('it was compressed'),
  };
  assert.equal(await readPicture('a', 10), small);
});

test('a socket that WeChat does not even open ends once', async () => {
  const ends = [];
  const handlers = { opened() {}, heard() {}, closed: (code) => ends.push(code) };
  global.wx = { connectSocket: () => { throw new Error('sixth socket'); } };
  createPlatform().connect('wss://login.example.com/ws/phone', handlers);
  await new Promise((done) => setTimeout(done));
  assert.deepEqual(ends, [1006]);
});

test('WeChat’s end of a socket, told twice, is one', () => {
  const ends = [];
  const on = {};
  const task = { close() {}, send() {} };
  for (const name of ['Open', 'Message', 'Close', 'Error']) task[`on${name}`] = (act) => (on[name] = act);
  global.wx = { connectSocket: () => task };
  const handlers = { opened() {}, heard() {}, closed: (code) => ends.push(code) };
  createPlatform().connect('wss://login.example.com/ws/phone', handlers);
  on.Error({ errMsg: 'broken' });
  on.Close({ code: 1006 });
  assert.deepEqual(ends, [1006]);
});

test('before base library 2.20.1 the language is taken for Chinese', () => {
  global.wx = {};
  assert.equal(language(), 'zh_CN');
});
