// @ts-check
/**
 * When to ask for the time: 64 probes in two seconds on joining, then a few now and then. Also
 * notices sleep (the wall clock and the monotonic one disagree) and a dead socket (a probe stays
 * unanswered), whatever the socket says.
 */

const BURST = 64;
const BURST_GAP_MS = 31;
const FEW = 4;
const UNSETTLED_MS = 10_000;
const SETTLED_MS = 120_000;
const ANSWER_MS = 5_000;
const SLEPT_MS = 2_000;
/** Timers run every second: after a longer pause something stood still, and the socket may be dead. */
const STEP_MS = 1_000;
const PAUSED_MS = 5_000;

export class Probes {
  /**
   * @param {object} room what it works for
   * @param {import('./clock.js').RoomClock} room.clock
   * @param {(t0: number) => boolean} room.ask sends a probe; false when there is no socket
   * @param {() => void} room.lost the socket is dead, whatever it says
   * @param {{ setTimeout: typeof setTimeout, clearTimeout: typeof clearTimeout }} timers
   * @param {() => number} wall the wall clock, to notice sleep by; never for time
   */
  constructor(room, timers, wall) {
    this.room = room;
    this.timers = timers;
    this.wall = wall;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.running = false;
    this.left = 0;
    /** When the oldest probe that waits for its answer was sent. @type {number | null} */
    this.oldest = null;
    this.due = 0;
    this.lastWall = wall();
    this.lastLocal = room.clock.local();
  }

  /** A socket has joined: measure. */
  start() {
    this.stop();
    this.running = true;
    this.oldest = null;
    this.lastWall = this.wall();
    this.lastLocal = this.room.clock.local();
    this.left = this.room.clock.estimate.count < BURST ? BURST : FEW;
    this.schedule(0);
  }

  stop() {
    this.running = false;
    this.timers.clearTimeout(this.timer);
    this.timer = undefined;
  }

  /** An answer came: the socket lives. */
  answered() {
    this.oldest = null;
  }

  /** Asks now whether the socket lives: the page was shown again, or the network came back. */
  verify() {
    if (!this.running) return;
    this.left = Math.max(this.left, 1);
    this.schedule(0);
  }

  /** @param {number} wait */
  schedule(wait) {
    this.timers.clearTimeout(this.timer);
    this.timer = this.timers.setTimeout(() => this.tick(), wait);
  }

  tick() {
    const now = this.room.clock.local();
    const pause = now - this.lastLocal;
    if (this.slept(now)) {
      this.room.clock.reset();
      this.room.lost();
      return;
    }
    if (this.oldest !== null && now - this.oldest > ANSWER_MS) {
      // Nothing ran meanwhile: the answer may lie there unread. Ask again before giving up.
      if (pause < PAUSED_MS) {
        this.room.lost();
        return;
      }
      this.oldest = null;
    }
    if (this.left === 0 && (now >= this.due || pause > PAUSED_MS)) this.left = now >= this.due ? FEW : 1;
    if (this.left === 0) {
      this.schedule(Math.min(STEP_MS, this.due - now));
      return;
    }
    if (this.room.ask(now)) this.oldest ??= now;
    if (--this.left === 0) this.due = now + (this.room.clock.quality.converged ? SETTLED_MS : UNSETTLED_MS);
    this.schedule(BURST_GAP_MS);
  }

  /** Whether the machine slept since this was last asked: only one of the two clocks went on. @param {number} local */
  slept(local) {
    const wall = this.wall();
    // A step of the wall clock alone looks the same: measuring again then costs little.
    const apart = Math.abs(wall - this.lastWall - (local - this.lastLocal));
    this.lastWall = wall;
    this.lastLocal = local;
    return apart > SLEPT_MS;
  }
}
