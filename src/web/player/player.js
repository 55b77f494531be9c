// @ts-check
/**
 * Plays what the room plays, in step: keeps what sounds as planned (plan.js), measures what is
 * really heard (output.js), and corrects it by rate or by starting anew (law.js). Draws nothing.
 */
import { positionAt } from 'stereo';
import { NOWHERE, hostIn, reach, serverOf } from './elsewhere.js';
import { FRESH, decide, median } from './law.js';
import { Output } from './output.js';
import { plan } from './plan.js';
import { Reports } from './reports.js';
import { MediaKeys } from './session.js';
import { Stream } from './stream.js';
import { DECODED_MS, Tracks, failed } from './tracks.js';
import { Voice } from './voice.js';

/** Readings every so often; a decision on the median of five. */
const READ_MS = 50;
const READINGS = 5;
/** A voice further off than this after a change of the room's mind starts anew, at once. */
const OFF_MS = 80;
/** A start that is scheduled follows the clock, as closely as this, until this long before. */
const PRECISE_MS = 1;
const FIXED_S = 0.15;
/** The browser has this long to let sound out, before it is said to refuse. */
const PATIENCE_MS = 500;
/** An element that failed is tried again after this. */
const BROKEN_MS = 5_000;
/** Nothing is measured so soon after a start. */
const SETTLE_MS = 50;
/** Who serves what an audio element can play. */
const PLAYABLE = new Set(['hosted', 'direct']);

/**
 * @typedef {'idle' | 'loading' | 'playing' | 'waiting' | 'paused' | 'asking' | 'blocked' | 'failed'} Status
 * @typedef {{ status: Status, item: string | null, drift_ms: number | null, error: unknown, origin: string | null, host: string | null }} PlayerState
 *   `drift_ms` is what is heard minus what the room says, as measured; null when it was not. `origin` is the
 *   server that whoever listens is asked about while the status is `asking`, and `host` what people call it
 * @typedef {import('./plan.js').Part} Part
 * @typedef {{ play: () => void, pause: () => void, nexttrack: () => void }} Actions
 * @typedef {object} Options
 * @property {import('stereo').Room} room
 * @property {AudioContext} [audioContext]
 * @property {typeof fetch} [fetch]
 * @property {Partial<Actions>} [actions] what the keyboard's and the lock screen's keys do
 * @property {() => HTMLAudioElement} [element] makes what plays long tracks
 * @property {import('./elsewhere.js').Elsewhere} [elsewhere] the way to other people's servers; without it none is asked for anything
 * @property {{ setInterval: (run: () => void, ms: number) => any, clearInterval: (timer: any) => void }} [timers]
 */

/**
 * Call it from a click: that is what lets the browser make sound.
 * @param {Options} options
 */
export function createPlayer(options) {
  return new Player(options);
}

export class Player {
  /** @param {Options} options */
  constructor({ room, audioContext, fetch = globalThis.fetch.bind(globalThis), actions, element = () => new Audio(), elsewhere = NOWHERE, timers = globalThis }) {
    this.room = room;
    this.element = element;
    this.elsewhere = elsewhere;
    this.timers = timers;
    this.local = room.clock.local;
    this.context = audioContext ?? new AudioContext({ latencyHint: 'interactive' });
    this.master = this.context.createGain();
    this.master.connect(this.context.destination);
    this.output = new Output(this.context, this.local);
    this.tracks = new Tracks({ fetch, decode: (bytes) => this.context.decodeAudioData(bytes), local: this.local, changed: () => this.follow() });
    this.reports = new Reports(room);
    /** @type {PlayerState} */
    this.state = Object.freeze({ status: /** @type {Status} */ ('idle'), item: null, drift_ms: null, error: null, origin: null, host: null });
    /** @type {Set<(state: PlayerState) => void>} */
    this.listeners = new Set();
    /** What sounds or is scheduled to, by item. @type {Map<string, Voice | Stream>} */
    this.voices = new Map();
    /** What each voice was last found to be in line with. @type {WeakMap<Voice | Stream, string>} */
    this.inLine = new WeakMap();
    /** Items whose element failed, and when. @type {Map<string, { error: unknown, at: number }>} */
    this.broken = new Map();
    /** What sounded last: when another item is announced, only this knows where it was. @type {Part | null} */
    this.previous = null;
    /** @type {number[]} */
    this.errors = [];
    this.measured = '';
    this.memory = FRESH;
    /** @type {number | null} */
    this.drift = null;
    /** Since when it sounds without a break; @type {number | null} */
    this.since = null;
    this.made = this.local();
    this.nudge = 0;
    this.volume = 1;
    this.muted = false;
    this.ticks = 0;
    this.elementBlocked = false;
    this.keys = new MediaKeys({ play: () => this.press('play'), pause: () => this.press('pause'), nexttrack: () => this.press('skip'), ...actions });
    this.ends = [
      room.on('event', ({ event }) => event.type === 'playback.changed' && this.follow()),
      room.subscribe((_, what) => ['status', 'snapshot', 'clock', 'queue'].includes(what) && this.follow()),
      elsewhere.subscribe(() => this.follow()),
    ];
    this.context.onstatechange = () => this.contextChanged();
    this.devices = globalThis.navigator?.mediaDevices;
    this.deviceChanged = () => this.output.forget();
    this.devices?.addEventListener?.('devicechange', this.deviceChanged);
    this.timer = timers.setInterval(() => this.tick(), READ_MS);
    this.resume();
    this.follow();
  }

  /** @param {(state: PlayerState) => void} listener */
  subscribe(listener) {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /** @param {PlayerState} next */
  set(next) {
    const { state } = this;
    if (next.status === state.status && next.item === state.item && next.drift_ms === state.drift_ms && next.error === state.error && next.origin === state.origin) return;
    this.state = Object.freeze(next);
    for (const listener of [...this.listeners]) listener(this.state);
  }

  /** Lets the browser make sound, from where the room is now: call it from a tap. */
  async unblock() {
    this.elementBlocked = false;
    await this.resume();
    this.follow();
  }

  resume() {
    return this.context.resume().catch(() => {});
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

  /** Loudness is heard by the square, about. */
  get loudness() {
    return this.muted ? 0 : this.volume ** 2;
  }

  applyVolume() {
    this.master.gain.setTargetAtTime(this.loudness, this.context.currentTime, 0.01);
    for (const voice of this.voices.values()) if (voice instanceof Stream) voice.apply();
  }

  /** Hears everything earlier (positive) by so many milliseconds, for this output device. @param {number} milliseconds */
  setNudge(milliseconds) {
    this.nudge = Math.max(-500, Math.min(500, milliseconds));
    this.errors = [];
  }

  dispose() {
    this.timers.clearInterval(this.timer);
    for (const end of this.ends) end();
    this.devices?.removeEventListener?.('devicechange', this.deviceChanged);
    this.silence();
    this.tracks.keep([]);
    this.keys.dispose();
    this.context.onstatechange = null;
    if (this.context.state !== 'closed') this.context.close().catch(() => {});
  }

  /** @param {'play' | 'pause' | 'skip'} action */
  press(action) {
    const { current } = this.room.state;
    if (!current) return;
    if (action === 'play') this.unblock();
    if (action === 'skip') this.room.skip(current.id).catch(() => {});
    // Who may not stop it for everyone stops hearing it.
    else this.room[action](current.id).then(() => this.setMuted(false), () => this.setMuted(action === 'pause'));
  }

  contextChanged() {
    this.output.forget();
    // What had begun stood still meanwhile: from the live position, then.
    for (const voice of this.voices.values()) if (voice instanceof Voice) voice.stop();
    this.follow();
  }

  // ---- Following the room

  get alone() {
    return this.room.state.status !== 'joined';
  }

  /** What should be heard now. */
  planned() {
    if (this.room.state.status === 'closed' || !this.room.clock.playable) return null;
    return plan(this.room.state, this.previous, this.room.clock.now() + this.nudge, this.alone);
  }

  /** Brings what sounds in line with what the room says. */
  follow() {
    this.endWithdrawn();
    const planned = this.planned();
    this.previous = planned && !planned.now.playback.paused ? planned.now : null;
    this.reports.follow(this.room.state);
    this.tracks.keep([planned?.now, planned?.then].map((part) => part?.item.track.url).concat(planned?.coming?.track.url));
    if (planned?.coming) this.load(planned.coming);
    this.keys.show(planned?.now.item ?? null, planned !== null && !planned.now.playback.paused && this.load(planned.now.item) !== 'asking');
    if (!planned || planned.now.playback.paused) {
      this.silence();
      if (planned) this.load(planned.now.item);
      this.show(planned);
      return;
    }
    const wanted = [planned.now, planned.then].flatMap((part) => part ?? []);
    for (const [item, voice] of this.voices) {
      if (!voice.ended && wanted.some((part) => part.item.id === item)) continue;
      voice.stop();
      this.voices.delete(item);
    }
    for (const part of wanted) this.bringInLine(part);
    // Its end is the next one's start, whatever its file says.
    if (planned.then && this.voices.has(planned.then.item.id)) this.voices.get(planned.now.item.id)?.stop(this.localOf(planned.then));
    this.show(planned);
  }

  /** What its listener took back is over at once, and does not fade. */
  endWithdrawn() {
    for (const [item, voice] of this.voices) {
      if (!(voice instanceof Stream) || voice.origin === null || this.elsewhere.allowed(voice.origin)) continue;
      voice.end();
      this.voices.delete(item);
      this.since = null;
      this.errors = [];
    }
  }

  /** When a part's start is to be heard, by the page's clock. @param {Part} part */
  localOf({ playback }) {
    return this.room.clock.toLocal(playback.at_ms) - this.nudge;
  }

  /** @param {Part} part */
  bringInLine(part) {
    const { item, playback } = part;
    const voice = this.voices.get(item.id);
    if (!voice || voice.ended || voice.stopping) {
      this.sound(part, null);
      return;
    }
    const key = `${playback.position_ms} ${playback.at_ms} ${this.nudge}`;
    const [local, start] = [this.local(), this.localOf(part)];
    if (voice instanceof Voice && !voice.begun(FIXED_S)) {
      if (Math.abs(voice.positionAt(start) - playback.position_ms) > PRECISE_MS) this.sound(part, voice);
      return;
    }
    if (this.inLine.get(voice) === key) return;
    this.inLine.set(voice, key);
    // The room changed its mind, or its clock: nobody hears it when nothing much is different.
    const then = Math.max(local, start);
    const off = voice.positionAt(then) - (playback.position_ms + then - start);
    if (Math.abs(off) > OFF_MS) this.sound(part, voice);
    else this.errors = [];
  }

  silence() {
    for (const voice of this.voices.values()) voice.stop();
    this.voices.clear();
    this.since = null;
    this.drift = null;
    this.errors = [];
  }

  /**
   * What there is of an item; begins to load it. `stream`: an element plays it. `asking`: its listener has to
   * allow its server first.
   * @param {import('./plan.js').Item} item @returns {import('./tracks.js').Loaded | 'stream' | 'asking'}
   */
  load({ id, track }) {
    const there = track.provider === 'direct' ? reach(this.elsewhere, track.url) : null;
    if (there === 'asking') return there;
    const broken = this.broken.get(id);
    if (broken && this.local() - broken.at < BROKEN_MS) return failed(broken.error);
    if (!PLAYABLE.has(track.provider ?? 'hosted')) return failed(new Error(`cannot play ${track.provider}`));
    return there ?? (track.duration_ms > DECODED_MS ? 'stream' : this.tracks.get(track.url));
  }

  /** Makes a part sound at its place, instead of a voice that is not. @param {Part} part @param {Voice | Stream | null} instead */
  sound(part, instead) {
    if (this.context.state !== 'running' || this.elementBlocked) return;
    const { item, playback } = part;
    const line = { position_ms: playback.position_ms, at: this.localOf(part) };
    const loaded = this.load(item);
    if (loaded === 'asking') return;
    if (loaded === 'stream') {
      if (instead instanceof Stream) instead.seek(line);
      else this.stream(part, line);
      return;
    }
    if (!loaded.buffer) return;
    const reached = playback.position_ms + Math.max(0, this.local() - line.at);
    if (reached >= loaded.buffer.duration * 1_000 - SETTLE_MS) return;
    // Too early to know when it would be heard: better a moment later than off.
    if (!this.output.ready) return;
    const fade = playback.position_ms > 0 || instead !== null;
    const voice = new Voice({ context: this.context, out: this.master, output: this.output }, loaded.buffer, { item: item.id, ...line, fade });
    instead?.stop();
    this.keep(part, voice);
  }

  /** @param {Part} part @param {Voice | Stream} voice */
  keep({ item, playback }, voice) {
    this.voices.set(item.id, voice);
    this.inLine.set(voice, `${playback.position_ms} ${playback.at_ms} ${this.nudge}`);
    this.since ??= this.local();
    this.errors = [];
  }

  /** @param {Part} part @param {{ position_ms: number, at: number }} line */
  stream(part, line) {
    const { item } = part;
    const origin = serverOf(item.track);
    const element = origin === null ? this.element() : this.elsewhere.element(origin);
    if (!element) return;
    const around = {
      local: this.local,
      volume: () => this.loudness,
      blocked: () => {
        this.elementBlocked = true;
        this.silence();
        this.follow();
      },
      failed: (/** @type {unknown} */ error) => {
        this.broken = new Map([[item.id, { error: error ?? new Error('the element failed'), at: this.local() }]]);
        this.voices.get(item.id)?.stop();
        this.voices.delete(item.id);
        this.follow();
      },
    };
    this.keep(part, new Stream(element, around, { item: item.id, url: item.track.url, origin, ...line }));
  }

  // ---- What is shown, and told to the room

  /** @param {import('./plan.js').Plan | null} planned */
  show(planned) {
    const status = this.statusOf(planned);
    const { current } = this.room.state;
    const loaded = planned && this.load(planned.now.item);
    const error = status === 'failed' && loaded && typeof loaded === 'object' ? loaded.error : null;
    const origin = status === 'asking' && planned ? serverOf(planned.now.item.track) : null;
    if (status !== 'playing') this.drift = null;
    this.set({ status, item: planned?.now.item.id ?? null, drift_ms: this.drift, error, origin, host: origin && hostIn(origin) });
    if (!current || !planned || planned.now.playback.paused) return;
    if (status === 'blocked') this.reports.say(current.id, 'blocked');
    else if (current.id === planned.now.item.id || current.id === planned.then?.item.id) this.tell(current);
  }

  /** @param {import('./plan.js').Plan | null} planned @returns {Status} */
  statusOf(planned) {
    if (!planned) return this.room.state.current && !this.room.clock.playable && this.room.state.status !== 'closed' ? 'loading' : 'idle';
    // Before anything else: neither a tap nor the room's going on would let it be heard.
    if (this.load(planned.now.item) === 'asking') return 'asking';
    if (planned.now.playback.paused) return 'paused';
    if (this.elementBlocked) return 'blocked';
    if (this.context.state !== 'running') return this.local() - this.made < PATIENCE_MS ? 'loading' : 'blocked';
    const loaded = this.load(planned.now.item);
    if (typeof loaded === 'object' && loaded.state === 'failed') return 'failed';
    const voice = this.voices.get(planned.now.item.id);
    if (voice && voice.heardAt(this.local()) !== null) return 'playing';
    if (typeof loaded !== 'object') return this.local() < this.localOf(planned.now) ? 'waiting' : 'loading';
    return loaded.state === 'loading' ? 'loading' : 'waiting';
  }

  /** How the current item goes here. @param {import('./plan.js').Item} item */
  tell(item) {
    const loaded = this.load(item);
    // It waits for a word of theirs: nobody else's music ends for it.
    if (loaded === 'asking') this.reports.say(item.id, 'blocked');
    else if (loaded === 'stream') this.reports.say(item.id, this.voices.get(item.id)?.heardAt(this.local()) == null ? 'buffering' : 'ready');
    else if (loaded.state === 'failed') this.reports.say(item.id, 'failed', loaded.error instanceof Error ? loaded.error.message : 'not playable');
    else this.reports.say(item.id, loaded.state === 'ready' ? 'ready' : 'buffering');
  }

  // ---- Measuring and correcting

  tick() {
    this.output.read();
    this.follow();
    const planned = this.planned();
    if (!planned || planned.now.playback.paused || this.room.state.status === 'closed') return;
    this.measure(planned.now);
    if (++this.ticks % READINGS === 0) this.control(planned.now);
  }

  /** What is really heard now, read from what is put out; null while nothing is, or nothing was measured. */
  heard() {
    const local = this.local();
    // The newest of two that overlap: the other one fades.
    for (const voice of [...this.voices.values()].reverse()) {
      const position_ms = voice.heardAt(local);
      if (position_ms !== null) return { item: voice.item, position_ms, at: local, server_ms: this.room.clock.now(local), rate: voice.rate };
    }
    return null;
  }

  /** @param {Part} part */
  measure({ item, playback }) {
    const local = this.local();
    const server = this.room.clock.now(local) + this.nudge;
    const position = this.voices.get(item.id)?.heardAt(local) ?? null;
    if (this.measured !== item.id) this.errors = [];
    this.measured = item.id;
    if (position === null || server < playback.at_ms + SETTLE_MS) return;
    this.errors = [...this.errors, position - positionAt(playback, server)].slice(-READINGS);
  }

  /** @param {Part} part */
  control(part) {
    const error = this.errors.length === READINGS ? median(this.errors) : null;
    const voice = this.voices.get(part.item.id);
    if (error === null || !voice || voice.ended) return;
    const now = this.local();
    const playing = now - (this.since ?? now);
    const { rate, seek, memory } = decide(error, now, playing, this.memory, voice instanceof Voice);
    this.memory = memory;
    if (seek) this.sound(part, voice);
    else voice.setRate(rate);
    this.drift = Math.round(error * 10) / 10;
    this.reports.measured(part.item.id, error, now, playing);
    this.set({ ...this.state, drift_ms: this.drift });
  }
}
