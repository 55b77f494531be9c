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

/** A network of 50 ± 20 ms, one whose jitter has a long tail, and one that is congested one way. */
const uniform = (random) => 50 + (random() * 2 - 1) * 20;
const gaussian = (random) => Math.max(1, 50 + 20 * (Array.from({ length: 12 }, random).reduce((sum, one) => sum + one) - 6));
const congested = (random, way) => uniform(random) + (way === 'back' && random() < 0.6 ? random() * 100 : 0);

/** Figures are what the plan's simulation found, in milliseconds, with room for the seed. */
for (const [name, delay, median, p95] of [
  ['uniform jitter', uniform, 1.4, 4.1],
  ['jitter with a tail', gaussian, 3.3, 9.5],
  ['one direction congested most of the time', congested, 2.1, 5.9],
]) {
  test(`after 64 probes two listeners agree within ${median} / ${p95} ms: ${name}`, () => {
    const [found, rarely] = pairs(delay);
    assert.ok(found < median * 1.15 && rarely < p95 * 1.15, `${found} / ${rarely}`);
  });
}

/** Two listeners' distance in milliseconds, at times in seconds, probing as the SDK does. */
function agreement(delay, seconds, most) {
  const random = seeded(9);
  const listener = () => {
    const skew = (random() * 2 - 1) * most;
    const server = (at) => at * (1 + skew);
    let local = 0;
    const clock = new RoomClock(() => local);
    const errors = [];
    let left = 64;
    for (let next = 0; errors.length < seconds.length; next = local + (left-- > 0 ? 31 : pause())) {
      for (; local < next; local = Math.min(next, local + 500)) look();
      local = next;
      const [out, back] = [delay(random, 'out'), delay(random, 'back')];
      clock.add({ t0: local, t1: server(local + out), t2: server(local + out), t3: local + out + back }, 'c_1');
    }
    function pause() {
      left = 3;
      return clock.quality.converged ? 120_000 : 10_000;
    }
    function look() {
      const shown = clock.now();
      if (local >= seconds[errors.length] * 1000) errors.push(shown - server(local));
    }
    return errors;
  };
  const all = Array.from({ length: 100 }, () => [listener(), listener()]);
  return seconds.map((_, place) => {
    const apart = all.map(([one, two]) => Math.abs(one[place] - two[place])).sort((a, b) => a - b);
    return [apart[50], apart[95]];
  });
}

test('two listeners whose crystals differ stay within 5 / 12 ms', () => {
  for (const delay of [uniform, congested]) {
    for (const [median, p95] of agreement(delay, [30, 60, 120, 180, 300, 600], 30e-6)) {
      assert.ok(median < 5 && p95 < 12, `${median} / ${p95}`);
    }
  }
});

test('a single late sample is not taken for skew', () => {
  const estimate = new ClockEstimate();
  const random = seeded(5);
  const probe = (t0, out, back) => estimate.add({ t0, t1: t0 + out, t2: t0 + out, t3: t0 + out + back });
  for (let count = 0; count < 64; count++) probe(count * 31, uniform(random), uniform(random));
  probe(40_000, 38, 30);
  assert.ok(Math.abs(estimate.fit().skew) < 20e-6, `${estimate.fit().skew}`);
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

/** Eight probes, answered at once: `offset` is the server's time minus ours. */
const probes = (clock, offset, id, count = 8) => {
  for (; count > 0; count--) clock.add({ t0: clock.local(), t1: clock.local() + offset, t2: clock.local() + offset, t3: clock.local() }, id);
};

test('another run of the server\'s clock starts over, and time goes on until it is measured', () => {
  const clock = new RoomClock(() => 0);
  probes(clock, 0, 'c_1', 64);
  probes(clock, 1_000_000, 'c_2', 7);
  assert.equal(clock.estimate.count, 7);
  assert.equal(clock.now(), 0);
  probes(clock, 1_000_000, 'c_2', 1);
  assert.equal(clock.now(), 1_000_000);
  assert.ok(clock.playable);
});

test('measuring the same clock anew moves nothing at once', () => {
  let local = 0;
  const clock = new RoomClock(() => local);
  probes(clock, 500, 'c_1', 64);
  clock.now();
  clock.reset();
  assert.equal(clock.now(), 500);
  probes(clock, 530, 'c_1', 64);
  local = 2_000;
  assert.ok(Math.abs(clock.now() - 2_502) < 1e-9, `${clock.now()}`);
});

test('nothing is said of a quality that was not measured', () => {
  const { quality } = new RoomClock(() => 0);
  assert.deepEqual(quality, { offset_ms: null, samples: 0, rtt_ms: null, jitter_ms: null, error_ms: null, converged: false });
});
