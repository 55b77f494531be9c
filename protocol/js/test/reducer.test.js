// @ts-check
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { foldPresence, reduce } from '../src/reducer.js';

const folder = fileURLToPath(new URL('../../vectors/', import.meta.url));

const vectors = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.json')) : [];
for (const name of vectors) {
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

const item = (id) => ({ id, track: {}, by: 'm_1', votes: 0, pinned: false });
const start = { room: {}, current: item('q_0'), playback: {}, queue: ['q_1', 'q_2', 'q_3'].map(item), vote: { have: 1, need: 2 }, chat: [], people: { m_1: { name: 'Ada', picture: '/p', role: 'host', muted: false } } };
const fold = (event, state = start) => reduce(/** @type {any} */ (state), { event });
const order = (state) => state.queue.map((one) => one.id);

test('a place is behind an item: the front for null and for what plays, the end for none', () => {
  const added = (more) => order(fold({ type: 'queue.added', items: [item('q_9')], ...more }));
  assert.deepEqual(added({ after: 'q_1' }), ['q_1', 'q_9', 'q_2', 'q_3']);
  assert.deepEqual(added({ after: null }), ['q_9', 'q_1', 'q_2', 'q_3']);
  assert.deepEqual(added({ after: 'q_0' }), ['q_9', 'q_1', 'q_2', 'q_3']);
  assert.deepEqual(added({}), ['q_1', 'q_2', 'q_3', 'q_9']);
  assert.deepEqual(order(fold({ type: 'queue.moved', item: 'q_3', after: null, pinned: true })), ['q_3', 'q_1', 'q_2']);
});

test('a new current item leaves the queue, and takes the vote with it', () => {
  const next = fold({ type: 'playback.changed', playback: { item: 'q_2' }, current: item('q_2'), ended: null });
  assert.deepEqual([order(next), next.current.id, next.vote], [['q_1', 'q_3'], 'q_2', null]);
  const sought = fold({ type: 'playback.changed', playback: { item: 'q_0' }, current: item('q_0'), ended: null });
  assert.deepEqual(sought.vote, { have: 1, need: 2 });
});

test('what is absent of a member stays, and a null picture is none', () => {
  const { people } = fold({ type: 'member.changed', member: 'm_1', picture: null });
  assert.deepEqual(people.m_1, { name: 'Ada', picture: null, role: 'host', muted: false });
});

test('a fold changes nothing of the state that went in', () => {
  const before = structuredClone(start);
  fold({ type: 'queue.shuffled', order: ['q_3', 'q_1', 'q_2'] });
  fold({ type: 'vote.changed', item: 'q_1', have: 3, need: null });
  fold({ type: 'member.erased', member: 'm_1' });
  assert.deepEqual(start, before);
});

test('presence is folded, and repeats change nothing', () => {
  const start = { count: 2, list: ['a', 'b'], sampled: false };
  const notice = { count: 2, joined: ['c'], left: ['a'], sampled: false };
  const once = foldPresence(start, notice);
  assert.deepEqual(once, { count: 2, list: ['b', 'c'], sampled: false });
  assert.deepEqual(foldPresence(once, notice), once);
});
