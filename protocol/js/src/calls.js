// @ts-check
import { StereoError } from './errors.js';

/**
 * Requests under way. Each is sent again, under the same `op`, on every new socket until it is
 * answered; the server applies it once.
 *
 * @typedef {{ method: string, params: object, resolve: (result: any) => void, reject: (error: unknown) => void, sent: number | null }} Call
 */
export class Calls {
  constructor() {
    this.lastId = 0;
    /** @type {Map<number, Call>} by the id under which it was sent last */
    this.sent = new Map();
    /** @type {Call[]} in the order in which they were made */
    this.open = [];
    this.prefix = Math.random().toString(36).slice(2, 10) + Date.now().toString(36);
    this.ops = 0;
  }

  /** A name for an operation, unique for this member. */
  op() {
    return `${this.prefix}-${++this.ops}`;
  }

  /** @param {string} method @param {object} params @returns {{ call: Call, answer: Promise<any> }} */
  make(method, params) {
    /** @type {any} */
    let call;
    const answer = new Promise((resolve, reject) => (call = { method, params, resolve, reject, sent: null }));
    this.open.push(call);
    return { call, answer };
  }

  /** The frame that asks, under a new id. @param {Call} call */
  frame(call) {
    const id = ++this.lastId;
    if (call.sent !== null) this.sent.delete(call.sent);
    call.sent = id;
    this.sent.set(id, call);
    return JSON.stringify({ jsonrpc: '2.0', id, method: call.method, params: call.params });
  }

  /** @param {{ id: number, result?: any, error?: any }} response @returns {Call | undefined} */
  settle({ id, result, error }) {
    const call = this.sent.get(id);
    if (!call) return undefined;
    this.forget(call);
    if (error) call.reject(new StereoError(error));
    else call.resolve(result);
    return call;
  }

  /** @param {Call} call */
  forget(call) {
    if (call.sent !== null) this.sent.delete(call.sent);
    this.open = this.open.filter((other) => other !== call);
  }

  /** Nothing will be answered any more. @param {StereoError} error */
  fail(error) {
    const open = this.open;
    this.open = [];
    this.sent.clear();
    for (const call of open) call.reject(error);
  }
}
