// @ts-check
import { StereoError } from './errors.js';
import { reduce } from './reducer.js';

/**
 * The client's copy of the room's public state: folds events in order, and gets back what is
 * missing. What arrives meanwhile is held, merged, and checked for gaps. Knows no socket.
 *
 * @typedef {import('./types.js').EventNotice} EventNotice
 * @typedef {import('./types.js').JoinedAnew} Snapshot
 * @typedef {import('./types.js').People} People
 * @typedef {import('./reducer.js').PublicState} PublicState
 */

/** Items asked for at once when a queue is longer than its snapshot. */
const QUEUE_PAGE = 500;
/** The queue may change while it is read: then it is read again, so often. */
const QUEUE_TRIES = 5;
/** Events held while something is missing; beyond, starting anew is cheaper. */
const HELD_MOST = 2_000;
const RETRY_MS = 500;

/** @type {PublicState} */
export const NOTHING = { room: null, current: null, playback: null, queue: [], vote: null, chat: [], people: {} };

export class Replica {
  /**
   * @param {object} owner
   * @param {(method: string, params: object) => Promise<any>} owner.ask on this connection only
   * @param {(milliseconds: number) => Promise<void>} owner.wait
   * @param {() => void} owner.giveUp the connection is of no use: join again
   * @param {(notice: EventNotice, before: PublicState) => void} owner.folded
   * @param {(snapshot: Snapshot) => void} owner.replaced by a snapshot that was asked for
   * @param {(people: People) => void} owner.introduced
   * @param {() => void} owner.completed the rest of a long queue is here
   */
  constructor(owner) {
    this.owner = owner;
    /** @type {string | null} */
    this.epoch = null;
    this.seq = 0;
    this.state = NOTHING;
    this.chatRing = 200;
    /** Events that came while something before them was missing. @type {EventNotice[]} */
    this.held = [];
    /** @type {null | 'events' | 'queue' | 'snapshot'} */
    this.missing = null;
    /** What the state lacks, over connections too: a fold onto a part of the queue would be wrong. */
    this.partial = false;
    /** Rises with each connection: answers for the one before are not waited for. */
    this.connection = 0;
    this.mending = false;
  }

  /** Where to resume from; null: a snapshot is needed. */
  position() {
    return this.epoch === null || this.partial ? null : { epoch: this.epoch, seq: this.seq };
  }

  /** The connection is gone. */
  disconnected() {
    this.connection++;
    this.mending = false;
    this.missing = null;
    this.held = [];
  }

  /** Takes a snapshot in place of everything. @param {Snapshot} snapshot */
  replace(snapshot) {
    const { room, current, playback, queue, vote, chat, people } = snapshot;
    this.epoch = snapshot.epoch;
    this.seq = snapshot.seq;
    this.state = { room, current, playback, queue, vote: vote ?? null, chat, people };
    this.held = this.held.filter((notice) => notice.seq > snapshot.seq);
    this.partial = snapshot.queue_count > queue.length;
    this.missing = null;
    if (this.partial) this.need('queue');
  }

  /** Applies what was missed, up to `seq`. @param {EventNotice[]} missed @param {number} seq */
  resume(missed, seq) {
    for (const notice of missed) this.apply(notice);
    if (this.seq !== seq) this.need('snapshot');
  }

  /** An event came. @param {EventNotice} notice */
  take(notice) {
    if (this.missing === null && notice.seq <= this.seq) return;
    if (this.missing === null && notice.seq === this.seq + 1) {
      this.apply(notice);
      return;
    }
    this.held.push(notice);
    if (this.held.length > HELD_MOST) this.owner.giveUp();
    else if (this.missing === null) this.need('events');
  }

  /** @param {EventNotice} notice */
  apply(notice) {
    if (notice.seq !== this.seq + 1) return;
    const before = this.state;
    const next = reduce(before, notice, this.chatRing);
    if (!next) {
      this.need('snapshot');
      return;
    }
    this.state = next;
    this.seq = notice.seq;
    this.owner.folded(notice, before);
  }

  /** @param {'events' | 'queue' | 'snapshot'} what */
  need(what) {
    this.missing = what;
    if (what === 'snapshot') this.partial = true;
    if (!this.mending) this.mend();
  }

  /** Gets what is missing, until nothing is, or the connection is another one. */
  async mend() {
    const connection = this.connection;
    const gone = () => connection !== this.connection;
    this.mending = true;
    while (this.missing) {
      try {
        await this[this.missing](gone);
      } catch (error) {
        if (gone()) return;
        await this.refused(error);
      }
      if (gone()) return;
      if (this.missing === null) this.release();
    }
    this.mending = false;
  }

  /** @param {unknown} error */
  async refused(error) {
    if (error instanceof StereoError && error.retry) await this.owner.wait(error.retry_after_ms || RETRY_MS);
    else if (this.missing === 'snapshot') {
      this.owner.giveUp();
    } else this.need('snapshot');
  }

  /** Applies what was held, once nothing before it is missing. */
  release() {
    const held = this.held;
    this.held = [];
    for (const notice of held) this.take(notice);
  }

  /** @param {() => boolean} gone */
  async events(gone) {
    const before = this.seq;
    const page = await this.owner.ask('events', { epoch: this.epoch, after: before });
    if (gone()) return;
    this.missing = null;
    for (const notice of page.events) this.apply(notice);
    // The same gap again would be asked for for ever.
    if (this.missing === null && this.seq === before) this.need('snapshot');
  }

  /** @param {() => boolean} gone */
  async snapshot(gone) {
    const snapshot = await this.owner.ask('snapshot', {});
    if (gone()) return;
    this.replace(snapshot);
    this.owner.replaced(snapshot);
  }

  /** A snapshot holds the front of a long queue: the whole of it, as of one `seq`. @param {() => boolean} gone */
  async queue(gone) {
    for (let tries = 0; tries < QUEUE_TRIES; tries++) {
      const whole = await this.wholeQueue();
      if (gone()) return;
      if (!whole) continue;
      this.missing = null;
      const held = this.held;
      for (const notice of held) if (notice.seq <= whole.seq) this.apply(notice);
      if (this.missing !== null || this.seq !== whole.seq) break;
      this.held = held.filter((notice) => notice.seq > whole.seq);
      this.state = { ...this.state, queue: whole.items };
      this.partial = false;
      this.owner.introduced(whole.people);
      this.owner.completed();
      return;
    }
    this.need('snapshot');
  }

  /** Null when it changed while it was read. */
  async wholeQueue() {
    /** @type {import('./types.js').QueueItem[]} */
    const items = [];
    /** @type {People} */
    const people = {};
    let seq = null;
    for (;;) {
      const page = await this.owner.ask('queue', { after: items.at(-1)?.id ?? null, limit: QUEUE_PAGE }).catch(pageGone);
      if (!page || (seq !== null && page.seq !== seq)) return null;
      seq = page.seq;
      items.push(...page.items);
      Object.assign(people, page.people);
      if (items.length >= page.count || page.items.length === 0) return items.length === page.count ? { seq, items, people } : null;
    }
  }
}

/** The item after which the next page begins is not there any more. @param {unknown} error */
function pageGone(error) {
  if (error instanceof StereoError && error.kind === 'not_found') return null;
  throw error;
}
