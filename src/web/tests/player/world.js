// @ts-check
/**
 * A world for the player: time, a room, and an audio context whose sound can be listened to. What
 * is heard is worked out from what was scheduled, never from what the player believes.
 */
import { register } from 'node:module';

register('../alias.js', import.meta.url);
const { createPlayer } = await import('../../player/player.js');

const STEP_MS = 5;
const TICK_MS = 50;

/** An AudioParam: holds its events, and tells its value at a time. */
class Param {
  events = [];
  constructor(value) {
    this.initial = value;
  }
  setValueAtTime(value, time) {
    this.events = [...this.events, { type: 'set', value, time }].sort((a, b) => a.time - b.time);
  }
  linearRampToValueAtTime(value, time) {
    this.events = [...this.events, { type: 'ramp', value, time }].sort((a, b) => a.time - b.time);
  }
  setTargetAtTime(value) {
    this.initial = value;
  }
  cancelScheduledValues(time) {
    this.events = this.events.filter((event) => event.time < time);
  }
  at(time) {
    let [value, since] = [this.initial, 0];
    for (const event of this.events) {
      if (event.time <= time) [value, since] = [event.value, event.time];
      else return event.type === 'ramp' ? value + ((event.value - value) * (time - since)) / (event.time - since) : value;
    }
    return value;
  }
}

class Source {
  playbackRate = new Param(1);
  stops = Infinity;
  constructor(world) {
    this.world = world;
  }
  onended = () => {};
  connect(node) {
    this.gain = node.gain;
  }
  disconnect() {
    // What was rendered before is heard still.
    this.stops = Math.min(this.stops, this.world.context.currentTime);
  }
  start(when, offset) {
    Object.assign(this, { when, offset });
  }
  stop(time = 0) {
    this.stops = time;
  }
  /** The position, in seconds, at a time of the context; null when it is silent. */
  positionAt(time) {
    if (time < this.when || time >= this.stops) return null;
    let [position, from, rate] = [this.offset, this.when, 1];
    for (const event of this.playbackRate.events) {
      if (event.time >= time) break;
      [position, from, rate] = [position + (event.time - from) * rate, event.time, event.value];
    }
    position += (time - from) * rate;
    return position < this.buffer.duration ? position : null;
  }
}

export class World {
  constructor({ latency = 40, ppm = 0, running = true, tracks = {} } = {}) {
    Object.assign(this, { latency, ppm, tracks });
    this.local = 10_000;
    /** Server time minus local time: what is true, and what the clock of the room shows. */
    this.offset = this.shown = 5_000_000;
    this.fetched = [];
    this.reports = [];
    this.sources = [];
    this.handlers = { event: new Set(), change: new Set() };
    this.online = true;
    const world = this;
    this.context = {
      state: running ? 'running' : 'suspended',
      baseLatency: 0.005,
      outputLatency: 0.02,
      destination: {},
      get currentTime() {
        return world.contextTime(world.local);
      },
      getOutputTimestamp: () => ({ contextTime: world.contextTime(world.local - world.latency), performanceTime: world.local }),
      createGain: () => ({ gain: new Param(1), connect() {}, disconnect() {} }),
      createBufferSource: () => (world.sources.push(new Source(world)), world.sources.at(-1)),
      decodeAudioData: async ({ url }) => {
        if (world.tracks[url]?.broken) throw new Error('cannot be decoded');
        return { duration: (world.tracks[url]?.lasts ?? 20_000) / 1_000 };
      },
      resume: async () => {
        if (world.context.state !== 'running' && world.mayPlay) world.setContext('running');
      },
      close: async () => {},
    };
    this.room = {
      state: { status: 'joined', current: null, playback: null, queue: [], presence: { count: 2, list: [], sampled: false } },
      clock: {
        playable: true,
        local: () => this.local,
        now: (at = this.local) => at + this.shown,
        toLocal: (server) => server - this.shown,
        quality: { rtt_ms: 42 },
      },
      on: (type, handler) => (this.handlers[type]?.add(handler), () => this.handlers[type]?.delete(handler)),
      subscribe: (handler) => (this.handlers.change.add(handler), () => this.handlers.change.delete(handler)),
      report: (report) => this.reports.push({ at: this.local, ...report }),
      skip: async () => {},
      pause: async () => {},
      play: async () => {},
    };
    this.stalled = 0;
  }

  setContext(state) {
    if (state !== 'running') this.stoppedAt = this.local;
    else if (this.stoppedAt) this.stalled += this.local - this.stoppedAt;
    this.context.state = state;
    this.context.onstatechange?.();
  }

  contextTime(local) {
    const end = this.context.state === 'running' ? local : Math.min(local, this.stoppedAt ?? 0);
    return Math.max(0, ((end - this.stalled) * (1 + this.ppm * 1e-6)) / 1_000);
  }

  play(options = {}) {
    this.player = createPlayer({
      room: /** @type {any} */ (this.room),
      audioContext: /** @type {any} */ (this.context),
      fetch: /** @type {any} */ (async (url) => {
        this.fetched.push({ url, at: this.local });
        if (!this.online) throw new TypeError('failed to fetch');
        await this.tracks[url]?.slow;
        return { ok: !this.tracks[url]?.missing, status: 404, arrayBuffer: async () => ({ url }) };
      }),
      timers: { setInterval: (run) => (this.tick = run), clearInterval: () => (this.tick = null) },
      ...options,
    });
    return this;
  }

  get server() {
    return this.local + this.offset;
  }

  /** The room's mind changes. */
  say(change, ended = null) {
    this.room.state = { ...this.room.state, ...change };
    for (const handler of this.handlers.event) handler({ event: { type: 'playback.changed', ended } });
  }

  status(status) {
    this.room.state = { ...this.room.state, status };
    for (const handler of this.handlers.change) handler(this.room.state, 'status');
  }

  /** What is put out just now: every track that sounds, its position in milliseconds, how loud. */
  hear() {
    if (this.context.state !== 'running') return [];
    const time = this.contextTime(this.local - this.latency);
    return this.sources.flatMap((source) => {
      const position = source.when === undefined ? null : source.positionAt(time);
      return position === null ? [] : [{ url: source.buffer.url, source, position: position * 1_000, gain: source.gain.at(time) }];
    });
  }

  /** Lets time pass; calls `listen` all the while with what is heard. */
  async pass(ms, listen = (_heard) => {}) {
    const end = this.local + ms;
    while (this.local < end) {
      this.local += STEP_MS;
      if (this.local % TICK_MS < STEP_MS) this.tick?.();
      for (const source of this.sources) this.finish(source);
      await new Promise((resolve) => setImmediate(resolve));
      listen(this.hear());
    }
  }

  finish(source) {
    if (source.done || source.when === undefined) return;
    const time = this.context.currentTime;
    if (time < source.when) return;
    if (time >= source.stops || source.positionAt(time) === null) {
      source.done = true;
      source.onended();
    }
  }
}

export const item = (id, more = {}) => ({ id, track: { url: `/${id}`, provider: 'hosted', title: id, artists: [], duration_ms: 20_000, artwork: null, ...more }, by: 'm_1', votes: 0, pinned: false });
export const playing = (id, at_ms, position_ms = 0) => ({ item: id, position_ms, at_ms, paused: false });
