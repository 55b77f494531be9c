// @ts-check
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClockEstimate, RoomClock } from '../src/clock.js';

/** A seeded generator (mulberry32): the same figures every time. */
function seeded(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The error of an estimate after 64 probes, in milliseconds. */
function errorOf(random, delay) {
  const estimate = new ClockEstimate();
  for (let probe = 0; probe < 64; probe++) {
    const t0 = probe * 31;
    const [out, back] = [delay(random, 'out'), delay(random, 'back')];
    estimate.add({ t0, t1: t0 + out, t2: t0 + out, t3: t0 + out + back });
  }
  return estimate.offset(64 * 31);
}

/** Median and 95th percentile of how far two listeners are apart. */
function pairs(delay) {
  const random = seeded(7);
  const apart = Array.from({ length: 1000 }, () => Math.abs(errorOf(random, delay) - errorOf(random, delay))).sort((a, b) => a - b);
  return [apart[500], apart[950]];
}

test('two listeners agree within what the plan says, over jitter of 50 ± 20 ms', () => {
  const [median, p95] = pairs((random) => 50 + (random() * 2 - 1) * 20);
  assert.ok(median < 2.5 && p95 < 6, `${median} / ${p95}`);
});

test('one direction that is congested most of the time does not mislead', () => {
  const [median, p95] = pairs((random, way) => 30 + random() * 20 + (way === 'back' && random() < 0.6 ? random() * 150 : 0));
  assert.ok(median < 4 && p95 < 10, `${median} / ${p95}`);
});

test('a clock that runs fast is followed once samples span half a minute', () => {
  const estimate = new ClockEstimate();
  const random = seeded(3);
  const server = (local) => 1000 + local * (1 + 50e-6);
  for (let probe = 0; probe < 64; probe++) {
    const t0 = probe * 5000;
    const [out, back] = [20 + random() * 2, 20 + random() * 2];
    estimate.add({ t0, t1: server(t0 + out), t2: server(t0 + out), t3: t0 + out + back });
  }
  const at = 64 * 5000 + 60_000;
  assert.ok(Math.abs(estimate.offset(at) - (server(at) - at)) < 1.5);
});

test('what is shown moves by at most a millisecond a second, and jumps beyond a hundred', () => {
  let local = 0;
  const clock = new RoomClock(() => local);
  const probe = (offset) => clock.add({ t0: local, t1: local + offset + 10, t2: local + offset + 10, t3: local + 20 }, 'c_1');
  for (let count = 0; count < 64; count++) probe(500);
  assert.equal(clock.now() - local, 500);
  for (let count = 0; count < 64; count++) probe(510);
  local += 1000;
  assert.ok(Math.abs(clock.now() - local - 501) < 1e-9, 'one millisecond in a second');
  for (let count = 0; count < 64; count++) probe(900);
  assert.ok(Math.abs(clock.now() - local - 900) < 1e-9, 'far off: at once');
});

test('another run of the server\'s clock starts over', () => {
  const clock = new RoomClock(() => 0);
  for (let count = 0; count < 64; count++) clock.add({ t0: 0, t1: 5, t2: 5, t3: 10 }, 'c_1');
  clock.add({ t0: 0, t1: 1_000_005, t2: 1_000_005, t3: 10 }, 'c_2');
  assert.equal(clock.estimate.count, 1);
  assert.equal(clock.now(), 1_000_000);
});
