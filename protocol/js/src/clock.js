// @ts-check
/**
 * Server time in the browser, from probes. The device's wall clock is never used: a wrong one is
 * the commonest cause of being out of sync.
 *
 * @typedef {{ t0: number, t1: number, t2: number, t3: number }} Probe client sends, server reads,
 *   server writes, client reads; milliseconds of `performance.now()` and of the server's clock
 * @typedef {{ at: number, offset: number, rtt: number }} Sample
 * @typedef {{ at: number, offset: number, skew: number, spread: number, error: (at: number) => number }} Fit
 */

/** Samples kept, and the share of them, of the lowest round trips, that is believed. */
const KEPT = 64;
const BELIEVED = 4;
/** Samples before which nothing should play. */
const PLAYABLE = 8;
/** Samples must span this long before a skew is fitted; and its bound. */
const SKEW_SPAN_MS = 30_000;
const SKEW_MOST = 200e-6;
/**
 * How far two crystals usually run apart. A fit without this prior takes the jitter of a single
 * late sample for skew: in simulation two listeners were 5 / 20 ms apart after three minutes.
 */
const SKEW_USUAL = 30e-6;
/** Variance of an offset that no network goes below, in ms². */
const VARIANCE_LEAST = 0.01;
/** How fast what is shown follows what is estimated, and from where it jumps. */
const SLEW = 1 / 1000;
const STEP_MS = 100;
/** Converged: the estimate will be this good when the next probes are due, two minutes from now. */
const CONVERGED_MS = 3;
const AHEAD_MS = 120_000;

/** The filter: pure, time comes in with the probes. */
export class ClockEstimate {
  constructor() {
    /** @type {Sample[]} */
    this.samples = [];
    this.count = 0;
    /** @type {Fit | null} */
    this.fitted = null;
  }

  /** @param {Probe} probe */
  add({ t0, t1, t2, t3 }) {
    const rtt = Math.max(0, t3 - t0 - (t2 - t1));
    this.samples.push({ at: (t0 + t3) / 2, offset: (t1 - t0 + (t2 - t3)) / 2, rtt });
    if (this.samples.length > KEPT) this.samples.shift();
    this.count++;
    this.fitted = null;
  }

  /** The samples of the lowest round trips. */
  believed() {
    const sorted = [...this.samples].sort((a, b) => a.rtt - b.rtt);
    return sorted.slice(0, Math.max(1, Math.ceil(sorted.length / BELIEVED)));
  }

  /** The line through the believed samples; null before the first. @returns {Fit | null} */
  fit() {
    if (this.samples.length === 0) return null;
    return (this.fitted ??= line(this.believed()));
  }

  /**
   * Server time minus local time, at local time `at`; null before the first sample.
   * @param {number} at
   */
  offset(at) {
    const fit = this.fit();
    return fit && fit.offset + fit.skew * (at - fit.at);
  }

  /** How good it is at local time `at`, in milliseconds. @param {number} at */
  quality(at) {
    const fit = this.fit();
    const rtts = this.samples.map((sample) => sample.rtt).sort((a, b) => a - b);
    return {
      samples: this.count,
      rtt_ms: rtts.length > 0 ? rtts[rtts.length >> 1] : null,
      jitter_ms: fit ? fit.spread : null,
      error_ms: fit ? fit.error(at) : null,
      converged: fit !== null && this.samples.length >= KEPT && fit.error(at + AHEAD_MS) < CONVERGED_MS,
    };
  }
}

/**
 * Offset and skew by least squares, the skew drawn towards none by as much as it is uncertain.
 * @param {Sample[]} samples @returns {Fit}
 */
function line(samples) {
  const count = samples.length;
  const mean = (/** @type {(sample: Sample) => number} */ of) => samples.reduce((sum, sample) => sum + of(sample), 0) / count;
  const [at, offset] = [mean((sample) => sample.at), mean((sample) => sample.offset)];
  let [xx, xy, yy] = [0, 0, 0];
  for (const sample of samples) {
    const [x, y] = [sample.at - at, sample.offset - offset];
    xx += x * x;
    xy += x * y;
    yy += y * y;
  }
  const times = samples.map((sample) => sample.at);
  const spans = Math.max(...times) - Math.min(...times) >= SKEW_SPAN_MS;
  let [skew, variance, prior] = [0, 0, 0];
  // The noise is known only once the skew is: a few rounds settle both.
  for (let round = 0; round < 3; round++) {
    variance = Math.max(VARIANCE_LEAST, (yy - 2 * skew * xy + skew * skew * xx) / Math.max(1, count - 1));
    prior = variance / SKEW_USUAL ** 2;
    skew = spans ? Math.max(-SKEW_MOST, Math.min(SKEW_MOST, xy / (xx + prior))) : 0;
  }
  const error = (/** @type {number} */ when) => Math.sqrt(variance / count + ((when - at) ** 2 * variance) / (xx + prior));
  return { at, offset, skew, spread: Math.sqrt(variance), error };
}

/** The clock that a room shows: follows the estimate without jumps, once it is in use. */
export class RoomClock {
  /** @param {() => number} local a monotonic clock in milliseconds, such as `performance.now` */
  constructor(local) {
    this.local = local;
    this.estimate = new ClockEstimate();
    /** Which run of the server's clock is measured. @type {string | null} */
    this.id = null;
    /** @type {number | null} */
    this.shown = null;
    this.shownAt = 0;
    /** Another clock than the one that is shown: what is shown may jump. */
    this.other = true;
    /** Rises when what was measured before is void. */
    this.runs = 0;
  }

  /** @param {Probe} probe @param {string} id which run of the server's clock it was */
  add(probe, id) {
    if (this.id !== null && this.id !== id) this.another();
    this.id = id;
    this.estimate.add(probe);
    // While the first probes run nothing has converged: follow at once. Measuring the same clock
    // anew, what is shown goes on, and is corrected slowly.
    if (this.other && (this.shown === null || this.estimate.count >= PLAYABLE)) this.shown = this.estimate.offset(this.local());
    if (this.estimate.count >= KEPT) this.other = false;
  }

  /** Forgets every sample: after sleep, or when the server's clock is another one. */
  reset() {
    this.estimate = new ClockEstimate();
    this.runs++;
  }

  /** The server's clock is another one: what is shown may jump to it, once it is measured. */
  another() {
    this.reset();
    this.other = true;
    this.id = null;
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
    // A few samples are worse than what was known.
    if (this.shown !== null && this.runs > 0 && this.estimate.count < PLAYABLE) return this.shown;
    if (this.shown === null || Math.abs(wanted - this.shown) > STEP_MS) {
      this.shown = wanted;
    } else {
      const most = Math.max(0, at - this.shownAt) * SLEW;
      this.shown += Math.max(-most, Math.min(most, wanted - this.shown));
    }
    this.shownAt = Math.max(this.shownAt, at);
    return this.shown;
  }

  /** What is known of how good it is; null where nothing was measured. */
  get quality() {
    return { offset_ms: this.shown, ...this.estimate.quality(this.local()) };
  }
}
