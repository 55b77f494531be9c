// @ts-check
import { backoff } from './backoff.js';
import { comesBack } from './close.js';

/**
 * The connection: one socket at a time, replaced when it is lost, until it is closed for good.
 * Knows nothing of what is said over it.
 */

const SUBPROTOCOL = 'stereo.v1';
/** A socket that has not joined by then is given up. */
const JOIN_MS = 10_000;
/** Joined for so long, the next loss is not the same trouble again: waits start over. */
const STEADY_MS = 10_000;

/**
 * @typedef {object} Events
 * @property {() => void} opened a socket is open: join
 * @property {(text: string) => void} received
 * @property {() => void} lost the socket is gone; another one follows
 * @property {(code: number) => void} ended the socket is gone, for good
 * @typedef {object} Means
 * @property {typeof WebSocket} [WebSocket]
 * @property {{ setTimeout: typeof setTimeout, clearTimeout: typeof clearTimeout }} timers
 * @property {() => number} random
 * @property {() => number} local a monotonic clock in milliseconds
 */
export class Link {
  /** @param {string} url @param {Events} events @param {Means} means */
  constructor(url, events, means) {
    this.url = url;
    this.events = events;
    this.means = means;
    /** @type {WebSocket | null} */
    this.socket = null;
    /** Losses in a row without a steady connection in between. */
    this.attempt = 0;
    /** @type {number | null} */
    this.joinedAt = null;
    /** When the server said to come back, in milliseconds from the close. @type {number | null} */
    this.comeBackAfter = null;
    /** The next try, or the end of patience with this one. @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.closed = false;
  }

  open() {
    const Socket = this.means.WebSocket ?? WebSocket;
    const socket = new Socket(this.url, SUBPROTOCOL);
    this.socket = socket;
    this.joinedAt = null;
    socket.onopen = () => this.socket === socket && this.events.opened();
    socket.onmessage = (event) => this.socket === socket && this.events.received(String(event.data));
    socket.onclose = (event) => this.socket === socket && this.down(event.code);
    socket.onerror = () => {};
    this.wait(JOIN_MS, () => this.socket === socket && this.drop());
  }

  /** @param {number} milliseconds @param {() => void} then */
  wait(milliseconds, then) {
    this.means.timers.clearTimeout(this.timer);
    this.timer = this.means.timers.setTimeout(then, milliseconds);
  }

  joined() {
    this.means.timers.clearTimeout(this.timer);
    this.timer = undefined;
    this.joinedAt = this.means.local();
  }

  /** @param {string} text @returns {boolean} whether it was sent */
  send(text) {
    if (this.socket?.readyState !== 1) return false;
    this.socket.send(text);
    return true;
  }

  /** @param {number} code */
  down(code) {
    const steady = this.joinedAt !== null && this.means.local() - this.joinedAt >= STEADY_MS;
    this.socket = null;
    this.joinedAt = null;
    if (steady) this.attempt = 0;
    if (!comesBack(code)) {
      this.close();
      this.events.ended(code);
      return;
    }
    const wait = this.comeBackAfter ?? backoff(this.attempt++, this.means.random);
    this.comeBackAfter = null;
    this.wait(wait, () => this.open());
    this.events.lost();
  }

  /** Leaves this socket, whatever it says of itself. @returns {WebSocket | null} */
  leave() {
    const socket = this.socket;
    this.socket = null;
    try {
      socket?.close();
    } catch {
      // It is being left anyway.
    }
    return socket;
  }

  /** Gives this socket up; the next one follows after the usual wait. */
  drop() {
    if (this.leave()) this.down(1006);
  }

  /** The socket may say that it is open, and be dead: after sleep, for one. Another one at once. */
  replace() {
    this.attempt = 0;
    this.comeBackAfter = 0;
    this.drop();
  }

  /** The network is back: no reason to wait any longer. */
  hurry() {
    if (!this.closed && this.socket === null && this.timer !== undefined) this.open();
  }

  close() {
    this.closed = true;
    this.means.timers.clearTimeout(this.timer);
    this.timer = undefined;
    const socket = this.socket;
    this.socket = null;
    socket?.close(1000);
  }
}
