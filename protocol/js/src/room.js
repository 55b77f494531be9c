// @ts-check
import { backoff } from './backoff.js';
import { Calls } from './calls.js';
import { RoomClock } from './clock.js';
import { StereoError } from './errors.js';
import { positionAt } from './playback.js';
import { Probes } from './probes.js';
import { foldPresence, reduce } from './reducer.js';

/**
 * @typedef {import('./reducer.js').PublicState} PublicState
 * @typedef {import('./reducer.js').Notice} Notice
 * @typedef {{ getItem(key: string): string | null, setItem(key: string, value: string): void, removeItem(key: string): void }} TokenStorage
 * @typedef {'connecting' | 'joined' | 'reconnecting' | 'closed'} Status
 * @typedef {object} Options
 * @property {string} url the room's address, `https://host/rooms/ID` or the socket's
 * @property {string} [name]
 * @property {string} [password]
 * @property {string} [invite]
 * @property {string} [ticket]
 * @property {TokenStorage | null} [storage] where the guest's token is kept, by room id
 * @property {() => number} [now] a monotonic clock in milliseconds
 * @property {() => number} [wall] the wall clock, to notice sleep by
 * @property {typeof WebSocket} [WebSocket]
 * @property {{ setTimeout: typeof setTimeout, clearTimeout: typeof clearTimeout }} [timers]
 * @property {() => number} [random]
 */

const SUBPROTOCOL = 'stereo.v1';
/** Items asked for at once when a queue is longer than its snapshot. */
const QUEUE_PAGE = 500;

/** @type {PublicState} */
const NOTHING = { room: null, current: null, playback: null, queue: [], vote: null, chat: [], people: {} };

/**
 * Joins a room, and stays in it through lost connections until `close` or until the room says no.
 * @param {Options} options
 */
export function connect(options) {
  return new Room(options);
}

/** Somebody's stay in a room. */
export class Room {
  /** @param {Options} options */
  constructor(options) {
    this.options = options;
    this.url = socketUrl(options.url);
    this.roomId = this.url.match(/\/rooms\/([^/]+)\/socket$/)?.[1] ?? this.url;
    const timers = options.timers ?? { setTimeout: globalThis.setTimeout.bind(globalThis), clearTimeout: globalThis.clearTimeout.bind(globalThis) };
    this.timers = timers;
    this.random = options.random ?? Math.random;
    this.storage = options.storage === undefined ? defaultStorage() : options.storage;
    this.clock = new RoomClock(options.now ?? (() => performance.now()));
    this.calls = new Calls();
    this.probes = new Probes({ clock: this.clock, ask: (t0) => this.probe(t0), lost: () => this.replaceSocket() }, timers, options.wall ?? Date.now);

    /** @type {Set<(state: Room['state'], what: string) => void>} */
    this.listeners = new Set();
    /** @type {Map<string, Set<(value: any) => void>>} */
    this.handlers = new Map();

    /** @type {Status} */
    this.status = 'connecting';
    /** @type {any} */
    this.reason = null;
    /** @type {{ member: string, role: string } | null} */
    this.you = null;
    /** @type {string | null} */
    this.epoch = null;
    this.seq = 0;
    /** The guest's token, for this page even without a storage. @type {string | null} */
    this.token = null;
    this.public = NOTHING;
    /** People who are here but whom the public state does not name. @type {PublicState['people']} */
    this.extra = {};
    /** @type {import('./reducer.js').Presence} */
    this.presence = { count: 0, list: [], sampled: false };
    /** @type {Record<string, number>} */
    this.tally = {};
    /** @type {any} */
    this.health = null;
    /** @type {any} */
    this.limits = null;
    /** Events that came while something before them was missing. @type {Notice[]} */
    this.held = [];
    /** What is missing: null, events, the rest of the queue, or everything. @type {null | 'events' | 'queue' | 'snapshot'} */
    this.missing = null;
    this.attempt = 0;
    /** @type {number | null} */
    this.reconnectAfter = null;
    /** @type {WebSocket | null} */
    this.socket = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.reconnectTimer = undefined;
    this.state = this.view();
    this.open();
  }

  // ---- What there is to see

  /** Called after every change, with the state and what changed. @param {(state: Room['state'], what: string) => void} listener */
  subscribe(listener) {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /** @param {string} type event, presence, tally, health, closing, status or reaction @param {(value: any) => void} handler */
  on(type, handler) {
    const handlers = this.handlers.get(type) ?? new Set();
    this.handlers.set(type, handlers.add(handler));
    return () => void handlers.delete(handler);
  }

  /** The position of what plays, in milliseconds; null when nothing does. @param {number} [at] milliseconds of server time */
  position(at = this.clock.now()) {
    const { playback, current } = this.public;
    return playback && current ? Math.min(positionAt(playback, at), current.track.duration_ms) : null;
  }

  view() {
    const { room, current, playback, queue, vote, chat } = this.public;
    return Object.freeze({
      status: this.status, reason: this.reason, you: this.you, epoch: this.epoch, seq: this.seq,
      room, current, playback, queue, vote, chat,
      people: { ...this.extra, ...this.public.people },
      presence: this.presence, tally: this.tally, health: this.health, limits: this.limits,
    });
  }

  /** @param {string} what */
  changed(what) {
    this.state = this.view();
    for (const listener of [...this.listeners]) listener(this.state, what);
  }

  /** @param {string} type @param {any} value */
  emit(type, value) {
    for (const handler of [...(this.handlers.get(type) ?? [])]) handler(value);
  }

  // ---- The socket

  open() {
    const Socket = this.options.WebSocket ?? WebSocket;
    const socket = new Socket(this.url, SUBPROTOCOL);
    this.socket = socket;
    socket.onopen = () => this.socket === socket && this.join();
    socket.onmessage = (event) => this.socket === socket && this.receive(event.data);
    socket.onclose = (event) => this.socket === socket && this.lost(event.code);
    socket.onerror = () => {};
  }

  join() {
    const { name, password, invite, ticket } = this.options;
    const resume = this.epoch === null ? null : { epoch: this.epoch, seq: this.seq };
    const token = this.token ?? this.storage?.getItem(this.roomId) ?? null;
    const params = { name: this.you ? null : (name ?? null), token, ticket: ticket ?? null, password: password ?? null, invite: invite ?? null, resume };
    this.joining = ++this.calls.lastId;
    this.socket?.send(JSON.stringify({ jsonrpc: '2.0', id: this.joining, method: 'join', params }));
  }

  /** @param {number} code */
  lost(code) {
    this.socket = null;
    this.probes.stop();
    this.missing = null;
    this.held = [];
    if (this.status === 'closed') return;
    if (code >= 4500 || this.forgotten) {
      this.end(this.forgotten ? { code, kind: 'forgotten' } : { code });
      return;
    }
    const wait = this.reconnectAfter ?? backoff(this.attempt++, this.random);
    this.reconnectAfter = null;
    this.timers.clearTimeout(this.reconnectTimer);
    this.reconnectTimer = this.timers.setTimeout(() => this.open(), wait);
    if (this.status === 'joined') this.setStatus('reconnecting');
  }

  /** The socket may say that it is open, and be dead: after sleep, for one. */
  replaceSocket() {
    const socket = this.socket;
    if (!socket || this.status === 'closed') return;
    this.socket = null;
    try {
      socket.close();
    } catch {
      // It is being left anyway.
    }
    this.attempt = 0;
    this.reconnectAfter = 0;
    this.lost(4002);
  }

  /** @param {any} reason */
  end(reason) {
    this.reason = reason;
    this.probes.stop();
    this.timers.clearTimeout(this.reconnectTimer);
    this.calls.fail(StereoError.of('not_joined', 'the room is closed for you'));
    this.setStatus('closed');
  }

  /** @param {Status} status */
  setStatus(status) {
    this.status = status;
    this.changed('status');
    this.emit('status', status);
  }

  /** Leaves the room. */
  close() {
    const socket = this.socket;
    this.socket = null;
    if (this.status !== 'closed') this.end({ code: 1000 });
    socket?.close(1000);
  }

  /** @param {string} text */
  send(text) {
    if (this.socket?.readyState !== 1) return false;
    this.socket.send(text);
    return true;
  }

  /** @param {number} t0 */
  probe(t0) {
    return this.send(`{"jsonrpc":"2.0","id":"c","method":"clock","params":{"t0":${t0}}}`);
  }

  /** @param {unknown} data */
  receive(data) {
    const heard = this.clock.local();
    /** @type {any} */
    let message;
    try {
      message = JSON.parse(String(data));
    } catch {
      return;
    }
    if (message.method) this.notified(message.method, message.params ?? {});
    else if (message.id === 'c') this.timed(message.result, heard);
    else if (message.id === this.joining) this.answered(message);
    else this.calls.settle(message);
  }

  /** @param {{ t0: number, t1: number, t2: number, clock: string } | undefined} answer @param {number} t3 */
  timed(answer, t3) {
    if (!answer) return;
    this.probes.answered();
    const { t0, t1, t2, clock } = answer;
    const playable = this.clock.playable;
    const run = this.clock.runs;
    this.clock.add({ t0, t1, t2, t3 }, clock);
    if (run !== this.clock.runs) this.probes.start();
    if (playable !== this.clock.playable) this.changed('clock');
  }

  // ---- Joining

  /** @param {{ result?: any, error?: any }} message */
  answered({ result, error }) {
    this.joining = null;
    if (error) {
      const refusal = new StereoError(error);
      if (refusal.retry) {
        this.reconnectAfter = refusal.retry_after_ms || null;
        this.socket?.close();
        return;
      }
      const socket = this.socket;
      this.socket = null;
      this.end({ kind: refusal.kind, code: refusal.kind === 'not_found' ? 4502 : refusal.kind === 'not_allowed' ? 4500 : 0 });
      socket?.close();
      return;
    }
    this.attempt = 0;
    const { you, epoch, limits, clock } = result;
    if (you.token) {
      this.token = you.token;
      this.storage?.setItem(this.roomId, you.token);
    }
    this.you = { member: you.member, role: you.role };
    this.limits = limits;
    if (this.clock.id !== null && this.clock.id !== clock) this.clock.reset();
    if (result.missed && epoch === this.epoch) {
      this.extra = { ...this.extra, ...result.people };
      for (const notice of result.missed) this.apply(notice);
    } else {
      this.replace(result);
    }
    this.presence = result.presence;
    this.tally = result.tally ?? {};
    this.seq = Math.max(this.seq, result.seq);
    this.probes.start();
    this.setStatus('joined');
    for (const call of [...this.calls.open]) this.send(this.calls.frame(call));
  }

  /** Takes a snapshot in place of everything. @param {any} snapshot */
  replace(snapshot) {
    const { room, current, playback, queue, vote, chat, people } = snapshot;
    this.epoch = snapshot.epoch;
    this.seq = snapshot.seq;
    this.public = { room, current, playback, queue, vote: vote ?? null, chat, people };
    this.extra = {};
    this.held = [];
    this.missing = null;
    if (snapshot.queue_count > queue.length) this.completeQueue();
  }

  // ---- Notifications

  /** @param {string} method @param {any} params */
  notified(method, params) {
    if (method === 'event') this.event(params);
    else if (method === 'presence') {
      this.extra = { ...this.extra, ...params.people };
      this.presence = foldPresence(this.presence, params);
    } else if (method === 'tally') {
      if (params.item !== this.public.current?.id) return;
      this.tally = params.counts;
      for (const [member, reaction] of params.latest ?? []) this.emit('reaction', { member, reaction });
    } else if (method === 'health') this.health = params;
    else if (method === 'closing') this.reconnectAfter = params.reconnect_after_ms;
    else return;
    if (method === 'event') return;
    this.changed(method);
    this.emit(method, params);
  }

  /** @param {Notice} notice */
  event(notice) {
    if (this.missing !== null) {
      this.held.push(notice);
      return;
    }
    if (notice.seq <= this.seq) return;
    if (notice.seq > this.seq + 1) {
      this.held.push(notice);
      this.fetchEvents();
      return;
    }
    this.apply(notice);
  }

  /** @param {Notice} notice */
  apply(notice) {
    if (notice.seq !== this.seq + 1) return;
    const before = this.public.current?.id;
    const next = reduce(this.public, notice, this.limits?.chat_ring);
    if (!next) {
      this.takeSnapshot();
      return;
    }
    this.public = next;
    this.seq = notice.seq;
    this.foldExtra(notice.event);
    if (this.public.current?.id !== before) this.tally = {};
    this.changed('event');
    this.emit('event', notice);
    if (notice.event.type === 'room.closed') this.end({ code: 4501, kind: 'room_closed', reason: notice.event.reason });
  }

  /** What an event says of people beside the public state. @param {any} event */
  foldExtra(event) {
    const { type, member } = event;
    if (type === 'role.changed' && member === this.you?.member && this.you) this.you = { ...this.you, role: event.role };
    if (type === 'member.erased') {
      const { [member]: _, ...extra } = this.extra;
      this.extra = extra;
      this.presence = { ...this.presence, list: this.presence.list.filter((id) => id !== member) };
    } else if (this.extra[member] && this.public.people[member]) {
      this.extra = { ...this.extra, [member]: this.public.people[member] };
    }
  }

  // ---- Getting back what is missing

  async fetchEvents() {
    this.missing = 'events';
    const epoch = this.epoch;
    try {
      const page = await this.request('events', { epoch, after: this.seq });
      if (this.missing !== 'events' || this.epoch !== epoch) return;
      this.missing = null;
      for (const notice of page.events) this.apply(notice);
      this.release();
    } catch {
      if (this.missing === 'events') this.takeSnapshot();
    }
  }

  async takeSnapshot() {
    this.missing = 'snapshot';
    try {
      const snapshot = await this.request('snapshot', {});
      if (this.missing !== 'snapshot') return;
      const held = this.held;
      this.replace(snapshot);
      this.presence = snapshot.presence;
      this.tally = snapshot.tally ?? {};
      this.held = held.filter((notice) => notice.seq > snapshot.seq);
      if (this.missing === null) this.release();
      this.changed('snapshot');
    } catch {
      // The socket is gone, or about to be: joining again brings a snapshot.
    }
  }

  /** A snapshot holds the front of a long queue: the rest comes by itself, as of one `seq`. */
  async completeQueue() {
    this.missing = 'queue';
    try {
      for (;;) {
        const { seq, items, people, complete } = await this.wholeQueue();
        if (this.missing !== 'queue') return;
        if (!complete) continue;
        const held = this.held;
        this.held = [];
        this.missing = null;
        for (const notice of held.filter((one) => one.seq <= seq)) this.apply(notice);
        this.public = { ...this.public, queue: items.filter((item) => item.id !== this.public.current?.id) };
        this.extra = { ...this.extra, ...people };
        this.held = held.filter((one) => one.seq > seq);
        this.release();
        this.changed('queue');
        return;
      }
    } catch {
      // As above.
    }
  }

  async wholeQueue() {
    /** @type {import('./reducer.js').Item[]} */
    let items = [];
    let people = {};
    for (;;) {
      const page = await this.request('queue', { after: items.at(-1)?.id ?? null, limit: QUEUE_PAGE });
      items = [...items, ...page.items];
      people = { ...people, ...page.people };
      if (items.length >= page.count || page.items.length === 0) {
        return { seq: page.seq, items, people, complete: items.length === page.count };
      }
    }
  }

  /** Applies what was held, once nothing before it is missing. */
  release() {
    const held = this.held;
    this.held = [];
    for (const notice of held) this.event(notice);
  }

  // ---- Asking

  /** As `call`, on this socket only. @param {string} method @param {object} params @returns {Promise<any>} */
  request(method, params) {
    const { call, answer } = this.calls.make(method, params);
    if (!this.send(this.calls.frame(call))) {
      this.calls.forget(call);
      return Promise.reject(StereoError.of('unavailable', 'not connected'));
    }
    return answer;
  }

  /**
   * Asks for something, under an `op` of its own: sent again after a lost connection until it is
   * answered, and applied once.
   * @param {string} method @param {object} [params] @returns {Promise<any>}
   */
  call(method, params = {}) {
    if (this.status === 'closed') return Promise.reject(StereoError.of('not_joined', 'the room is closed for you'));
    const { call, answer } = this.calls.make(method, { ...params, op: this.calls.op() });
    const frame = this.calls.frame(call);
    if (this.status === 'joined') this.send(frame);
    return answer;
  }

  /** @param {string[]} tracks ids or URLs @param {string | null} [after] an item; null: next; absent: last */
  add(tracks, after) {
    return this.call('queue.add', after === undefined ? { tracks } : { tracks, after });
  }

  /** @param {string} item */
  remove(item) {
    return this.call('queue.remove', { item });
  }

  /** @param {string} item @param {string | null} [after] */
  move(item, after) {
    return this.call('queue.move', after === undefined ? { item } : { item, after });
  }

  clear() {
    return this.call('queue.clear', { seq: this.seq });
  }

  shuffle() {
    return this.call('queue.shuffle', { seq: this.seq });
  }

  /** @param {string} item @param {number} value 1, 0 or -1 */
  vote(item, value) {
    return this.call('queue.vote', { item, value });
  }

  undo() {
    return this.call('queue.undo');
  }

  /** @param {string} item */
  play(item) {
    return this.call('playback.play', { item });
  }

  /** @param {string} item */
  pause(item) {
    return this.call('playback.pause', { item });
  }

  /** @param {string} item @param {number} position_ms */
  seek(item, position_ms) {
    return this.call('playback.seek', { item, position_ms: Math.max(0, Math.round(position_ms)) });
  }

  /** @param {string} item */
  skip(item) {
    return this.call('playback.skip', { item });
  }

  /** @param {string} item */
  voteSkip(item) {
    return this.call('playback.vote_skip', { item });
  }

  /** @param {string} item */
  jump(item) {
    return this.call('playback.jump', { item });
  }

  /** @param {string} item @param {string | null} reaction */
  react(item, reaction) {
    return this.call('react', { item, reaction });
  }

  /** @param {string} text */
  say(text) {
    return this.call('chat.send', { text });
  }

  /** @param {string} message */
  unsay(message) {
    return this.call('chat.remove', { message });
  }

  /** @param {string} name */
  rename(name) {
    return this.call('me.rename', { name });
  }

  /** Erases this guest from the room, and the token from this browser. */
  async forget() {
    this.forgotten = true;
    try {
      const result = await this.call('me.forget');
      this.storage?.removeItem(this.roomId);
      return result;
    } catch (error) {
      this.forgotten = false;
      throw error;
    }
  }

  /** What played, oldest first. */
  history() {
    return this.call('history');
  }

  /** What was done, oldest first. */
  log() {
    return this.call('log');
  }

  /** @param {string | null} [after] @param {number} [limit] */
  members(after = null, limit = 100) {
    return this.call('members', { after, limit });
  }

  /**
   * Tells the room how playing goes here. Lost when there is no connection: the next one counts.
   * @param {{ item: string, status: 'ready' | 'buffering' | 'blocked' | 'failed', reason?: string | null, drift_ms?: number | null, rtt_ms?: number | null }} report
   */
  report(report) {
    if (this.status === 'joined') this.send(JSON.stringify({ jsonrpc: '2.0', method: 'report', params: report }));
  }
}

/** @param {string} url */
function socketUrl(url) {
  const socket = url.replace(/^http/, 'ws').replace(/\/$/, '');
  return socket.endsWith('/socket') ? socket : `${socket}/socket`;
}

/** @returns {TokenStorage | null} */
function defaultStorage() {
  try {
    const storage = globalThis.localStorage;
    if (!storage) return null;
    const key = (/** @type {string} */ room) => `stereo.guest.${room}`;
    return {
      getItem: (room) => storage.getItem(key(room)),
      setItem: (room, token) => storage.setItem(key(room), token),
      removeItem: (room) => storage.removeItem(key(room)),
    };
  } catch {
    return null;
  }
}
