const test = require('node:test');
const assert = require('node:assert/strict');
const { createSceneReader, parseTarget } = require('../lib/scene');

const A = 'A'.repeat(32);
const B = 'b-_9'.repeat(8);

test('a scene is decoded once', () => {
  const encoded = '%41' + 'A'.repeat(31);
  assert.deepEqual(parseTarget(encoded, 1047), { scene: A, malformed: false, entryScene: 1047 });
  assert.equal(parseTarget('%2541' + 'A'.repeat(31), 1047).malformed, true);
});

test('a value that cannot be ours is malformed, and nothing is not', () => {
  for (const raw of ['type%3Dmore', '%', '%E0%A4%A', A + 'A', '扫码']) {
    assert.deepEqual(parseTarget(raw, 1047), { scene: '', malformed: true, entryScene: 1047 });
  }
  assert.deepEqual(parseTarget('', undefined), { scene: '', malformed: false, entryScene: 0 });
});

test('onLoad and the onShow after it are one scan', () => {
  const reader = createSceneReader();
  reader.load({ scene: A });
  assert.equal(reader.show({ scene: 1048, query: { scene: A } }).entryScene, 1048);
  assert.equal(reader.show({ scene: 1048, query: { scene: A } }), null);
});

test('a second scan that only shows the page is seen', () => {
  const reader = createSceneReader();
  reader.load({ scene: A });
  reader.show({ scene: 1047, query: { scene: A } });
  assert.equal(reader.show({ scene: 1049, query: { scene: B } }).scene, B);
});

test('coming back from the background without a code is no scan', () => {
  const reader = createSceneReader();
  reader.load({ scene: A });
  reader.show({ scene: 1047, query: { scene: A } });
  assert.equal(reader.show({ scene: 1089, query: {} }), null);
  assert.equal(reader.show({ scene: 1089 }), null);
});

test("a page opened from inside is not overruled by an older entry's scene", () => {
  const reader = createSceneReader();
  reader.load({ scene: A });
  assert.equal(reader.show({ scene: 1047, query: { scene: B } }).scene, A);
  assert.equal(reader.show({ scene: 1047, query: { scene: B } }), null);
});

test('the entry options help when onLoad was given nothing', () => {
  const reader = createSceneReader();
  reader.load({});
  assert.equal(reader.show({ scene: 1047, query: { scene: A } }).scene, A);
});

test('a page opened with no code at all still starts once', () => {
  const reader = createSceneReader();
  reader.load({});
  assert.deepEqual(reader.show({ scene: 1001, query: {} }), {
    scene: '',
    malformed: false,
    entryScene: 1001,
  });
});
