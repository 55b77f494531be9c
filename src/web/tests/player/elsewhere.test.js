// @ts-check
// Tracks on other people's servers: none is asked for anything before whoever listens allows it.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { World, item, playing } from './world.js';

const ORIGIN = 'https://music.example.org';
const HOST = 'music.example.org';
const track = (id, more = {}) => item(id, { provider: 'direct', url: `${ORIGIN}/${id}.mp3`, ...more });
const [hosted, far] = [item('a'), track('f')];

/** An audio element, as far as a stream knows it: what it is given is asked for at once. */
class Element {
  paused = true;
  seeking = false;
  readyState = 0;
  playbackRate = 1;
  from = 0;
  constructor(world, asked) {
    Object.assign(this, { world, asked });
  }
  set src(url) {
    this.asked.push(url);
    this.readyState = 4;
    queueMicrotask(() => this.onloadedmetadata());
  }
  get currentTime() {
    return this.paused ? this.from : this.from + (this.world.local - this.began) / 1_000;
  }
  set currentTime(seconds) {
    this.from = seconds;
    this.began = this.world.local;
    queueMicrotask(() => this.onseeked());
  }
  async play() {
    this.paused = false;
    this.began = this.world.local;
  }
  pause() {
    this.from = this.currentTime;
    this.paused = true;
  }
  removeAttribute() {
    this.removed = true;
  }
  load() {}
}

/** The way elsewhere: it gives elements to whoever asks, so that nothing but the player asks first. */
class Elsewhere {
  origins = new Set();
  asked = [];
  elements = [];
  changes = new Set();
  found = 'ready';
  constructor(world) {
    this.world = world;
  }
  allowed = (origin) => this.origins.has(origin);
  way = () => this.found;
  subscribe = (changed) => (this.changes.add(changed), () => this.changes.delete(changed));
  element = () => {
    const made = new Element(this.world, this.asked);
    this.elements.push(made);
    return made;
  };
  change(how) {
    how(this);
    for (const changed of this.changes) changed();
  }
  allow = () => this.change(() => this.origins.add(ORIGIN));
  withdraw = () => this.change(() => this.origins.delete(ORIGIN));
}

/** @type {World[]} */
const worlds = [];
// Fades are as long as the world's time: let them end.
after(() => worlds.forEach((world) => (world.local += 1_000)));

/** A world in which a track from elsewhere plays, for whoever listens as well if they allowed it. */
async function sounding({ allowed = false, found = 'ready', current = far, queue = [], ago = 2_000 } = {}) {
  const world = new World();
  worlds.push(world);
  const elsewhere = new Elsewhere(world);
  elsewhere.found = found;
  if (allowed) elsewhere.origins.add(ORIGIN);
  world.play({ elsewhere });
  world.say({ current, playback: playing(current.id, world.server - ago), queue });
  await world.pass(1_000);
  return { world, elsewhere };
}

/** What the room was told of an item. */
const told = (world, id) => world.reports.filter((report) => report.item === id).map(({ status }) => status);

test('a track from elsewhere is not asked for before its listener allows it', async () => {
  const { world, elsewhere } = await sounding();
  await world.pass(10_000);
  assert.deepEqual([elsewhere.asked, elsewhere.elements, world.fetched], [[], [], []]);
  const { status, host, origin, drift_ms } = world.player.state;
  assert.deepEqual([status, host, origin, drift_ms], ['asking', HOST, ORIGIN, null]);
  assert.equal(world.player.heard(), null);
});

test('once it is allowed it plays, at the place where the room is', async () => {
  const { world, elsewhere } = await sounding();
  elsewhere.allow();
  await world.pass(1_000);
  assert.deepEqual(elsewhere.asked, [`${ORIGIN}/f.mp3`]);
  assert.deepEqual([world.player.state.status, world.player.state.host], ['playing', null]);
  const { position_ms, server_ms } = world.player.heard();
  const off = position_ms - (server_ms - world.room.state.playback.at_ms);
  assert.ok(Math.abs(off) < 200, `${off}`);
  assert.equal(told(world, 'f').at(-1), 'ready');
  assert.deepEqual(world.fetched, [], 'the page itself asks for nothing');
});

test('to allow one server is to allow no other', async () => {
  const { world, elsewhere } = await sounding({ allowed: true, current: track('g', { url: 'https://music.example.org:8443/g.mp3' }) });
  assert.deepEqual([elsewhere.asked, world.player.state.status, world.player.state.host], [[], 'asking', 'music.example.org:8443']);
});

test('withdrawing ends it at once', async () => {
  const { world, elsewhere } = await sounding({ allowed: true });
  const [element] = elsewhere.elements;
  assert.equal(element.paused, false);
  elsewhere.withdraw();
  assert.deepEqual([element.paused, element.removed, world.player.state.status, world.player.state.drift_ms], [true, true, 'asking', null]);
  await world.pass(10_000);
  assert.equal(elsewhere.elements.length, 1, 'nothing begins anew');
  assert.equal(told(world, 'f').at(-1), 'blocked');
});

test('what comes next is not loaded ahead from elsewhere', async () => {
  const { world, elsewhere } = await sounding({ current: hosted, queue: [far, track('g')], ago: 15_000 });
  assert.equal(world.player.state.status, 'playing');
  // Announced, it is scheduled; and then its time comes.
  const end = world.room.state.playback.at_ms + 20_000;
  world.say({ current: far, playback: playing('f', end), queue: [track('g')] }, { item: 'a', reason: 'ended' });
  await world.pass(1_000);
  assert.equal(world.player.state.status, 'playing', 'the one before sounds to its end');
  await world.pass(5_000);
  assert.equal(world.player.state.status, 'asking');
  await world.pass(15_000);
  assert.deepEqual([elsewhere.asked, elsewhere.elements, world.fetched.map(({ url }) => url)], [[], [], ['/a']]);
});

test('with the server away, what the room goes on to is not asked for either', async () => {
  const { world, elsewhere } = await sounding({ current: hosted, queue: [far], ago: 15_000 });
  world.status('reconnecting');
  await world.pass(8_000);
  assert.deepEqual([world.player.state.status, world.player.state.item, elsewhere.asked], ['asking', 'f', []]);
});

test('others are not skipped for it: it is reported as blocked', async () => {
  const { world } = await sounding();
  await world.pass(20_000);
  assert.deepEqual(told(world, 'f'), ['blocked']);
});

test('it is asked for while the room is paused, too, and the room is told nothing then', async () => {
  const { world, elsewhere } = await sounding({ current: hosted });
  world.say({ current: far, playback: { item: 'f', position_ms: 0, at_ms: world.server, paused: true } });
  await world.pass(500);
  assert.equal(world.player.state.status, 'asking');
  assert.deepEqual(told(world, 'f'), []);
  elsewhere.allow();
  assert.equal(world.player.state.status, 'paused');
});

test('an address that is none on the web is failed, and asks nobody', async () => {
  for (const url of ['ftp://music.example.org/f.mp3', 'javascript:alert(1)', 'data:audio/wav;base64,AA==', '/f.mp3', '//music.example.org/f.mp3', '']) {
    const { world, elsewhere } = await sounding({ allowed: true, current: track('f', { url }) });
    assert.deepEqual([world.player.state.status, elsewhere.asked, told(world, 'f')], ['failed', [], ['failed']], url);
  }
});

test('while the way there is being made it waits, and begins when that is done', async () => {
  const { world, elsewhere } = await sounding({ allowed: true, found: 'loading' });
  assert.deepEqual([world.player.state.status, elsewhere.elements, told(world, 'f')], ['loading', [], ['buffering']]);
  elsewhere.change((it) => (it.found = 'ready'));
  assert.equal(elsewhere.elements.length, 1);
  await world.pass(500);
  assert.equal(world.player.state.status, 'playing');
});

test('where there is no way there it is failed, and nothing plays', async () => {
  const { world, elsewhere } = await sounding({ allowed: true, found: 'failed' });
  assert.deepEqual([world.player.state.status, elsewhere.elements, told(world, 'f')], ['failed', [], ['failed']]);
  let changes = 0;
  world.player.subscribe(() => changes++);
  await world.pass(2_000);
  assert.equal(changes, 0, 'it is said once');
});

test('by itself a player asks nobody elsewhere', async () => {
  const world = new World().play({ element: () => assert.fail('an element was made') });
  world.say({ current: far, playback: playing('f', world.server - 2_000) });
  await world.pass(1_000);
  assert.deepEqual([world.player.state.status, world.fetched], ['asking', []]);
});

test('what is heard of ours goes on when something elsewhere is allowed or taken back', async () => {
  const { world, elsewhere } = await sounding({ current: hosted });
  const [{ source }] = world.hear();
  elsewhere.allow();
  elsewhere.withdraw();
  await world.pass(200);
  assert.equal(world.hear()[0].source, source);
});

test('disposed, it follows nothing any more', async () => {
  const { world, elsewhere } = await sounding({ allowed: true });
  world.player.dispose();
  assert.equal(elsewhere.changes.size, 0);
});
