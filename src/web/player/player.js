// @ts-check
/**
 * Plays what the room plays, in step: schedules decoded tracks to the sample, measures what is
 * really heard, and corrects it by rate, or by starting anew. Draws nothing.
 */
import { FRESH, decide, median } from './law.js';
import { MediaKeys } from './session.js';
import { Output } from './output.js';
import { plan } from './plan.js';
import { positionAt } from '../../protocol/playback.js';
import { Voice } from './voice.js';

/** Readings every so often; a decision on the median of five. */
const READ_MS = 50;
const READINGS = 5;
/** A start must be this far ahead to be scheduled, in seconds. */
const AHEAD = 0.06;
/** The next track is fetched and decoded this long before its start. */
const PRELOAD_MS = 20_000;
/** A next start is scheduled this long before it, when the server is away. */
const SCHEDULE_MS = 1_500;
/** Drift is reported this often, and first this soon. */
const REPORT_MS = 10_000;
const FIRST_REPORT_MS = 3_000;
/** Decoded tracks kept: what played, what plays, what comes. */
const DECODED = 3;

/**
 * @typedef {'idle' | 'loading' | 'playing' | 'waiting' | 'paused' | 'blocked' | 'failed'} Status
 * @typedef {{ status: Status, drift_ms: number | null, error: unknown }} PlayerState
 * @typedef {import('/protocol/room.js').Room} Room
 */

/**
 * Call it from a click: that is what lets the browser make sound.
 * @param {{ room: Room, audioContext?: AudioContext, fetch?: typeof fetch }} options
 */
export function createPlayer(options) {
  return new Player(options);
}

export class Player {
  /** @param {{ room: Room, audioContext?: AudioContext, fetch?: typeof fetch }} options */
  constructor({ room, audioContext, fetch = globalThis.fetch.bind(globalThis) }) {
    this.room = room;
    this.fetch = fetch;
    this.context = audioContext ?? new AudioContext({ latencyHint: 'interactive' });
    this.master = this.context.createGain();
    this.master.connect(this.context.destination);
    this.output = new Output(this.context, room.clock.local);
    /** @type {PlayerState} */
    this.state = Object.freeze({ status: /** @type {Status} */ ('idle'), drift_ms: null, error: null });
    /** @type {Set<(state: PlayerState) => void>} */
    this.listeners = new Set();
    /** @type {Map<string, Promise<AudioBuffer>>} */
    this.decoded = new Map();
    /** What sounds, or is scheduled to. @type {Voice | null} */
    this.voice = null;
    /** The one before, until it has ended. @type {Voice | null} */
    this.tail = null;
    /** What the voice was made for. */
    this.key = '';
    /** @type {number[]} */
    this.errors = [];
    this.memory = FRESH;
    this.since = room.clock.local();
    this.reportedAt = -Infinity;
    this.reported = '';
    this.nudge = 0;
    this.volume = 1;
    this.muted = false;
    this.ticks = 0;
    this.keys = new MediaKeys({ play: () => this.key_('play'), pause: () => this.key_('pause'), nexttrack: () => this.key_('skip') });
    /** Why the item before this one is over. @type {{ item: string, reason: string } | null} */
    this.lastEnded = null;
    this.ends = [
      room.on('event', ({ event }) => {
        if (event.type === 'playback.changed' && event.ended) this.lastEnded = event.ended;
        this.follow();
      }),
      room.subscribe((_, what) => what !== 'presence' && what !== 'tally' && what !== 'event' && this.follow()),
    ];
    this.context.onstatechange = () => this.follow();
    this.timer = setInterval(() => this.tick(), READ_MS);
    this.context.resume().catch(() => {});
    this.follow();
  }

  /** @param {(state: PlayerState) => void} listener */
  subscribe(listener) {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /** @param {Partial<PlayerState>} change */
  set(change) {
    const next = { ...this.state, ...change };
    if (next.status === this.state.status && next.drift_ms === this.state.drift_ms && next.error === this.state.error) return;
    this.state = Object.freeze(next);
    for (const listener of [...this.listeners]) listener(this.state);
  }

  /** Lets the browser make sound: call it from a tap. */
  async unblock() {
    await this.context.resume();
    this.follow();
  }

  /** @param {number} volume 0 to 1 */
  setVolume(volume) {
    this.volume = Math.max(0, Math.min(1, volume));
    this.applyVolume();
  }

  /** @param {boolean} muted */
  setMuted(muted) {
    this.muted = muted;
    this.applyVolume();
  }

  applyVolume() {
    // Loudness is heard by the square, about.
    this.master.gain.setTargetAtTime(this.muted ? 0 : this.volume ** 2, this.context.currentTime, 0.01);
  }

  /** Hears everything earlier (positive) by so many milliseconds, for this output device. @param {number} milliseconds */
  setNudge(milliseconds) {
    this.nudge = Math.max(-500, Math.min(500, milliseconds));
  }

  dispose() {
    clearInterval(this.timer);
    for (const end of this.ends) end();
    this.keys.dispose();
    this.context.onstatechange = null;
    if (this.context.state !== 'closed') this.context.close().catch(() => {});
  }

  /** @param {'play' | 'pause' | 'skip'} action */
  key_(action) {
    const { current, playback } = this.room.state;
    if (!current || !playback) return;
    if (action === 'skip') this.room.skip(current.id).catch(() => {});
    else this.room[action](current.id).catch(() => this.setMuted(action === 'pause'));
  }

  // ---- Following the room

  /** What should be heard now. */
  planned() {
    return plan(this.room.state, this.room.clock.now(), this.room.state.status !== 'joined');
  }

  /** Brings what sounds in line with what the room says. */
  follow() {
    const planned = this.room.state.status === 'closed' || !this.room.clock.playable ? null : this.planned();
    if (!planned) {
      this.silence();
      this.keys.show(null, false);
      this.set({ status: this.room.state.current && this.room.state.status !== 'closed' ? 'loading' : 'idle', drift_ms: null });
      return;
    }
    const { item, playback } = planned;
    this.keys.show(item, !playback.paused);
    if (playback.paused) {
      this.silence();
      this.set({ status: 'paused', drift_ms: null });
      this.load(item.track.url).catch(() => {});
      return;
    }
    if (this.context.state !== 'running') {
      this.set({ status: 'blocked', drift_ms: null });
      this.tell(item.id, 'blocked');
      return;
    }
    const key = `${playback.item} ${playback.position_ms} ${playback.at_ms} ${this.room.clock.runs}`;
    if (key !== this.key) this.start(planned, key);
  }

  silence() {
    this.voice?.stop();
    this.tail?.stop();
    this.voice = this.tail = null;
    this.key = '';
    this.errors = [];
  }

  /** @param {import('./plan.js').Plan} planned @param {string} key */
  async start({ item, playback }, key) {
    this.key = key;
    this.errors = [];
    this.memory = FRESH;
    // A track that is over sounds to its end; one that was skipped does not.
    const running = this.voice;
    const goesOn = running && running.item !== item.id && this.endsNaturally(running.item, playback);
    if (running && !goesOn) running.stop();
    if (goesOn) this.tail = running;
    this.voice = null;
    if (!goesOn) this.set({ status: 'loading', drift_ms: null, error: null });
    let buffer;
    try {
      buffer = await this.load(item.track.url);
    } catch (error) {
      if (this.key !== key) return;
      this.set({ status: 'failed', drift_ms: null, error });
      this.tell(item.id, 'failed', 'not playable');
      return;
    }
    if (this.key !== key || this.context.state !== 'running') return;
    this.tell(item.id, 'ready');
    this.sound(item, playback, buffer, false);
  }

  /** Whether the item that sounds ends by itself just when the next starts. @param {string} item @param {import('./plan.js').Playback} next */
  endsNaturally(item, next) {
    const ended = this.lastEnded;
    return this.room.state.status !== 'joined' || (ended?.item === item && ended.reason === 'ended' && next.position_ms === 0);
  }

  /** Schedules a voice at its place. @param {import('./plan.js').Item} item @param {import('./plan.js').Playback} playback @param {AudioBuffer} buffer @param {boolean} anew */
  sound(item, playback, buffer, anew) {
    const local = this.room.clock.toLocal(playback.at_ms) - this.nudge;
    const due = this.output.contextTimeAt(local);
    const soonest = this.context.currentTime + AHEAD;
    const when = Math.max(due, soonest);
    const position = playback.position_ms / 1_000 + (when - due);
    if (position >= buffer.duration) {
      this.set({ status: 'waiting', drift_ms: null });
      return;
    }
    if (anew) this.voice?.stop(when - 0.03);
    const fade = anew || position > 0;
    this.voice = new Voice(this.context, this.master, { item: item.id, buffer, position, when, fade });
    if (this.tail && !this.tail.ended) this.tail.stop(when);
    this.errors = [];
    this.set({ status: when > soonest + 0.05 ? 'waiting' : 'playing', error: null });
  }

  /** Fetches and decodes a track, once. @param {string} url @returns {Promise<AudioBuffer>} */
  load(url) {
    const known = this.decoded.get(url);
    if (known) return known;
    const loading = (async () => {
      const response = await this.fetch(url);
      if (!response.ok) throw new Error(`status ${response.status}`);
      return this.context.decodeAudioData(await response.arrayBuffer());
    })();
    this.decoded.set(url, loading);
    loading.catch(() => this.decoded.delete(url));
    for (const oldest of this.decoded.keys()) {
      if (this.decoded.size <= DECODED) break;
      this.decoded.delete(oldest);
    }
    return loading;
  }

  // ---- Measuring and correcting

  tick() {
    this.output.read();
    const planned = this.planned();
    if (!planned || planned.playback.paused || this.context.state !== 'running' || this.room.state.status === 'closed') return;
    if (this.room.state.status !== 'joined') this.follow();
    this.prepare(planned);
    this.measure(planned);
    if (++this.ticks % READINGS === 0) this.control(planned);
  }

  /** Has the next track ready before it is needed. @param {import('./plan.js').Plan} planned */
  prepare({ next, endsAt }) {
    if (!next || endsAt === null) return;
    const left = endsAt - this.room.clock.now();
    if (left < PRELOAD_MS) this.load(next.track.url).catch(() => {});
    // The server announces the next start one lead ahead; when it is away, we keep time ourselves.
    if (this.room.state.status !== 'joined' && left < SCHEDULE_MS && left > 0 && this.voice?.item !== next.id) {
      const playback = { item: next.id, position_ms: 0, at_ms: endsAt, paused: false };
      const key = `${playback.item} ${playback.position_ms} ${playback.at_ms} ${this.room.clock.runs}`;
      if (this.key !== key) this.start({ item: next, playback, next: null, endsAt: null }, key);
    }
  }

  /** What is heard now, and by how much it is off; null while nothing was measured. */
  heard() {
    const local = this.room.clock.local();
    if (!this.output.known) return null;
    const time = this.output.contextTimeAt(local);
    const voice = [this.voice, this.tail].find((one) => one?.soundsAt(time));
    if (!voice) return null;
    const server_ms = this.room.clock.now(local);
    return { item: voice.item, position_ms: voice.positionAt(time) * 1_000, at: local, server_ms, rate: voice.rate };
  }

  /** @param {import('./plan.js').Plan} planned */
  measure({ item, playback }) {
    const heard = this.heard();
    if (!heard || heard.item !== item.id || heard.server_ms < playback.at_ms + 50) return;
    this.errors = [...this.errors, heard.position_ms - positionAt(playback, heard.server_ms + this.nudge)].slice(-READINGS);
    if (this.state.status !== 'playing') this.set({ status: 'playing' });
  }

  /** @param {import('./plan.js').Plan} planned */
  control({ item, playback }) {
    const error = this.errors.length === READINGS ? median(this.errors) : null;
    if (error === null || !this.voice || this.voice.item !== item.id) return;
    this.set({ drift_ms: Math.round(error * 10) / 10 });
    const now = this.room.clock.local();
    const { rate, seek, memory } = decide(error, now, now - this.since, this.memory);
    this.memory = memory;
    if (seek) {
      this.decoded.get(item.track.url)?.then((buffer) => this.voice?.item === item.id && this.sound(item, playback, buffer, true));
    } else {
      this.voice.setRate(rate);
    }
    const first = this.reportedAt === -Infinity && now - this.since > FIRST_REPORT_MS;
    if (first || now - this.reportedAt > REPORT_MS) {
      this.reportedAt = now;
      this.room.report({ item: item.id, status: 'ready', drift_ms: error, rtt_ms: this.room.clock.quality.rtt_ms });
    }
  }

  /** Says once how an item goes. @param {string} item @param {'ready' | 'blocked' | 'failed'} status @param {string} [reason] */
  tell(item, status, reason) {
    const said = `${item} ${status}`;
    if (said === this.reported) return;
    this.reported = said;
    this.room.report({ item, status, reason, rtt_ms: this.room.clock.quality.rtt_ms });
  }
}
