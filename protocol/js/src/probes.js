// @ts-check
/**
 * When to ask for the time: 64 probes in two seconds on joining, then a few now and then. Also
 * notices sleep: the wall clock and the monotonic one disagree, or a probe stays unanswered.
 */

const BURST = 64;
const BURST_GAP_MS = 31;
const FEW = 4;
const UNSETTLED_MS = 10_000;
const SETTLED_MS = 120_000;
const ANSWER_MS = 5_000;
const SLEPT_MS = 2_000;

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
    this.left = 0;
    /** @type {number | null} */
    this.oldest = null;
    this.lastWall = wall();
    this.lastLocal = room.clock.local();
  }

  /** A socket has joined: measure. */
  start() {
    this.oldest = null;
    this.left = this.room.clock.estimate.count < BURST ? BURST : FEW;
    this.schedule(0);
  }

  stop() {
    this.timers.clearTimeout(this.timer);
    this.timer = undefined;
  }

  /** An answer came. */
  answered() {
    this.oldest = null;
  }

  /** @param {number} wait */
  schedule(wait) {
    this.timers.clearTimeout(this.timer);
    this.timer = this.timers.setTimeout(() => this.tick(), wait);
  }

  tick() {
    if (this.slept()) {
      this.room.clock.reset();
      this.room.lost();
      return;
    }
    const now = this.room.clock.local();
    if (this.oldest !== null && now - this.oldest > ANSWER_MS) {
      this.room.lost();
      return;
    }
    if (this.left > 0) {
      this.left--;
      if (this.room.ask(now)) this.oldest ??= now;
      this.schedule(BURST_GAP_MS);
      return;
    }
    this.waitFor(this.room.clock.quality.converged ? SETTLED_MS : UNSETTLED_MS);
  }

  /** Waits in steps of a second, so that sleep is noticed soon after waking. @param {number} wait */
  waitFor(wait) {
    const until = this.room.clock.local() + wait;
    const step = () => {
      const now = this.room.clock.local();
      if (this.slept()) {
        this.room.clock.reset();
        this.room.lost();
      } else if (this.oldest !== null && now - this.oldest > ANSWER_MS) {
        this.room.lost();
      } else if (now >= until) {
        this.left = FEW;
        this.tick();
      } else {
        this.timer = this.timers.setTimeout(step, 1_000);
      }
    };
    this.timers.clearTimeout(this.timer);
    this.timer = this.timers.setTimeout(step, Math.min(wait, 1_000));
  }

  /** Whether the machine slept since this was last asked: only one of the two clocks went on. */
  slept() {
    const [wall, local] = [this.wall(), this.room.clock.local()];
    const apart = Math.abs(wall - this.lastWall - (local - this.lastLocal));
    const gap = local - this.lastLocal;
    this.lastWall = wall;
    this.lastLocal = local;
    // A step of the wall clock alone looks the same: measuring again then costs little.
    return apart > SLEPT_MS || gap > 120_000;
  }
}
