// @ts-check
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { World, item, playing } from './world.js';

const [a, b, c] = ['a', 'b', 'c'].map((id) => item(id));

/** A world in which `a` plays since `ago`, and is heard. */
async function sounding({ ago = 3_000, queue = [b, c], ...more } = {}) {
  const world = new World(more);
  world.play();
  world.say({ current: a, playback: playing('a', world.server - ago), queue });
  await world.pass(1_500);
  return world;
}

/** How far what is heard is off, in milliseconds; null in silence. */
function off(world, playback = world.room.state.playback) {
  const [heard] = world.hear().filter((one) => one.gain > 0.5);
  return heard ? heard.position - (playback.position_ms + world.server - playback.at_ms) : null;
}

test('a late joiner is heard at the live position within a second, faded in', async () => {
  const world = new World().play();
  world.say({ current: a, playback: playing('a', world.server - 5_000) });
  const gains = [];
  await world.pass(1_000, (heard) => heard.forEach(({ gain }) => gains.push(gain)));
  assert.ok(Math.abs(off(world)) < 1, `${off(world)}`);
  assert.ok(gains[0] < 0.5 && gains.at(-1) === 1);
  assert.equal(world.player.state.status, 'playing');
  assert.deepEqual(world.reports.map(({ item: id, status }) => [id, status]).at(-1), ['a', 'ready']);
});

test('a scheduled start is heard at its time, to a millisecond, and not before', async () => {
  const world = new World({ latency: 87 }).play();
  const at = world.server + 900;
  world.say({ current: a, playback: playing('a', at) });
  let first = null;
  await world.pass(1_500, (heard) => heard.length && (first ??= { server: world.server, position: heard[0].position }));
  assert.ok(Math.abs(first.server - first.position - at) < 1 && first.position < 6, JSON.stringify(first));
  assert.equal(world.player.state.status, 'playing');
});

test('what is said to be heard is what is heard', async () => {
  const world = await sounding({ latency: 133 });
  const [real] = world.hear();
  const said = world.player.heard();
  assert.equal(said.item, 'a');
  assert.ok(Math.abs(said.position_ms - real.position) < 0.5, `${said.position_ms} ${real.position}`);
  assert.ok(Math.abs(said.server_ms - world.server) < 1e-6);
});

test('an audio clock that runs fast is held in line by rate, unheard', async () => {
  const world = await sounding({ ppm: 150, queue: [] });
  const [{ source }] = world.hear();
  for (let second = 0; second < 14; second++) {
    await world.pass(1_000);
    assert.ok(Math.abs(off(world)) < 4, `${off(world)}`);
  }
  assert.equal(world.hear()[0].source, source);
  assert.ok(source.playbackRate.events.every(({ value }) => Math.abs(value - 1) <= 0.01));
});

test('measured drift is measured: half a second in it is known, paused it is not', async () => {
  const world = await sounding();
  assert.ok(Math.abs(world.player.state.drift_ms) < 3);
  world.say({ playback: { item: 'a', position_ms: 4_500, at_ms: world.server, paused: true } });
  assert.equal(world.player.state.drift_ms, null);
  assert.equal(world.player.state.status, 'paused');
});

test('drift is told after three seconds and then every ten, with the round trip', async () => {
  const world = await sounding({ ago: 0, queue: [] });
  await world.pass(14_000);
  const told = world.reports.filter(({ drift_ms }) => drift_ms !== null);
  assert.equal(told.length, 2);
  assert.ok(told.every(({ drift_ms, rtt_ms }) => Math.abs(drift_ms) < 3 && rtt_ms === 42));
});

test('in a room of many each tells its drift more rarely, so that all together tell as often', async () => {
  const world = await sounding({ ago: 0, queue: [] });
  world.room.state.presence.count = 1_000;
  await world.pass(14_000);
  assert.equal(world.reports.filter(({ drift_ms }) => drift_ms !== null).length, 1);
  assert.equal(world.player.reports.every, 100_000);
});

test('an announced advance has no gap and no overlap that is heard', async () => {
  const world = await sounding({ ago: 17_500 });
  const end = world.room.state.playback.at_ms + 20_000;
  world.say({ current: b, playback: playing('b', end), queue: [c] }, { item: 'a', reason: 'ended' });
  let [silent, doubled, lost] = [0, 0, 0];
  await world.pass(2_500, (heard) => {
    if (heard.length === 0) silent++;
    if (heard.length > 1 && heard.every(({ gain }) => gain > 0.9)) doubled++;
    const due = world.server < end ? 20_000 - (end - world.server) : world.server - end;
    if (heard.length > 0 && !heard.some(({ position }) => Math.abs(position - due) < 3)) lost++;
  });
  assert.deepEqual([silent, doubled, lost], [0, 0, 0]);
  assert.equal(world.player.state.item, 'b');
  assert.equal(world.sources.length, 2);
});

test('a skip stops at once, and starts the next one at its time', async () => {
  const world = await sounding();
  const at = world.server + 600;
  world.say({ current: b, playback: playing('b', at), queue: [c] }, { item: 'a', reason: 'skipped' });
  await world.pass(100);
  assert.deepEqual(world.hear(), []);
  await world.pass(1_000);
  assert.ok(Math.abs(off(world)) < 1);
});

test('a seek goes there at its time; the old place is not heard meanwhile', async () => {
  const world = await sounding();
  world.say({ playback: playing('a', world.server + 500, 15_000) });
  await world.pass(100);
  assert.deepEqual(world.hear(), []);
  await world.pass(500);
  assert.ok(Math.abs(off(world)) < 1);
});

test('paused and resumed, it goes on at the same place', async () => {
  const world = await sounding();
  world.say({ playback: { item: 'a', position_ms: 4_500, at_ms: world.server, paused: true } });
  await world.pass(60_000);
  assert.deepEqual(world.hear(), []);
  world.say({ playback: playing('a', world.server + 400, 4_500) });
  await world.pass(600);
  assert.ok(Math.abs(off(world)) < 1);
});

test('the server away, the room plays on: the next starts where the last ends, each once', async () => {
  const world = await sounding();
  world.status('reconnecting');
  const start = world.room.state.playback.at_ms;
  let [silent, lost] = [0, 0];
  await world.pass(45_000, (heard) => {
    if (heard.length === 0) silent++;
    const due = (world.server - start) % 20_000;
    if (heard.length > 0 && !heard.some(({ position }) => Math.abs(position - due) < 3 || Math.abs(position - due - 20_000) < 40)) lost++;
  });
  assert.deepEqual([silent, lost], [0, 0]);
  assert.equal(world.sources.length, 3);
  assert.equal(world.player.state.item, 'c');
  await world.pass(12_000);
  assert.deepEqual([world.player.state.status, world.hear()], ['idle', []]);
});

test('a restart of the server is not heard', async () => {
  const world = await sounding();
  const [{ source }] = world.hear();
  world.status('reconnecting');
  await world.pass(3_000);
  // Another clock, another timeline, and an estimate that is a little off.
  world.offset += 1_000_000;
  world.shown = world.offset + 12;
  world.say({ playback: playing('a', world.room.state.playback.at_ms + 1_000_000) });
  world.status('joined');
  let silent = 0;
  await world.pass(8_000, (heard) => heard.length === 1 && heard[0].source === source && heard[0].gain === 1 ? 0 : silent++);
  assert.equal(silent, 0);
  assert.ok(Math.abs(off(world) - 12) < 3, `${off(world)}`);
});

test('advancing alone, and finding the server there, nothing is heard of it', async () => {
  const world = await sounding();
  world.status('reconnecting');
  await world.pass(17_000);
  assert.equal(world.player.state.item, 'b');
  const made = world.sources.length;
  world.say({ current: b, playback: playing('b', world.room.state.playback.at_ms + 20_000), queue: [c] });
  world.status('joined');
  await world.pass(1_000);
  assert.deepEqual([world.sources.length, world.hear().length], [made, 1]);
});

test('far off, it seeks: one voice fades into the other', async () => {
  const world = await sounding();
  world.shown = world.offset + 300;
  let silent = 0;
  await world.pass(1_500, (heard) => heard.length === 0 && silent++);
  assert.ok(Math.abs(off(world) - 300) < 3, `${off(world)}`);
  assert.ok(silent * 5 < 80, `${silent * 5} ms of silence`);
  assert.equal(world.sources.length, 2);
});

test('sound that stuttered is back in line within a second', async () => {
  const world = await sounding();
  world.stalled += 55;
  await world.pass(900);
  assert.ok(Math.abs(off(world)) < 3, `${off(world)}`);
  assert.equal(world.player.state.status, 'playing');
});

test('a device that takes two seconds to open: the first sound is in line', async () => {
  const world = new World({ running: false });
  world.context.state = 'running';
  world.stoppedAt = 0;
  const opens = world.local + 2_000;
  world.contextTime = (local) => Math.max(0, (local - opens) / 1_000);
  world.play();
  world.say({ current: a, playback: playing('a', world.server) });
  const offs = [];
  await world.pass(3_500, (heard) => heard.length > 0 && offs.push(Math.abs(off(world) ?? 0)));
  assert.ok(offs.length > 100 && Math.max(...offs) < 2, `${offs.length} ${Math.max(...offs)}`);
});

test('refused sound is shown, told, and let out by a tap at the live position', async () => {
  const world = new World({ running: false });
  world.play();
  world.say({ current: a, playback: playing('a', world.server - 2_000) });
  await world.pass(1_000);
  assert.equal(world.player.state.status, 'blocked');
  assert.deepEqual(world.reports.map(({ status }) => status), ['buffering', 'ready', 'blocked'].filter((status) => world.reports.some((report) => report.status === status)));
  assert.equal(world.reports.at(-1).status, 'blocked');
  world.mayPlay = true;
  await world.player.unblock();
  await world.pass(600);
  assert.ok(Math.abs(off(world)) < 1);
  assert.equal(world.player.state.status, 'playing');
  assert.equal(world.reports.at(-1).status, 'ready');
});

test('a context that stood still goes on from where the room is', async () => {
  const world = await sounding();
  world.setContext('interrupted');
  await world.pass(4_000);
  assert.equal(world.player.state.status, 'blocked');
  world.setContext('running');
  await world.pass(700);
  assert.ok(Math.abs(off(world)) < 1, `${off(world)}`);
  assert.equal(world.hear().length, 1);
});

test('another output device is followed', async () => {
  const world = await sounding();
  world.latency = 260;
  await world.pass(3_000);
  assert.ok(Math.abs(off(world)) < 3, `${off(world)}`);
});

test('a track that cannot be decoded is told as failed at once, and fetched ever more rarely', async () => {
  const world = new World({ tracks: { '/a': { broken: true } } }).play();
  world.say({ current: a, playback: playing('a', world.server) });
  await world.pass(200);
  assert.deepEqual([world.player.state.status, world.reports.at(-1).status, world.reports.at(-1).reason], ['failed', 'failed', 'cannot be decoded']);
  await world.pass(15_000);
  assert.ok(world.fetched.length <= 5, `${world.fetched.length}`);
});

test('a track that could not be fetched plays once it can, at the live position', async () => {
  const world = new World().play();
  world.online = false;
  world.say({ current: a, playback: playing('a', world.server) });
  await world.pass(500);
  assert.equal(world.player.state.status, 'failed');
  world.online = true;
  await world.pass(3_000);
  assert.ok(Math.abs(off(world)) < 1);
  assert.deepEqual(world.reports.map(({ status, drift_ms }) => [status, drift_ms === null]).slice(0, 3), [['buffering', true], ['failed', true], ['buffering', true]].slice(0, 2).concat([['ready', true]]));
});

test('what another provider plays is said to be unplayable here', async () => {
  const world = new World().play();
  world.say({ current: item('y', { provider: 'youtube' }), playback: playing('y', world.server) });
  await world.pass(100);
  assert.equal(world.reports.at(-1).status, 'failed');
  assert.deepEqual(world.fetched, []);
});

test('the next one is fetched twenty seconds ahead, not before, and once', async () => {
  const world = new World().play();
  world.say({ current: item('l', { duration_ms: 60_000 }), playback: playing('l', world.server), queue: [b] });
  await world.pass(39_000);
  assert.equal(world.fetched.length, 1);
  await world.pass(15_000);
  assert.deepEqual(world.fetched.map(({ url }) => url), ['/l', '/b']);
});

test('a nudge moves what is heard by as much', async () => {
  const world = await sounding();
  world.player.setNudge(150);
  await world.pass(1_500);
  assert.ok(Math.abs(off(world) - 150) < 3, `${off(world)}`);
  assert.ok(Math.abs(world.player.state.drift_ms) < 3);
});

test('out of the room it is silent; disposed, it does nothing any more', async () => {
  const world = await sounding();
  world.status('closed');
  await world.pass(100);
  assert.deepEqual([world.hear(), world.player.state.status], [[], 'idle']);
  world.player.dispose();
  assert.equal(world.tick, null);
});

test('the last track ends: quiet, and the next one added starts', async () => {
  const world = await sounding({ ago: 18_000, queue: [] });
  await world.pass(1_500);
  world.say({ current: null, playback: null }, { item: 'a', reason: 'ended' });
  await world.pass(500);
  assert.deepEqual([world.hear(), world.player.state.status], [[], 'idle']);
  world.say({ current: b, playback: playing('b', world.server + 400) });
  await world.pass(800);
  assert.ok(Math.abs(off(world)) < 1);
});
