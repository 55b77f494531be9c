// @ts-check
import { StereoError } from './errors.js';

/** The server remembers an `op` for ten minutes: later, a repeat might be applied again. */
const REPEATABLE_MS = 9 * 60_000;
/** Bytes of a frame that any server takes. */
const FRAME_BYTES = 16 * 1024;

/**
 * Requests under way. Each is sent again, under the same `op`, on every new socket until it is
 * answered; the server applies it once. What is asked `once` belongs to one socket, and goes with it.
 *
 * @typedef {object} Call
 * @property {string} method
 * @property {object} params
 * @property {boolean} once
 * @property {number} sentAt milliseconds of the clock that counts through sleep
 * @property {number | null} id under which it was sent last
 * @property {(result: any) => void} resolve
 * @property {(error: unknown) => void} reject
 */
export class Calls {
  /** @param {() => number} [now] milliseconds, of a clock that counts through sleep */
  constructor(now = Date.now) {
    this.now = now;
    this.lastId = 0;
    /** @type {Map<number, Call>} by the id under which it was sent last */
    this.sent = new Map();
    /** @type {Call[]} in the order in which they were made */
    this.open = [];
    this.prefix = Math.random().toString(36).slice(2, 10) + Date.now().toString(36);
    this.ops = 0;
    this.frameBytes = FRAME_BYTES;
  }

  /** A name for an operation, unique for this member. */
  op() {
    return `${this.prefix}-${++this.ops}`;
  }

  /** An id for a request that is kept track of elsewhere. */
  id() {
    return ++this.lastId;
  }

  /** @param {string} method @param {object} params @param {boolean} [once] @returns {{ call: Call, answer: Promise<any> }} */
  make(method, params, once = false) {
    /** @type {any} */
    let call;
    const answer = new Promise((resolve, reject) => (call = { method, params, once, sentAt: this.now(), id: null, resolve, reject }));
    this.open.push(call);
    return { call, answer };
  }

  /** The frame that asks, under a new id. @param {Call} call */
  frame(call) {
    if (call.id !== null) this.sent.delete(call.id);
    call.id = this.id();
    call.sentAt = this.now();
    this.sent.set(call.id, call);
    return JSON.stringify({ jsonrpc: '2.0', id: call.id, method: call.method, params: call.params });
  }

  /** Whether a frame is more than the server takes: it would close the connection. @param {string} frame */
  tooLarge(frame) {
    // No scalar value takes more than three bytes per UTF-16 unit: most frames need no counting.
    return frame.length * 3 > this.frameBytes && new TextEncoder().encode(frame).length > this.frameBytes;
  }

  /** @param {{ id: number, result?: any, error?: any }} response */
  settle({ id, result, error }) {
    const call = this.sent.get(id);
    if (!call) return;
    this.forget(call);
    if (error) call.reject(new StereoError(error));
    else call.resolve(result);
  }

  /** @param {Call} call */
  forget(call) {
    if (call.id !== null) this.sent.delete(call.id);
    this.open = this.open.filter((other) => other !== call);
  }

  /** @param {Call} call @param {StereoError} error */
  refuse(call, error) {
    this.forget(call);
    call.reject(error);
  }

  /** The socket is gone, and what was asked of it alone. */
  disconnected() {
    const gone = StereoError.of('unavailable', 'the connection was lost', true);
    for (const call of this.open.filter((call) => call.once)) this.refuse(call, gone);
  }

  /** Frames of what is to be asked again on a new socket, in order. */
  *again() {
    const stale = StereoError.of('unavailable', 'the connection was lost for too long', true);
    for (const call of [...this.open]) {
      if (this.now() - call.sentAt > REPEATABLE_MS) this.refuse(call, stale);
      else yield this.frame(call);
    }
  }

  /** Nothing will be answered any more. @param {StereoError} error */
  fail(error) {
    const open = this.open;
    this.open = [];
    this.sent.clear();
    for (const call of open) call.reject(error);
  }
}
