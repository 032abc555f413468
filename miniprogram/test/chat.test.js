const test = require('node:test');
const assert = require('node:assert/strict');
const { openPage } = require('./support/render');
const { chat, closeAll, phone, show, settle } = require('./support/pages');
const { cleaned } = require('../lib/chat');

test.after(closeAll);

/** A chat whose socket is open and whose browser's page is there. */
async function connected(setup) {
  const it = await chat(setup);
  it.server.socket.open();
  it.hear = async (message) => {
    it.server.socket.say(message);
    await settle();
  };
  it.say = async (text) => {
    await it.page.send('.text', 'input', { value: text });
    await it.page.tap('发送');
  };
  await it.hear({ type: 'peer', session: 'session-1', present: true });
  return it;
}

const sent = ({ server }) => server.socket.said.filter(({ type }) => type === 'message');
const lines = (page) => page.all('.line-text').map((line) => line.dom.textContent);

test('the socket is opened with the phone’s token as its first frame, and in no address', async () => {
  const { server } = await connected();
  assert.equal(server.socket.url, 'ws://localhost:8080/ws/phone');
  assert.deepEqual(server.socket.said[0], { type: 'auth', token: 'kept' });
});

test('texts go both ways', async () => {
  const it = await connected();
  assert.ok(it.page.text().includes('电脑上的页面已打开'));
  await it.say('https://example.com/a?b=1');
  assert.deepEqual(sent(it), [{ type: 'message', session: 'session-1', text: 'https://example.com/a?b=1' }]);
  const time = new Date().toISOString();
  await it.hear({ type: 'message', session: 'session-1', from: 'browser', text: '<b>你好</b>', sent_at: time });
  assert.deepEqual(lines(it.page), ['https://example.com/a?b=1', '<b>你好</b>']);
  assert.equal(it.page.all('.line-mine').length, 1);
  assert.equal(it.page.instance.data.view.draft, '');
});

test('another session’s texts are not shown, nor what is no message', async () => {
  const it = await connected();
  await it.hear({ type: 'message', session: 'session-2', from: 'browser', text: 'x', sent_at: '' });
  await it.hear({ type: 'message', session: 'session-1', from: 'browser', text: 7, sent_at: '' });
  await it.hear({ type: 'of_a_newer_server' });
  await it.hear('not json');
  await it.hear('null');
  assert.deepEqual(lines(it.page), []);
});

test('a browser that goes is told, and a text to nobody is marked', async () => {
  const it = await connected();
  await it.hear({ type: 'peer', session: 'session-1', present: false });
  assert.ok(it.page.text().includes('电脑上的页面没有打开'));
  await it.say('你好');
  await it.hear({ type: 'error', code: 'peer_absent', detail: '', retry_in: null });
  assert.ok(it.page.text().includes('没有送到'));
});

test('a text that is too long is kept in the field, with how much has to go', async () => {
  const it = await connected();
  await it.say('😀'.repeat(1003));
  assert.ok(it.page.text().includes('请删去 3 个字'));
  assert.equal(sent(it).length, 0);
  await it.say('😀'.repeat(1000));
  assert.equal(sent(it).length, 1);
});

test('the twenty-first text within ten seconds waits', async () => {
  const it = await connected();
  for (let i = 0; i < 21; i += 1) await it.say(`${i}`);
  assert.equal(sent(it).length, 20);
  assert.ok(it.page.text().includes('请等 10 秒'));
});

test('control characters and halves of characters are left out, newlines stay', () => {
  assert.equal(cleaned('a\r\nb\rc\u0000\u0007d\te\u009f'), 'a\nb\ncd e');
  assert.equal(cleaned('\ud83d\ude00 \ud83dx \ude00y'), '😀 x y');
  assert.equal(cleaned('  \n '), '');
});

test('an empty text sends nothing', async () => {
  const it = await connected();
  await it.say('   ');
  assert.equal(sent(it).length, 0);
});

test('before the socket is open a text stays in the field', async () => {
  const it = await chat();
  await it.page.send('.text', 'input', { value: '你好' });
  await it.page.tap('发送');
  assert.ok(it.page.text().includes('还没有连接上'));
  assert.equal(it.page.instance.data.view.draft, '你好');
});

test('the background closes the socket, and coming back opens another', async () => {
  const it = await connected();
  it.page.instance.onHide();
  assert.equal(it.server.socket.isOpen, false);
  it.page.instance.onShow();
  await settle();
  assert.equal(it.server.sockets.length, 2);
});

for (const [code, sentence] of [[4001, '另一个窗口'], [1008, '发得太快'], [1009, '连接已断开'], [1002, '连接已断开']]) {
  test(`after ${code} it waits for a tap`, async () => {
    const it = await connected();
    it.server.socket.cut(code);
    await settle();
    assert.ok(it.page.text().includes(sentence), it.page.text());
    await it.page.tap('重新连接');
    assert.equal(it.server.sockets.length, 2);
  });
}

test('in English all of it is', async () => {
  const { page, server } = await chat({ language: 'en' });
  server.socket.open();
  await settle();
  assert.doesNotMatch(page.text(), /[\u4e00-\u9fff]/);
});

test('of the five sockets that WeChat allows a phone takes one, however many pages lie on each other', async () => {
  const { server, wx } = phone();
  const pages = [];
  const open = () => server.sockets.filter((socket) => socket.isOpen).length;
  for (let number = 0; number < 8; number += 1) {
    if (pages.length > 0) pages[pages.length - 1].instance.onHide();
    pages.push(await show(openPage('pages/chat/chat', wx.api), { session: `session-${number}`, name: 'Chrome' }));
    server.socket.open();
    assert.equal(open(), 1);
  }
  while (pages.length > 1) {
    pages.pop().instance.onUnload();
    pages[pages.length - 1].instance.onShow();
    await settle();
    server.socket.open();
    assert.equal(open(), 1);
  }
});
