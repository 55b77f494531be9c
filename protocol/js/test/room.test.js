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
      this.wall += next.at - this.now;
      this.now = next.at;
      next.run();
    }
    this.wall += end - this.now;
    this.now = end;
  }
}

/** A server's side of every socket that was opened. */
function setup() {
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
    now: () => time.now, wall: () => time.wall, random: () => 0.5,
  });
  return { time, sockets, room, kept };
}

const snapshot = (more = {}) => ({
  you: { member: 'm_1', role: 'host', token: 'secret' }, epoch: 'e_1', seq: 5, clock: 'c_1', now: 0,
  room: { id: 'abc' }, current: null, playback: null, queue: [], queue_count: 0, vote: null, chat: [], people: {},
  presence: { count: 1, list: ['m_1'], sampled: false }, tally: {}, limits: { chat_ring: 200 }, ...more,
});

function joined(more) {
  const all = setup();
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
