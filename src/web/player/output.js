// @ts-check
import { median } from './law.js';

/**
 * When what is scheduled is heard: from the context's time to the page's clock, measured by
 * `getOutputTimestamp` (its noise is under half a millisecond; `outputLatency` steps by eight).
 */

const KEPT = 9;

export class Output {
  /** @param {AudioContext} context @param {() => number} local */
  constructor(context, local) {
    this.context = context;
    this.local = local;
    /** Context seconds minus page milliseconds, in milliseconds. @type {number[]} */
    this.readings = [];
  }

  /** Takes a reading. Call now and then while the context runs. */
  read() {
    if (this.context.state !== 'running') {
      this.readings = [];
      return;
    }
    const { contextTime = 0, performanceTime = 0 } = this.context.getOutputTimestamp();
    // Before anything was output there is nothing to be read.
    if (contextTime <= 0 || performanceTime <= 0) return;
    const reading = contextTime * 1_000 - performanceTime;
    const known = median(this.readings);
    // Another device, or a glitch that took time away: what was known is void.
    if (known !== null && Math.abs(reading - known) > 20) this.strange = (this.strange ?? 0) + 1;
    else this.strange = 0;
    if (this.strange > 3) {
      this.readings = [];
      this.strange = 0;
    }
    this.readings = [...this.readings, reading].slice(-KEPT);
  }

  /** Whether there is enough to go by. */
  get known() {
    return this.readings.length >= 3;
  }

  /** The context's time, in seconds, that is heard at a time of the page. @param {number} local milliseconds */
  contextTimeAt(local) {
    const offset = median(this.readings);
    if (offset === null) {
      const latency = this.context.baseLatency + (this.context.outputLatency || 0);
      return this.context.currentTime - latency + (local - this.local()) / 1_000;
    }
    return (offset + local) / 1_000;
  }
}
