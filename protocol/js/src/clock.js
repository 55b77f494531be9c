// @ts-check
/**
 * Server time in the browser, from probes. The device's wall clock is never used: a wrong one is
 * the commonest cause of being out of sync.
 *
 * @typedef {{ t0: number, t1: number, t2: number, t3: number }} Probe client sends, server reads,
 *   server writes, client reads; milliseconds of `performance.now()` and of the server's clock
 * @typedef {{ at: number, offset: number, rtt: number }} Sample
 */

/** Samples kept, and the share of them, of the lowest round trips, that is believed. */
const KEPT = 64;
const BELIEVED = 4;
/** Samples before which nothing should play. */
const PLAYABLE = 8;
/** Samples must span this long before a skew is fitted; and its bound. */
const SKEW_SPAN_MS = 30_000;
const SKEW_MOST = 200e-6;
/** How fast what is shown follows what is estimated, and from where it jumps. */
const SLEW = 1 / 1000;
const STEP_MS = 100;

/** The filter: pure, time comes in with the probes. */
export class ClockEstimate {
  constructor() {
    /** @type {Sample[]} */
    this.samples = [];
    this.count = 0;
  }

  /** @param {Probe} probe */
  add({ t0, t1, t2, t3 }) {
    const rtt = Math.max(0, t3 - t0 - (t2 - t1));
    this.samples.push({ at: (t0 + t3) / 2, offset: (t1 - t0 + (t2 - t3)) / 2, rtt });
    if (this.samples.length > KEPT) this.samples.shift();
    this.count++;
  }

  /** The samples of the lowest round trips. */
  believed() {
    const sorted = [...this.samples].sort((a, b) => a.rtt - b.rtt);
    return sorted.slice(0, Math.max(1, Math.ceil(sorted.length / BELIEVED)));
  }

  /**
   * Server time minus local time, at local time `at`; null before the first sample.
   * @param {number} at
   */
  offset(at) {
    if (this.samples.length === 0) return null;
    const best = this.believed();
    const mean = (/** @type {(sample: Sample) => number} */ of) => best.reduce((sum, sample) => sum + of(sample), 0) / best.length;
    const [middle, offset] = [mean((sample) => sample.at), mean((sample) => sample.offset)];
    return offset + this.skew(best, middle, offset) * (at - middle);
  }

  /** @param {Sample[]} best @param {number} middle @param {number} offset */
  skew(best, middle, offset) {
    const times = best.map((sample) => sample.at);
    if (Math.max(...times) - Math.min(...times) < SKEW_SPAN_MS) return 0;
    let [above, below] = [0, 0];
    for (const sample of best) {
      above += (sample.at - middle) * (sample.offset - offset);
      below += (sample.at - middle) ** 2;
    }
    return Math.max(-SKEW_MOST, Math.min(SKEW_MOST, below > 0 ? above / below : 0));
  }

  /** How good it is: the believed round trips and how much their offsets spread, in milliseconds. */
  quality() {
    const best = this.believed();
    const offsets = best.map((sample) => sample.offset);
    const mean = offsets.reduce((sum, offset) => sum + offset, 0) / Math.max(1, offsets.length);
    const spread = Math.sqrt(offsets.reduce((sum, offset) => sum + (offset - mean) ** 2, 0) / Math.max(1, offsets.length));
    const sorted = this.samples.map((sample) => sample.rtt).sort((a, b) => a - b);
    const error = spread / Math.sqrt(Math.max(1, best.length));
    return {
      samples: this.count,
      rtt_ms: sorted[Math.floor(sorted.length / 2)] ?? null,
      jitter_ms: spread,
      error_ms: error,
      converged: this.samples.length >= KEPT && error < 1.5,
    };
  }
}

/** The clock that a room shows: follows the estimate without jumps, once it is in use. */
export class RoomClock {
  /** @param {() => number} local a monotonic clock in milliseconds, such as `performance.now` */
  constructor(local) {
    this.local = local;
    this.estimate = new ClockEstimate();
    /** @type {string | null} */
    this.id = null;
    /** @type {number | null} */
    this.shown = null;
    this.shownAt = 0;
    /** Rises when what was measured before is void. */
    this.runs = 0;
  }

  /** @param {Probe} probe @param {string} id which run of the server's clock it was */
  add(probe, id) {
    if (this.id !== null && this.id !== id) this.reset();
    this.id = id;
    this.estimate.add(probe);
    // While the first burst of probes runs, nothing has converged: follow at once.
    if (this.estimate.count <= KEPT) this.shown = null;
  }

  /** Forgets every sample: after sleep, or when the server's clock is another one. */
  reset() {
    this.estimate = new ClockEstimate();
    this.runs++;
  }

  /** Whether something may be played by it. */
  get playable() {
    return this.estimate.count >= PLAYABLE || (this.shown !== null && this.runs > 0);
  }

  /** Server time in milliseconds, now or at a local time. @param {number} [at] */
  now(at = this.local()) {
    return at + this.offset(at);
  }

  /** The local time of a server time. @param {number} server */
  toLocal(server) {
    return server - this.offset(this.local());
  }

  /** @param {number} at */
  offset(at) {
    const wanted = this.estimate.offset(at);
    if (wanted === null) return this.shown ?? 0;
    if (this.shown === null || Math.abs(wanted - this.shown) > STEP_MS) {
      this.shown = wanted;
    } else {
      const most = Math.max(0, at - this.shownAt) * SLEW;
      this.shown += Math.max(-most, Math.min(most, wanted - this.shown));
    }
    this.shownAt = Math.max(this.shownAt, at);
    return this.shown;
  }

  get quality() {
    return { offset_ms: this.shown, ...this.estimate.quality() };
  }
}
