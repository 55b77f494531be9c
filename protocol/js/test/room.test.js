// @ts-check
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backoff, connect } from '../src/stereo.js';

/** Time that moves when it is told to. */
class Time {
  now = 0;
  wall = 0;
  /** @type {{ at: number, run: () => void, id: number }[]} */
  timers = [];
  last = 0;
  setTimeout = (run, wait = 0) => {
    this.timers.push({ at: this.now + wait, run, id: ++this.last });
    return this.last;
  };
  clearTimeout = (id) => {
    this.timers = this.timers.filter((timer) => timer.id !== id);
  };
  pass(milliseconds) {
    const end = this.now + milliseconds;
    for (;;) {
      const next = this.timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.timers = this.timers.filter((timer) => timer !== next);
      const late = Math.max(0, next.at - this.now);
      this.wall += late;
      this.now += late;
      next.run();
    }
    this.wall += end - this.now;
    this.now = end;
  }
}

/** A server's side of every socket that was opened. */
function setup(more = {}) {
  const time = new Time();
  const sockets = [];
  class Socket {
    readyState = 0;
    sent = [];
    constructor(url, protocol) {
      Object.assign(this, { url, protocol });
      sockets.push(this);
    }
    open() {
      this.readyState = 1;
      this.onopen?.();
    }
    send(text) {
      this.sent.push(JSON.parse(text));
    }
    say(message) {
      this.onmessage?.({ data: JSON.stringify({ jsonrpc: '2.0', ...message }) });
    }
    event(seq, event, more = {}) {
      this.say({ method: 'event', params: { seq, at: 0, by: 'm_1', event, ...more } });
    }
    asked(method) {
      return this.sent.findLast((request) => request.method === method);
    }
    close(code = 1005) {
      this.drop(code);
    }
    drop(code) {
      if (this.readyState === 3) return;
      this.readyState = 3;
      this.onclose?.({ code });
    }
  }
  const kept = new Map();
  const storage = { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value), removeItem: (key) => kept.delete(key) };
  const room = connect({
    url: 'http://host/rooms/abc', name: 'Ada', storage, WebSocket: /** @type {any} */ (Socket), timers: /** @type {any} */ (time),
    now: () => time.now, wall: () => time.wall, random: () => 0.5, ...more,
  });
  return { time, sockets, room, kept };
}

const snapshot = (more = {}) => ({
  you: { member: 'm_1', role: 'host', token: 'secret' }, epoch: 'e_1', seq: 5, clock: 'c_1', now: 0,
  room: { id: 'abc' }, current: null, playback: null, queue: [], queue_count: 0, vote: null, chat: [], people: {},
  presence: { count: 1, list: ['m_1'], sampled: false }, tally: {}, limits: { chat_ring: 200 }, ...more,
});

function joined(more, options) {
  const all = setup(options);
  const [socket] = all.sockets;
  socket.open();
  socket.say({ id: socket.asked('join').id, result: snapshot(more) });
  return { ...all, socket };
}

const chat = (id) => ({ type: 'chat.added', message: { id, by: 'm_1', at: 0, text: id } });
const texts = (room) => room.state.chat.map((message) => message.id);
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('joins with a name, and keeps the token', () => {
  const { socket, room, kept } = joined();
  assert.equal(socket.url, 'ws://host/rooms/abc/socket');
  assert.equal(socket.protocol, 'stereo.v1');
  assert.equal(socket.asked('join').params.name, 'Ada');
  assert.equal(room.state.status, 'joined');
  assert.equal(kept.get('abc'), 'secret');
});

test('sends 64 probes in two seconds, and then a few now and then', () => {
  const { socket, time } = joined();
  const answer = () => {
    for (const probe of socket.sent.filter((request) => request.method === 'clock' && !request.done)) {
      probe.done = true;
      socket.say({ id: 'c', result: { t0: probe.params.t0, t1: 7, t2: 7, clock: 'c_1' } });
    }
  };
  for (let step = 0; step < 80; step++) {
    time.pass(25);
    answer();
  }
  assert.equal(socket.sent.filter((request) => request.method === 'clock').length, 64);
  for (let step = 0; step < 130; step++) {
    time.pass(1000);
    answer();
  }
  const probes = socket.sent.filter((request) => request.method === 'clock').length;
  assert.ok(probes > 64 && probes <= 64 + 13 * 4, `${probes}`);
});

test('a gap is filled from the ring, and nothing is applied twice', async () => {
  const { socket, room } = joined();
  socket.event(6, chat('a'));
  socket.event(6, chat('a'));
  socket.event(9, chat('d'));
  const asked = socket.asked('events');
  assert.deepEqual(asked.params, { epoch: 'e_1', after: 6 });
  socket.event(10, chat('e'));
  const missed = [7, 8, 9].map((seq) => ({ seq, at: 0, by: null, event: chat(['b', 'c', 'd'][seq - 7]) }));
  socket.say({ id: asked.id, result: { epoch: 'e_1', seq: 9, events: missed } });
  await settled();
  assert.deepEqual(texts(room), ['a', 'b', 'c', 'd', 'e']);
  assert.equal(room.state.seq, 10);
});

test('a gap that the ring does not hold any more, or an unknown event, brings a snapshot', async () => {
  const { socket, room } = joined();
  socket.event(9, chat('d'));
  socket.say({ id: socket.asked('events').id, error: { code: -32003, message: '', data: { kind: 'conflict' } } });
  await settled();
  socket.event(10, chat('e'));
  socket.say({ id: socket.asked('snapshot').id, result: snapshot({ seq: 9, chat: [{ id: 'x', by: 'm_1', at: 0, text: 'x' }] }) });
  await settled();
  assert.deepEqual(texts(room), ['x', 'e']);
  socket.event(11, { type: 'new.thing' });
  assert.ok(socket.sent.filter((request) => request.method === 'snapshot').length === 2);
});

test('after a lost connection it resumes, and a call is sent again under the same op', async () => {
  const { socket, sockets, room, time } = joined();
  const answer = room.say('hello');
  const first = socket.asked('chat.send');
  socket.drop(1006);
  assert.equal(room.state.status, 'reconnecting');
  time.pass(250);
  const again = sockets[1];
  again.open();
  const join = again.asked('join');
  assert.deepEqual(join.params.resume, { epoch: 'e_1', seq: 5 });
  assert.equal(join.params.token, 'secret');
  again.say({ id: join.id, result: { ...snapshot({ seq: 6 }), missed: [{ seq: 6, at: 0, by: 'm_1', event: chat('hello') }] } });
  const second = again.asked('chat.send');
  assert.equal(second.params.op, first.params.op);
  again.say({ id: second.id, result: { seq: 6, changed: true } });
  assert.equal((await answer).seq, 6);
  assert.deepEqual(texts(room), ['hello']);
});

test('the server says when to come back, and whether', () => {
  const { socket, sockets, room, time } = joined();
  socket.say({ method: 'closing', params: { reason: 'restart', reconnect_after_ms: 1830 } });
  socket.drop(4000);
  time.pass(1829);
  assert.equal(sockets.length, 1);
  time.pass(1);
  assert.equal(sockets.length, 2);
  sockets[1].drop(4500);
  assert.equal(room.state.status, 'closed');
  assert.equal(room.state.reason.code, 4500);
  time.pass(100_000);
  assert.equal(sockets.length, 2);
});

test('waits with full jitter, doubling to half a minute', () => {
  assert.equal(backoff(0, () => 1), 500);
  assert.equal(backoff(3, () => 1), 4000);
  assert.equal(backoff(50, () => 1), 30_000);
  assert.equal(backoff(3, () => 0), 0);
});

test('sleep is noticed: the socket is replaced though it says that it is open', () => {
  const { socket, sockets, room, time } = joined();
  time.pass(100);
  time.wall += 600_000;
  time.pass(2000);
  assert.equal(socket.readyState, 3);
  assert.equal(sockets.length, 2);
  assert.equal(room.clock.estimate.count, 0, 'the samples are void');
});

test('a probe that stays unanswered means a dead socket', () => {
  const { sockets, time } = joined();
  time.pass(8000);
  assert.equal(sockets.length, 2);
});

test('the rest of a long queue is fetched, with what happens meanwhile', async () => {
  const item = (id) => ({ id, track: {}, by: 'm_1', votes: 0, pinned: false });
  const { socket, room } = joined({ queue: [item('q_1')], queue_count: 3 });
  const asked = socket.asked('queue');
  socket.event(6, { type: 'queue.removed', items: ['q_2'] });
  socket.say({ id: asked.id, result: { seq: 6, items: [item('q_1'), item('q_3')], count: 2, people: {} } });
  socket.event(7, { type: 'queue.added', items: [item('q_4')], after: 'q_3' });
  await settled();
  assert.deepEqual(room.state.queue.map((one) => one.id), ['q_1', 'q_3', 'q_4']);
});

test('an erased member is dropped everywhere', () => {
  const { socket, room } = joined();
  socket.say({ method: 'presence', params: { count: 2, joined: ['m_2'], left: [], sampled: false, people: { m_2: { name: 'Bo', picture: null } } } });
  assert.equal(room.state.people.m_2.name, 'Bo');
  socket.event(6, { type: 'chat.added', message: { id: 'x', by: 'm_2', at: 0, text: 'hi' } }, { people: { m_2: { name: 'Bo', picture: null } } });
  socket.event(7, { type: 'member.erased', member: 'm_2' });
  assert.equal(room.state.people.m_2, undefined);
  assert.deepEqual(texts(room), []);
});

const refusal = (kind, data = {}) => ({ code: -32000, message: kind, data: { kind, retry: false, ...data } });
const item = (id) => ({ id, track: { duration_ms: 20_000 }, by: 'm_1', votes: 0, pinned: false });
const ids = (room) => room.state.queue.map((one) => one.id);

test('a code from 4500, or one that coming back would only repeat, ends it', () => {
  for (const code of [1000, 1002, 1009, 4500, 4501, 4502, 4503, 4504, 4505]) {
    const { socket, sockets, room, time } = joined();
    socket.drop(code);
    time.pass(100_000);
    assert.deepEqual([room.state.status, room.state.reason.code, sockets.length], ['closed', code, 1]);
  }
  for (const code of [1001, 1005, 1006, 1011, 4000, 4001, 4002, 4003, 4499]) {
    const { socket, sockets, room, time } = joined();
    socket.drop(code);
    assert.equal(room.state.status, 'reconnecting');
    time.pass(250);
    assert.equal(sockets.length, 2);
  }
});

test('who may not join because of the account or the session was not removed from the room', () => {
  for (const [data, code] of [[{}, 4500], [{ field: 'account' }, 0], [{ field: 'session' }, 0]]) {
    const { socket, sockets, room, time } = joined();
    socket.drop(4003);
    time.pass(250);
    sockets[1].open();
    sockets[1].say({ id: sockets[1].asked('join').id, error: refusal('not_allowed', data) });
    assert.deepEqual(room.state.reason, { code, kind: 'not_allowed', ...data });
  }
});

test('who has signed in joins again at once, on a new socket, and goes on where they were', () => {
  const { socket, sockets, room, time } = joined();
  room.rejoin();
  assert.equal(socket.readyState, 3);
  time.pass(0);
  sockets[1].open();
  const { params } = sockets[1].asked('join');
  assert.deepEqual([params.token, params.resume], ['secret', { epoch: 'e_1', seq: 5 }]);
  room.close();
  room.rejoin();
  time.pass(100_000);
  assert.equal(sockets.length, 2, 'who has left stays away');
});

test('who joins again by their own wish has lost nothing, until the connection in its place is lost', () => {
  const { sockets, room, time } = joined();
  const seen = [];
  room.subscribe(({ status, rejoining }) => seen.push([status, rejoining]));
  room.rejoin();
  time.pass(0);
  sockets[1].open();
  sockets[1].say({ id: sockets[1].asked('join').id, result: snapshot() });
  assert.deepEqual([room.state.status, room.state.rejoining], ['joined', false]);
  assert.ok(!seen.some(([status, rejoining]) => status === 'reconnecting' && !rejoining), JSON.stringify(seen));
  room.rejoin();
  time.pass(0);
  sockets[2].drop(1006);
  assert.deepEqual([room.state.status, room.state.rejoining], ['reconnecting', false]);
  sockets[1].drop(1006);
  assert.deepEqual([room.state.status, room.state.rejoining], ['reconnecting', false], 'what was left says nothing');
});

test('a server that takes us in and drops us at once is asked ever more rarely', () => {
  const { sockets, time } = joined();
  for (let round = 0; round < 6; round++) {
    const socket = sockets.at(-1);
    socket.drop(1011);
    const before = sockets.length;
    time.pass(250 * 2 ** round - 1);
    assert.equal(sockets.length, before, `round ${round}`);
    time.pass(1);
    assert.equal(sockets.length, before + 1);
    sockets.at(-1).open();
    sockets.at(-1).say({ id: sockets.at(-1).asked('join').id, result: snapshot() });
  }
});

test('a socket that does not get as far as joining is given up after ten seconds', () => {
  const { sockets, time, room } = setup();
  time.pass(10_300);
  assert.equal(sockets.length, 2);
  assert.equal(room.state.status, 'connecting');
});

test('the network is back: no more waiting', () => {
  const page = new EventTarget();
  const { socket, sockets, room, time } = joined({}, { page });
  socket.drop(1006);
  page.dispatchEvent(new Event('online'));
  assert.equal(sockets.length, 2);
  time.pass(5_000);
  assert.equal(sockets.length, 2);
  room.close();
  page.dispatchEvent(new Event('online'));
  assert.equal(sockets.length, 2);
});

test('a page that stood still asks at once whether its socket lives', () => {
  const { socket, sockets, time } = joined();
  const answer = () => {
    for (const probe of socket.sent.filter((request) => request.method === 'clock' && !request.done)) {
      probe.done = true;
      socket.say({ id: 'c', result: { t0: probe.params.t0, t1: 7, t2: 7, clock: 'c_1' } });
    }
  };
  for (let step = 0; step < 100; step++) {
    time.pass(100);
    answer();
  }
  const before = socket.sent.length;
  // Both clocks went on, timers did not.
  time.now += 60_000;
  time.wall += 60_000;
  time.pass(1_000);
  assert.ok(socket.sent.length > before);
  time.pass(6_000);
  assert.equal(sockets.length, 2);
});

test('the same gap is not asked for again and again', async () => {
  const { socket, room } = joined();
  socket.event(9, chat('d'));
  socket.say({ id: socket.asked('events').id, result: { epoch: 'e_1', seq: 9, events: [] } });
  await settled();
  assert.equal(socket.sent.filter((request) => request.method === 'events').length, 1);
  socket.say({ id: socket.asked('snapshot').id, result: snapshot({ seq: 9, chat: [{ id: 'd', by: 'm_1', at: 0, text: 'd' }] }) });
  await settled();
  assert.deepEqual([texts(room), room.state.seq], [['d'], 9]);
});

test('a snapshot that is refused for now is asked for again', async () => {
  const { socket, room, time } = joined();
  socket.event(6, { type: 'new.thing' });
  socket.say({ id: socket.asked('snapshot').id, error: refusal('rate_limited', { retry: true, retry_after_ms: 700 }) });
  await settled();
  socket.event(7, chat('a'));
  time.pass(700);
  await settled();
  socket.say({ id: socket.asked('snapshot').id, result: snapshot({ seq: 6 }) });
  await settled();
  assert.deepEqual([texts(room), room.state.seq], [['a'], 7]);
});

test('a connection lost before the whole queue was there brings a snapshot, not a fold onto a part', async () => {
  const { socket, sockets, room, time } = joined({ queue: [item('q_1')], queue_count: 3 });
  socket.drop(1006);
  await settled();
  time.pass(250);
  sockets[1].open();
  assert.equal(sockets[1].asked('join').params.resume, null);
  sockets[1].say({ id: sockets[1].asked('join').id, result: snapshot({ queue: ['q_1', 'q_2'].map(item), queue_count: 2 }) });
  assert.deepEqual(ids(room), ['q_1', 'q_2']);
  sockets[1].drop(1006);
  time.pass(500);
  sockets[2].open();
  assert.deepEqual(sockets[2].asked('join').params.resume, { epoch: 'e_1', seq: 5 });
});

test('a queue that changes between two of its pages is read again', async () => {
  const { socket, room } = joined({ queue: [item('q_1')], queue_count: 4 });
  const page = (result) => socket.say({ id: socket.asked('queue').id, ...result });
  page({ result: { seq: 5, items: ['q_1', 'q_2'].map(item), count: 4, people: {} } });
  await settled();
  assert.equal(socket.asked('queue').params.after, 'q_2');
  socket.event(6, { type: 'queue.removed', items: ['q_2'] });
  page({ error: refusal('not_found', { field: 'after' }) });
  await settled();
  assert.equal(socket.asked('queue').params.after, null);
  page({ result: { seq: 6, items: [item('q_1')], count: 3, people: {} } });
  await settled();
  socket.event(7, { type: 'queue.moved', item: 'q_4', after: 'q_1', pinned: false });
  page({ result: { seq: 7, items: [item('q_4'), item('q_3')], count: 3, people: {} } });
  await settled();
  page({ result: { seq: 7, items: ['q_1', 'q_4', 'q_3'].map(item), count: 3, people: { m_9: { name: 'Eve' } } } });
  await settled();
  assert.deepEqual([ids(room), room.state.seq, room.state.people.m_9.name], [['q_1', 'q_4', 'q_3'], 7, 'Eve']);
});

test('what comes before the answer to joining is in there already', () => {
  const { sockets, room } = setup();
  const [socket] = sockets;
  socket.open();
  socket.event(5, chat('early'));
  socket.say({ id: socket.asked('join').id, result: snapshot() });
  socket.event(5, chat('early'));
  assert.deepEqual([texts(room), room.state.seq], [[], 5]);
});

test('a resumption with a hole in it brings a snapshot', async () => {
  const { socket, sockets, room, time } = joined();
  socket.drop(1006);
  time.pass(250);
  const again = sockets[1];
  again.open();
  again.say({ id: again.asked('join').id, result: snapshot({ seq: 8, missed: [{ seq: 6, at: 0, by: null, event: chat('a') }] }) });
  again.say({ id: again.asked('snapshot').id, result: snapshot({ seq: 8 }) });
  await settled();
  assert.equal(room.state.seq, 8);
});

test('another epoch replaces everything', () => {
  const { socket, sockets, room, time } = joined({ chat: [{ id: 'old', by: 'm_1', at: 0, text: 'old' }] });
  socket.drop(4000);
  time.pass(250);
  sockets[1].open();
  sockets[1].say({ id: sockets[1].asked('join').id, result: snapshot({ epoch: 'e_2', seq: 1, clock: 'c_2' }) });
  assert.deepEqual([room.state.epoch, room.state.seq, texts(room)], ['e_2', 1, []]);
  sockets[1].event(2, chat('new'));
  assert.deepEqual(texts(room), ['new']);
});

test('a call that is refused says why; one that is too large is never sent', async () => {
  const { socket, room } = joined();
  const answer = room.add(['t_1', 't_nope']);
  socket.say({ id: socket.asked('queue.add').id, error: { code: -32602, message: 'tracks[1]: no such track', data: { kind: 'not_found', field: 'tracks[1]', retry: false, reference: null } } });
  await assert.rejects(answer, { name: 'StereoError', kind: 'not_found', field: 'tracks[1]', retry: false, reference: null, message: 'tracks[1]: no such track' });
  const before = socket.sent.length;
  await assert.rejects(room.say('é'.repeat(10_000)), { kind: 'too_large' });
  assert.equal(socket.sent.length, before);
});

test('a call made while away is sent once, on joining', async () => {
  const { socket, sockets, room, time } = joined();
  socket.drop(1006);
  const answer = room.skip('q_1');
  room.on('status', (status) => status === 'joined' && room.say('back').catch(() => {}));
  time.pass(250);
  sockets[1].open();
  assert.equal(sockets[1].asked('playback.skip'), undefined);
  sockets[1].say({ id: sockets[1].asked('join').id, result: snapshot({ missed: [] }) });
  assert.equal(sockets[1].sent.filter((request) => request.method === 'playback.skip').length, 1);
  assert.equal(sockets[1].sent.filter((request) => request.method === 'chat.send').length, 1);
  sockets[1].say({ id: sockets[1].asked('playback.skip').id, result: { seq: 5, changed: false } });
  assert.deepEqual(await answer, { seq: 5, changed: false });
});

test('a call older than the server\'s memory is given back, not applied twice', async () => {
  const { socket, sockets, room, time } = joined();
  const answer = room.say('hello');
  socket.drop(1006);
  time.wall += 10 * 60_000;
  time.pass(250);
  sockets[1].open();
  sockets[1].say({ id: sockets[1].asked('join').id, result: snapshot({ missed: [] }) });
  await assert.rejects(answer, { kind: 'unavailable', retry: true });
  assert.equal(sockets[1].asked('chat.send'), undefined);
});

test('a closed room answers nothing any more', async () => {
  const { socket, room } = joined();
  const open = room.say('hello');
  socket.event(6, { type: 'room.closed', reason: 'host' });
  await assert.rejects(open, { kind: 'not_joined' });
  await assert.rejects(room.say('anyone?'), { kind: 'not_joined' });
  assert.deepEqual(room.state.reason, { code: 4501, kind: 'room_closed', reason: 'host' });
  assert.equal(socket.readyState, 3);
});

test('not let in is told as it was said, and not tried again', () => {
  const { sockets, room, time } = setup();
  sockets[0].open();
  sockets[0].say({ id: sockets[0].asked('join').id, error: refusal('not_found') });
  time.pass(60_000);
  assert.deepEqual([room.state.status, room.state.reason, sockets.length], ['closed', { code: 4502, kind: 'not_found' }, 1]);
});

test('told to wait before joining, it waits', () => {
  const { sockets, time } = setup();
  sockets[0].open();
  sockets[0].say({ id: sockets[0].asked('join').id, error: refusal('rate_limited', { retry: true, retry_after_ms: 4_000 }) });
  time.pass(3_999);
  assert.equal(sockets.length, 1);
  time.pass(1);
  assert.equal(sockets.length, 2);
});

test('a ticket is used once; a function gives a new one for each join', async () => {
  const { sockets, time } = setup({ ticket: 'one' });
  sockets[0].open();
  assert.equal(sockets[0].asked('join').params.ticket, 'one');
  sockets[0].say({ id: sockets[0].asked('join').id, result: snapshot() });
  sockets[0].drop(1006);
  time.pass(250);
  sockets[1].open();
  assert.equal(sockets[1].asked('join').params.ticket, null);
  let tickets = 0;
  const fresh = setup({ ticket: async () => `t${++tickets}` });
  fresh.sockets[0].open();
  await settled();
  assert.equal(fresh.sockets[0].asked('join').params.ticket, 't1');
});

test('works without a storage, and with one that throws', () => {
  const broken = () => {
    throw new Error('forbidden');
  };
  for (const storage of [null, { getItem: broken, setItem: broken, removeItem: broken }]) {
    const { socket, sockets, time } = joined({}, { storage });
    socket.drop(1006);
    time.pass(250);
    sockets[1].open();
    assert.equal(sockets[1].asked('join').params.token, 'secret');
  }
});

test('reactions are counted for what plays, and gone with it', () => {
  const { socket, room } = joined({ current: item('q_1'), playback: { item: 'q_1', position_ms: 0, at_ms: 0, paused: false }, tally: { '🔥': 1 } });
  const reactions = [];
  room.on('reaction', (reaction) => reactions.push(reaction));
  assert.deepEqual(room.state.tally, { counts: { '🔥': 1 } });
  socket.say({ method: 'tally', params: { item: 'q_1', counts: { '🔥': 2 }, latest: [['m_2', '🔥']] } });
  socket.say({ method: 'tally', params: { item: 'q_0', counts: { '💤': 9 } } });
  assert.deepEqual([room.state.tally, reactions], [{ counts: { '🔥': 2 } }, [{ member: 'm_2', reaction: '🔥' }]]);
  socket.event(6, { type: 'playback.changed', playback: null, current: null, ended: { item: 'q_1', reason: 'ended' } });
  assert.deepEqual(room.state.tally, { counts: {} });
});

test('the position follows the server\'s clock, stands until a start, and ends with the track', () => {
  const { room } = joined({ current: item('q_1'), playback: { item: 'q_1', position_ms: 1_000, at_ms: 5_000, paused: false } });
  assert.deepEqual([4_000, 5_500, 99_000].map((at) => room.position(at)), [1_000, 1_500, 20_000]);
});

test('a report goes out when there is a room to hear it, and is never kept', () => {
  const { socket, sockets, room, time } = joined();
  room.report({ item: 'q_1', status: 'ready', drift_ms: 0.5, rtt_ms: 40 });
  assert.deepEqual(socket.asked('report'), { jsonrpc: '2.0', method: 'report', params: { item: 'q_1', status: 'ready', drift_ms: 0.5, rtt_ms: 40 } });
  socket.drop(1006);
  room.report({ item: 'q_1', status: 'blocked' });
  time.pass(250);
  sockets[1].open();
  sockets[1].say({ id: sockets[1].asked('join').id, result: snapshot({ missed: [] }) });
  assert.equal(sockets[1].asked('report'), undefined);
});

test('the state that is shown does not change under its reader', () => {
  const { socket, room } = joined();
  const before = room.state;
  socket.event(6, chat('a'));
  assert.ok(Object.isFrozen(before) && before !== room.state);
  assert.deepEqual([before.seq, before.chat.length, room.state.chat.length], [5, 0, 1]);
});

test('full jitter lies anywhere between nothing and the whole wait', () => {
  const waits = Array.from({ length: 2_000 }, () => backoff(4));
  assert.ok(Math.min(...waits) < 500 && Math.max(...waits) > 7_500 && waits.every((wait) => wait >= 0 && wait < 8_000));
});
