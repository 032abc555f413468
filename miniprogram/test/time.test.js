const test = require('node:test');
const assert = require('node:assert/strict');
const { minutesSince, momentOf, secondOf } = require('../lib/time');

const NOW = new Date(2025, 5, 1, 8, 30, 15).getTime();
const ago = (seconds) => new Date(NOW - seconds * 1000).toISOString();

test('an age is told in full minutes', () => {
  assert.equal(minutesSince(ago(0), NOW), 0);
  assert.equal(minutesSince(ago(59), NOW), 0);
  assert.equal(minutesSince(ago(60), NOW), 1);
  assert.equal(minutesSince(ago(14 * 60 + 59), NOW), 14);
});

test('a server whose clock is a little ahead has asked just now', () => {
  assert.equal(minutesSince(ago(-30), NOW), 0);
});

test('of clocks that differ too much no age is told', () => {
  for (const seconds of [-90, 20 * 60, 86400]) assert.equal(minutesSince(ago(seconds), NOW), -1);
  assert.equal(minutesSince('yesterday', NOW), -1);
});

test('today needs no date, another day does', () => {
  assert.equal(secondOf(ago(0), NOW), '08:30:15');
  assert.equal(momentOf(ago(0), NOW), '08:30');
  assert.equal(momentOf(ago(86400), NOW), '2025-05-31 08:30');
  assert.equal(momentOf('', NOW), '');
});
