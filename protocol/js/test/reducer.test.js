// @ts-check
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { foldPresence, reduce } from '../src/reducer.js';

const folder = fileURLToPath(new URL('../../vectors/', import.meta.url));

for (const name of readdirSync(folder).filter((file) => file.endsWith('.json'))) {
  test(`the reducer passes ${name}`, () => {
    const { chat_ring: ring, snapshot, steps } = JSON.parse(readFileSync(folder + name, 'utf8'));
    let state = snapshot;
    let compared = 0;
    for (const { event, state: expected } of steps) {
      state = reduce(state, event, ring);
      if (!expected) continue;
      assert.deepEqual(state, expected, `after event ${event.seq}`);
      compared++;
    }
    assert.ok(compared > 0);
  });
}

test('an event of an unknown type asks for a snapshot', () => {
  assert.equal(reduce(/** @type {any} */ ({ people: {} }), { seq: 1, at: 0, by: null, event: { type: 'new.thing' } }), null);
});

test('presence is folded, and repeats change nothing', () => {
  const start = { count: 2, list: ['a', 'b'], sampled: false };
  const notice = { count: 2, joined: ['c'], left: ['a'], sampled: false };
  const once = foldPresence(start, notice);
  assert.deepEqual(once, { count: 2, list: ['b', 'c'], sampled: false });
  assert.deepEqual(foldPresence(once, notice), once);
});
