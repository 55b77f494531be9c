// @ts-check
import assert from 'node:assert/strict';
import { register } from 'node:module';
import { test } from 'node:test';
import { FRESH, decide, median } from '../../player/law.js';
import { Timeline } from '../../player/timeline.js';

register('../alias.js', import.meta.url);
const { follows, plan } = await import('../../player/plan.js');
const { item, playing } = await import('./world.js');

const [a, b, c] = ['a', 'b', 'c'].map((id) => item(id));
const later = 60_000;

test('correcting starts at three milliseconds and stops at one', () => {
  assert.equal(decide(2.9, 0, later, FRESH).rate, 1);
  const begun = decide(3, 0, later, FRESH);
  assert.ok(begun.rate < 1 && begun.memory.correcting);
  assert.ok(decide(1.5, 0, later, begun.memory).rate < 1);
  assert.equal(decide(1, 0, later, begun.memory).rate, 1);
});

test('the rate takes the error away in four seconds, by one percent at most', () => {
  assert.equal(decide(-8, 0, later, FRESH).rate, 1.002);
  assert.equal(decide(50, 0, later, FRESH).rate, 0.99);
});

test('it seeks from 60 ms at first and from 80 later, once in three seconds', () => {
  assert.ok(decide(65, 0, 1_000, FRESH).seek);
  assert.ok(!decide(65, 0, later, FRESH).seek);
  const { memory } = decide(100, 0, later, FRESH);
  assert.ok(!decide(100, 2_999, later, memory).seek);
  assert.ok(decide(100, 3_000, later, memory).seek);
});

test('what lands to the sample starts anew where an echo would be heard', () => {
  assert.ok(decide(26, 0, later, FRESH, true).seek);
  assert.ok(!decide(24, 0, later, FRESH, true).seek);
  assert.ok(decide(-16, 0, 1_000, FRESH, true).seek);
});

test('after three seeks in a row it takes twice as much, until it has settled', () => {
  let memory = FRESH;
  for (let seek = 0; seek < 3; seek++) ({ memory } = decide(100, seek * 3_000, later, memory));
  assert.ok(!decide(100, 9_000, later, memory).seek);
  assert.ok(decide(170, 9_000, later, memory).seek);
  ({ memory } = decide(0.5, 10_000, later, memory));
  assert.ok(decide(100, 12_000, later, memory).seek);
});

test('held by the law, an error of any size is gone within sixteen seconds', () => {
  for (const start of [-79, -20, 5, 40, 79]) {
    let [error, memory, now] = [start, FRESH, 0];
    for (; now < 16_000; now += 250) {
      const decision = decide(error, now, later, memory);
      ({ memory } = decision);
      error = decision.seek ? 0 : error + (decision.rate - 1) * 250;
    }
    assert.ok(Math.abs(error) <= 3, `${start}: ${error}`);
  }
});

test('the median is not moved by an outlier', () => {
  assert.equal(median([1, 2, 900, 3, 2]), 2);
  assert.equal(median([]), null);
});

test('a timeline knows where it was at each rate', () => {
  const line = new Timeline(10, 2);
  line.setRate(20, 1.01);
  line.setRate(30, 1);
  assert.deepEqual([15, 25, 35].map((time) => Math.round(line.positionAt(time) * 1e6) / 1e6), [7, 17.05, 27.1]);
});

const state = (current, playback, queue = []) => ({ current, playback, queue });

test('announced ahead, the one before sounds to its end', () => {
  const before = { item: a, playback: playing('a', 1_000) };
  const said = state(b, playing('b', 21_000), [c]);
  assert.deepEqual(plan(said, before, 20_500, false), { now: before, then: { item: b, playback: said.playback }, coming: b });
  assert.equal(plan(said, before, 21_000, false)?.now.item, b);
  assert.equal(plan(said, null, 20_500, false)?.now.item, b);
});

test('a skip, a seek or a pause is no joint', () => {
  const before = { item: a, playback: playing('a', 1_000) };
  assert.ok(follows(before, { item: b, playback: playing('b', 21_010) }));
  assert.ok(!follows(before, { item: b, playback: playing('b', 9_000) }));
  assert.ok(!follows(before, { item: b, playback: playing('b', 21_000, 5) }));
  assert.ok(!follows(before, { item: a, playback: playing('a', 21_000) }));
  assert.ok(!follows({ item: a, playback: { ...before.playback, paused: true } }, { item: b, playback: playing('b', 21_000) }));
});

test('with the server there nobody advances by himself; without it, through everything that has ended', () => {
  const said = state(a, playing('a', 0), [b, c]);
  assert.equal(plan(said, null, 20_500, false)?.now.item, a);
  assert.deepEqual(plan(said, null, 41_000, true)?.now, { item: c, playback: playing('c', 40_000) });
  assert.equal(plan(said, null, 60_000, true), null);
  assert.equal(plan(said, null, 18_000, true)?.then, null);
  assert.deepEqual(plan(said, null, 19_000, true)?.then, { item: b, playback: playing('b', 20_000) });
});
