// @ts-check
import { Calls } from './calls.js';
import { RoomClock } from './clock.js';
import { StereoError } from './errors.js';
import { Link } from './link.js';
import { positionAt } from './playback.js';
import { Probes } from './probes.js';
import { foldPresence, withoutMember } from './reducer.js';
import { Replica } from './replica.js';
import { Tokens } from './tokens.js';

/**
 * Somebody's stay in a room: joins, comes back, and shows one frozen state. The state is folded in
 * replica.js, the socket kept in link.js, the clock measured in probes.js; here they meet.
 *
 * @typedef {import('./types.js').EventNotice} EventNotice
 * @typedef {import('./types.js').People} People
 * @typedef {'connecting' | 'joined' | 'reconnecting' | 'closed'} Status
 * @typedef {{ code: number, kind?: string, field?: string, reason?: string }} Reason why it is
 *   closed: the socket's close code, the kind of the refusal and what it was about, and what the room said
 * @typedef {object} Options
 * @property {string} url the room's address, `https://host/rooms/ID`, or its socket's
 * @property {string} [name]
 * @property {string} [password]
 * @property {string} [invite]
 * @property {string | (() => Promise<string>)} [ticket] of `POST /api/tickets`; it is good for one join,
 *   so that coming back needs a function
 * @property {import('./tokens.js').TokenStorage | null} [storage] where the guest's token is kept, by room id
 * @property {() => number} [clock] a monotonic clock in milliseconds
 * @property {() => number} [now] the same
 * @property {() => number} [wall] the wall clock, to notice sleep by; never for time
 * @property {typeof WebSocket} [WebSocket]
 * @property {{ setTimeout: typeof setTimeout, clearTimeout: typeof clearTimeout }} [timers]
 * @property {() => number} [random] from 0 to 1
 * @property {EventTarget | null} [page] tells `online` and `visibilitychange`; the window by default
 */

/** People beside the public state: beyond, only those who are here are kept. */
const EXTRA_MOST = 1_000;

/**
 * Joins a room, and stays in it through lost connections until `close` or until the room says no.
 * @param {Options} options
 */
export function connect(options) {
  return new Room(options);
}

export class Room {
  /** @param {Options} options */
  constructor(options) {
    this.options = options;
    const url = socketUrl(options.url);
    const timers = options.timers ?? { setTimeout: globalThis.setTimeout.bind(globalThis), clearTimeout: globalThis.clearTimeout.bind(globalThis) };
    const local = options.clock ?? options.now ?? (() => performance.now());
    const wall = options.wall ?? Date.now;
    this.tokens = new Tokens(url.match(/\/rooms\/([^/]+)\/socket$/)?.[1] ?? url, options.storage);
    this.clock = new RoomClock(local);
    // A call grows old while the machine sleeps, too: whichever clock went further counts.
    const [localStart, wallStart] = [local(), wall()];
    this.calls = new Calls(() => Math.max(local() - localStart, wall() - wallStart));
    this.link = new Link(
      url,
      { opened: () => this.join(), received: (text) => this.receive(text), lost: () => this.lost(), ended: (code) => this.ended(code) },
      { WebSocket: options.WebSocket, timers, random: options.random ?? Math.random, local },
    );
    this.probes = new Probes({ clock: this.clock, ask: (t0) => this.probe(t0), lost: () => this.link.replace() }, timers, wall);
    this.replica = new Replica({
      ask: (method, params) => this.request(method, params),
      wait: (milliseconds) => new Promise((resolve) => timers.setTimeout(resolve, milliseconds)),
      giveUp: () => this.link.drop(),
      folded: (notice, before) => this.folded(notice, before.current?.id),
      replaced: (snapshot) => this.replaced(snapshot),
      introduced: (people) => this.introduce(people),
      completed: () => this.changed('queue'),
    });

    /** @type {Set<(state: Room['state'], what: string) => void>} */
    this.listeners = new Set();
    /** @type {Map<string, Set<(value: any) => void>>} */
    this.handlers = new Map();

    /** @type {Status} */
    this.status = 'connecting';
    /** @type {Reason | null} */
    this.reason = null;
    /** @type {{ member: string, role: import('./types.js').Role } | null} */
    this.you = null;
    /** People who are here but whom the public state does not name. @type {People} */
    this.extra = {};
    /** @type {import('./types.js').Presence} */
    this.presence = { count: 0, list: [], sampled: false };
    /** @type {{ counts: Record<string, number> }} */
    this.tally = { counts: {} };
    /** @type {import('./types.js').Health | null} */
    this.health = null;
    /** @type {import('./types.js').Limits | null} */
    this.limits = null;
    /** Everybody with a name, and what that was made of. @type {{ named: People, extra: People, all: People } | null} */
    this.known = null;
    /** The request for joining that waits for its answer. @type {number | null} */
    this.joining = null;
    this.forgotten = false;
    /** The connection is being replaced because that was wished, not because it was lost. */
    this.rejoining = false;
    this.unwatch = this.watch(options.page === undefined ? defaultPage() : options.page);
    this.state = this.view();
    this.link.open();
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
    const { playback, current } = this.replica.state;
    return playback && current ? Math.min(positionAt(playback, at), current.track.duration_ms) : null;
  }

  view() {
    const { room, current, playback, queue, vote, chat } = this.replica.state;
    return Object.freeze({
      status: this.status, rejoining: this.rejoining, reason: this.reason, you: this.you, epoch: this.replica.epoch, seq: this.replica.seq,
      room, current, playback, queue, vote, chat, people: this.people(),
      presence: this.presence, tally: this.tally, health: this.health, limits: this.limits,
    });
  }

  /** Everybody who has a name here; the same object while nobody changes. @returns {People} */
  people() {
    const named = this.replica.state.people;
    if (this.known?.named !== named || this.known?.extra !== this.extra) {
      this.known = { named, extra: this.extra, all: Object.freeze({ ...this.extra, ...named }) };
    }
    return this.known.all;
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

  /** @param {Status} status */
  setStatus(status) {
    this.status = status;
    this.changed('status');
    this.emit('status', status);
  }

  // ---- The connection

  join() {
    const { ticket } = this.options;
    if (typeof ticket !== 'function') {
      this.joinWith(this.you ? null : (ticket ?? null));
      return;
    }
    const socket = this.link.socket;
    // Without a ticket there is another way in, or none: the room says which.
    const fetched = ticket().catch(() => null);
    fetched.then((ticket) => this.link.socket === socket && this.joinWith(ticket));
  }

  /** @param {string | null} ticket */
  joinWith(ticket) {
    const { name, password, invite } = this.options;
    this.joining = this.calls.id();
    const params = { name: this.you ? null : (name ?? null), token: this.tokens.get(), ticket, password: password ?? null, invite: invite ?? null, resume: this.replica.position() };
    this.link.send(JSON.stringify({ jsonrpc: '2.0', id: this.joining, method: 'join', params }));
  }

  lost() {
    this.disconnected();
    if (this.forgotten) this.end({ code: 1000, kind: 'forgotten' });
    else if (this.status === 'joined') this.setStatus('reconnecting');
    else if (this.rejoining) {
      // The one in its place was lost, too.
      this.rejoining = false;
      this.changed('status');
    }
  }

  /** @param {number} code */
  ended(code) {
    this.disconnected();
    this.end(this.forgotten ? { code, kind: 'forgotten' } : { code });
  }

  disconnected() {
    this.joining = null;
    this.probes.stop();
    this.replica.disconnected();
    this.calls.disconnected();
  }

  /** Nothing follows after this. @param {Reason} reason */
  end(reason) {
    if (this.status === 'closed') return;
    this.reason = reason;
    this.rejoining = false;
    this.link.close();
    this.disconnected();
    this.unwatch();
    this.calls.fail(StereoError.of('not_joined', 'the room is closed for you'));
    this.setStatus('closed');
  }

  /** Leaves the room. */
  close() {
    this.end({ code: 1000 });
  }

  /** Joins again on a new socket, which carries the browser's cookies of now: a guest who has signed in is the same member under the account from then on. */
  rejoin() {
    if (this.status === 'closed') return;
    this.rejoining = this.status === 'joined';
    this.link.replace();
  }

  /** Asks whether the connection lives, and does not wait with a new one: the page was shown again, or the network is back. */
  verify() {
    if (this.status === 'closed') return;
    this.link.hurry();
    this.probes.verify();
  }

  /** @param {EventTarget | null} page @returns {() => void} */
  watch(page) {
    if (!page) return () => {};
    const types = ['online', 'pageshow', 'visibilitychange'];
    const verify = () => globalThis.document?.visibilityState !== 'hidden' && this.verify();
    for (const type of types) page.addEventListener(type, verify);
    return () => types.forEach((type) => page.removeEventListener(type, verify));
  }

  // ---- What the server says

  /** @param {number} t0 */
  probe(t0) {
    return this.link.send(`{"jsonrpc":"2.0","id":"c","method":"clock","params":{"t0":${t0}}}`);
  }

  /** @param {string} text */
  receive(text) {
    const heard = this.clock.local();
    /** @type {any} */
    let message;
    try {
      message = JSON.parse(text);
    } catch {
      return;
    }
    if (message.method) this.notified(message.method, message.params ?? {});
    else if (message.id === 'c') this.timed(message.result, heard);
    else if (message.id === this.joining && message.id !== null) this.answered(message);
    else this.calls.settle(message);
  }

  /** @param {import('./types.js').ClockAnswer | undefined} answer @param {number} t3 */
  timed(answer, t3) {
    this.probes.answered();
    if (!answer) return;
    const { t0, t1, t2, clock } = answer;
    const { playable, runs } = this.clock;
    this.clock.add({ t0, t1, t2, t3 }, clock);
    if (runs !== this.clock.runs) this.probes.start();
    if (playable !== this.clock.playable) this.changed('clock');
  }

  /** The answer to `join`. @param {{ result?: any, error?: any }} message */
  answered({ result, error }) {
    this.joining = null;
    if (error) {
      this.refused(new StereoError(error));
      return;
    }
    const { you, limits, clock } = result;
    this.link.joined();
    if (you.token) this.tokens.set(you.token);
    this.you = { member: you.member, role: you.role };
    this.limits = limits;
    this.calls.frameBytes = limits.frame_bytes ?? this.calls.frameBytes;
    this.replica.chatRing = limits.chat_ring ?? this.replica.chatRing;
    if (result.missed && result.epoch === this.replica.epoch) this.replica.resume(result.missed, result.seq);
    else this.replica.replace(result);
    // A room may be closed by what was missed.
    if (/** @type {Status} */ (this.status) === 'closed') return;
    this.extra = result.missed ? { ...this.extra, ...result.people } : {};
    this.presence = result.presence;
    this.tally = { counts: result.tally ?? {} };
    if (this.clock.id !== null && this.clock.id !== clock) this.clock.another();
    this.probes.start();
    for (const frame of this.calls.again()) this.link.send(frame);
    this.rejoining = false;
    this.setStatus('joined');
  }

  /** @param {StereoError} refusal */
  refused(refusal) {
    if (refusal.retry) {
      this.link.comeBackAfter = refusal.retry_after_ms || null;
      this.link.drop();
      return;
    }
    // Not allowed because of the account or the session is no removal from the room.
    const removed = refusal.kind === 'not_allowed' && !refusal.field;
    const code = refusal.kind === 'not_found' ? 4502 : removed ? 4500 : 0;
    this.end({ code, kind: refusal.kind, ...(refusal.field && { field: refusal.field }) });
  }

  /** @param {string} method @param {any} params */
  notified(method, params) {
    // The answer to `join` comes before any event above it: what comes earlier is in there.
    if (this.joining !== null && method !== 'closing') return;
    switch (method) {
      case 'event':
        this.replica.take(params);
        return;
      case 'presence':
        this.presence = foldPresence(this.presence, params);
        this.introduce(params.people ?? {});
        break;
      case 'tally':
        if (params.item !== this.replica.state.current?.id) return;
        this.tally = { counts: params.counts };
        for (const [member, reaction] of params.latest ?? []) this.emit('reaction', { member, reaction });
        break;
      case 'health':
        this.health = params;
        break;
      case 'closing':
        this.link.comeBackAfter = params.reconnect_after_ms;
        break;
      default:
        return;
    }
    this.changed(method);
    this.emit(method, params);
  }

  // ---- What became of the state

  /** An event was applied. @param {EventNotice} notice @param {string | undefined} before what played */
  folded(notice, before) {
    this.foldExtra(notice.event);
    if (this.replica.state.current?.id !== before) this.tally = { counts: {} };
    this.changed('event');
    this.emit('event', notice);
    if (notice.event.type === 'room.closed') this.end({ code: 4501, kind: 'room_closed', reason: notice.event.reason });
  }

  /** What an event says of people beside the public state. @param {import('./types.js').Event} event */
  foldExtra(event) {
    if (event.type === 'role.changed' && this.you?.member === event.member) this.you = { ...this.you, role: event.role };
    if (event.type === 'member.erased') {
      this.extra = withoutMember(this.extra, event.member);
      this.presence = { ...this.presence, list: this.presence.list.filter((id) => id !== event.member) };
    }
  }

  /** @param {import('./types.js').JoinedAnew} snapshot */
  replaced(snapshot) {
    this.extra = {};
    if (snapshot.you) this.you = { member: snapshot.you.member, role: snapshot.you.role };
    this.presence = snapshot.presence;
    this.tally = { counts: snapshot.tally ?? {} };
    this.changed('snapshot');
  }

  /** @param {People} people */
  introduce(people) {
    const extra = { ...this.extra, ...people };
    const crowded = Object.keys(extra).length > EXTRA_MOST;
    this.extra = crowded ? Object.fromEntries(this.presence.list.flatMap((id) => (extra[id] ? [[id, extra[id]]] : []))) : extra;
  }

  // ---- Asking

  /** As `call`, on this socket only. @param {string} method @param {object} params @returns {Promise<any>} */
  request(method, params) {
    const { call, answer } = this.calls.make(method, params, true);
    if (!this.link.send(this.calls.frame(call))) this.calls.refuse(call, StereoError.of('unavailable', 'not connected', true));
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
    // A frame over the limit closes the connection, and would close the next one again.
    if (this.calls.tooLarge(frame)) this.calls.refuse(call, StereoError.of('too_large', 'more than a message may hold'));
    else if (this.status === 'joined') this.link.send(frame);
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
    return this.call('queue.clear', { seq: this.replica.seq });
  }

  shuffle() {
    return this.call('queue.shuffle', { seq: this.replica.seq });
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
      this.tokens.forget();
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
   * @param {{ item: string, status: import('./types.js').ReportStatus, reason?: string | null, drift_ms?: number | null, rtt_ms?: number | null }} report
   */
  report(report) {
    if (this.status === 'joined') this.link.send(JSON.stringify({ jsonrpc: '2.0', method: 'report', params: report }));
  }
}

/** @param {string} url */
function socketUrl(url) {
  const socket = url.replace(/^http/, 'ws').replace(/[?#].*$/, '').replace(/\/$/, '');
  return socket.endsWith('/socket') ? socket : `${socket}/socket`;
}

/** @returns {EventTarget | null} */
function defaultPage() {
  return typeof globalThis.addEventListener === 'function' ? globalThis : null;
}
