const test = require('node:test');
const assert = require('node:assert/strict');
const { profile, closeAll } = require('./support/pages');
const { problemAnswer } = require('./support/server');

test.after(closeAll);

const JPEG = Uint8Array.from([0xff, 0xd8, 0xff, 0xe0]).buffer;
const PNG = Uint8Array.from([0x89, 0x50, 0x4e, 0x47]).buffer;

const AVATAR = 'http://localhost:8080/avatars/7c0e4f3a-1d0b-4f53-9a57-0a9a7b6f4c11';

const choose = (page, detail) => page.send('.avatar-button', 'chooseavatar', detail);
const save = (page, nickname) => page.send('.form', 'submit', { value: { nickname } });

test('a newcomer registers with neither name nor picture', async () => {
  const { page, server } = await profile({ registered: false });
  assert.ok(page.text().includes('注册 Saoma 账号'));
  await save(page, '');
  assert.equal(server.users.get('ming').nickname, null);
  assert.ok(page.text().includes('注册成功'));
});

test('a newcomer registers with both, and the picture goes as bytes', async () => {
  const { page, server, wx } = await profile({ registered: false });
  wx.files.set('wxfile://tmp/a.png', PNG);
  await choose(page, { avatarUrl: 'wxfile://tmp/a.png' });
  assert.equal(server.users.size, 0);
  await save(page, ' 小明 ');
  const user = server.users.get('ming');
  assert.equal(user.nickname, '小明');
  assert.equal(user.avatar_url, AVATAR);
  assert.equal(server.avatarType, 'image/png');
  assert.equal(page.find('.title').dom.textContent, '小明');
});

test('a picture that fails does not undo the registration', async () => {
  const { page, server, wx } = await profile({ registered: false });
  wx.files.set('a', JPEG);
  await choose(page, { avatarUrl: 'a' });
  server.fail('/api/phone/avatar', 'network');
  await save(page, '小明');
  assert.ok(page.text().includes('注册成功'));
  assert.ok(page.text().includes('请检查手机网络'));
});

test('somebody registered changes name and picture', async () => {
  const { page, server, wx } = await profile();
  wx.files.set('a', JPEG);
  await choose(page, { avatarUrl: 'a' });
  assert.ok(page.text().includes('头像已更新'));
  assert.equal(server.avatarType, 'image/jpeg');
  await save(page, '阿明');
  assert.equal(server.users.get('ming').nickname, '阿明');
  assert.ok(page.text().includes('昵称已保存'));
  await save(page, '  ');
  assert.ok(page.text().includes('请先填写昵称'));
});

test('a picture that is too large is made smaller, or refused', async () => {
  const { page, server, wx } = await profile();
  wx.files.set('big', new ArrayBuffer(300 * 1024));
  await choose(page, { avatarUrl: 'big' });
  assert.ok(page.text().includes('太大'));
  wx.files.set('big.small', JPEG);
  await choose(page, { avatarUrl: 'big' });
  assert.ok(page.text().includes('头像已更新'));
  assert.equal(server.users.get('ming').avatar_url, AVATAR);
});

for (const [detail, sentence] of [
  [{ errno: 112, errMsg: 'chooseAvatar:fail api scope is not declared in the privacy agreement' }, '没有声明如何使用'],
  [{ errMsg: 'chooseAvatar:fail api scope is not declared in the privacy agreement' }, '没有声明如何使用'],
  [{ errno: 104, errMsg: 'chooseAvatar:fail privacy permission is not authorized' }, '你没有同意'],
  [{ errno: 103, errMsg: 'chooseAvatar:fail auth deny' }, '你没有同意'],
  [{ errMsg: 'chooseAvatar:fail' }, '没能读取这张图片'],
  [{ avatarUrl: 'nowhere' }, '没能读取这张图片'],
]) {
  test(`${JSON.stringify(detail)} says what to do`, async () => {
    const { page } = await profile();
    await choose(page, detail);
    assert.ok(page.text().includes(sentence), page.text());
  });
}

test('somebody who only changed his mind hears nothing', async () => {
  const { page } = await profile();
  await choose(page, { errMsg: 'chooseAvatar:fail cancel' });
  assert.equal(page.find('.notice'), undefined);
});

test('a picture or a name that the server refuses is told so', async () => {
  for (const [trouble, chinese, english] of [
    [problemAnswer(413, 'too_large'), '图片太大', 'too large'],
    [{ status: 413, data: '<html>' }, '图片太大', 'too large'], // a proxy's
    [problemAnswer(415, 'unsupported_media_type'), 'JPG 或 PNG', 'JPG or PNG'],
    [problemAnswer(422, 'avatar_invalid'), '损坏或像素太多', 'damaged or has too many'],
    [problemAnswer(429, 'slow_down', { retry_in: 361 }), '7 分钟后再试', 'in 7 min'],
    [problemAnswer(503, 'unavailable', { retry_in: 2 }), '服务器没有响应', 'did not answer'],
    ['network', '请检查手机网络', 'phone’s connection'],
  ]) {
    for (const [language, sentence] of [['zh_CN', chinese], ['en', english]]) {
      const { page, server, wx } = await profile({ language });
      wx.files.set('a', JPEG);
      server.fail('/api/phone/avatar', trouble);
      await choose(page, { avatarUrl: 'a' });
      assert.ok(page.text().includes(sentence), page.text());
      await choose(page, { avatarUrl: 'a' });
      assert.equal(page.find('.notice'), undefined);
      assert.equal(server.users.get('ming').avatar_url, AVATAR);
    }
  }
  const { page } = await profile();
  await save(page, 'x'.repeat(33));
  assert.ok(page.text().includes('这个昵称不能使用'));
});

test('signing out ends the phone’s session and asks for nothing until it is wanted', async () => {
  const { page, server, wx } = await profile();
  await page.tap('退出账号');
  assert.equal(server.tokens.size, 0);
  assert.ok(page.text().includes('浏览器上的登录不受影响'));
  assert.equal(wx.storage.get('saoma_phone_session').token, undefined);
  const before = server.calls.length;
  await page.tap('返回首页');
  assert.equal(wx.opened, '/pages/index/index');
  assert.equal(server.calls.length, before);
});

test('signing in again leads back to the account', async () => {
  const { page } = await profile();
  await page.tap('退出账号');
  await page.tap('重新登录');
  assert.ok(page.text().includes('你在 Saoma 的账号'));
});

test('deleting the account says what is lost, and asks once more', async () => {
  const { page, server } = await profile();
  await page.tap('注销账号');
  assert.ok(page.text().includes('无法恢复'));
  await page.tap('取消');
  assert.equal(server.users.size, 1);
  await page.tap('注销账号');
  await page.tap('确认注销');
  assert.equal(server.users.size, 0);
  assert.ok(page.text().includes('账号已注销'));
});

test('nothing is deleted by who was not asked', async () => {
  const { page, server } = await profile();
  page.instance.onDelete();
  await page.settle();
  assert.equal(server.users.size, 1);
});

test('a deletion that failed has deleted nothing, and can be tried again', async () => {
  const { page, server } = await profile();
  await page.tap('注销账号');
  server.fail('/api/phone/account', problemAnswer(503, 'unavailable'));
  await page.tap('确认注销');
  assert.ok(page.text().includes('服务器没有响应'));
  assert.equal(server.users.size, 1);
  await page.tap('确认注销');
  assert.equal(server.users.size, 0);
});

test('a phone session that was revoked is renewed unseen', async () => {
  const { page, server } = await profile();
  server.tokens.clear();
  await save(page, '阿明');
  assert.equal(server.users.get('ming').nickname, '阿明');
  assert.ok(page.text().includes('昵称已保存'));
});

test('WeChat’s login that fails is told, and tried again by the button', async () => {
  const { page, wx } = await profile({ signedIn: false, prepare: (_, it) => it.broken.add('login') });
  assert.ok(page.text().includes('暂时连不上微信的服务'));
  wx.broken.clear();
  await page.tap('重试');
  assert.ok(page.text().includes('你在 Saoma 的账号'));
});

test('guidelines that do not open are told where they are', async () => {
  const { page, wx } = await profile();
  await page.send('.link', 'tap');
  assert.ok(wx.said.some(([name]) => name === 'privacy'));
  assert.equal(page.find('.notice'), undefined);
  wx.broken.add('privacy');
  await page.send('.link', 'tap');
  assert.ok(page.text().includes('右上角'));
});

test('in English all of it is', async () => {
  const { page } = await profile({ language: 'en' });
  await page.tap('Delete account');
  assert.doesNotMatch(page.text(), /[\u4e00-\u9fff]/);
});
