// @ts-check
import { median } from './law.js';

/**
 * When what is scheduled is heard: from the context's time to the page's clock, measured by
 * `getOutputTimestamp` (its noise is under half a millisecond; `outputLatency` steps by eight).
 */

const KEPT = 9;
const ENOUGH = 3;
/** A reading this far from the others, so often in a row, is another device or a glitch. */
const STRANGE_MS = 20;
const STRANGE = 3;
/** A context that counts and tells nothing by then never will: its own figures have to do. */
const PATIENCE_MS = 500;

export class Output {
  /** @param {AudioContext} context @param {() => number} local */
  constructor(context, local) {
    this.context = context;
    this.local = local;
    /** Context milliseconds minus page milliseconds. @type {number[]} */
    this.readings = [];
    this.strange = 0;
    /** Since when the context's time moves: a device may take seconds to open. @type {number | null} */
    this.movesSince = null;
    this.stoodAt = context.currentTime;
  }

  /** Takes a reading. Call now and then while the context runs. */
  read() {
    if (this.context.state !== 'running') return;
    if (this.context.currentTime > this.stoodAt) this.movesSince ??= this.local();
    const { contextTime = 0, performanceTime = 0 } = this.context.getOutputTimestamp();
    // Before anything was output there is nothing to be read.
    if (contextTime <= 0 || performanceTime <= 0) return;
    const reading = contextTime * 1_000 - performanceTime;
    const known = median(this.readings);
    this.strange = known !== null && Math.abs(reading - known) > STRANGE_MS ? this.strange + 1 : 0;
    if (this.strange > 0 && this.strange <= STRANGE) return;
    this.readings = this.strange > STRANGE ? [reading] : [...this.readings, reading].slice(-KEPT);
    this.strange = 0;
  }

  /** Another device, or the context stood still: what was known is void. */
  forget() {
    this.readings = [];
    this.strange = 0;
    this.movesSince = null;
    this.stoodAt = this.context.currentTime;
  }

  /** Whether it can be told when something will be heard, well or as well as it gets. */
  get ready() {
    return this.known || (this.movesSince !== null && this.local() - this.movesSince > PATIENCE_MS);
  }

  /** Whether there is enough to go by. */
  get known() {
    return this.readings.length >= ENOUGH;
  }

  /** The context's time, in seconds, that is heard at a time of the page. @param {number} local milliseconds */
  contextTimeAt(local) {
    const offset = median(this.readings);
    if (offset !== null) return (offset + local) / 1_000;
    const latency = this.context.baseLatency + (this.context.outputLatency || 0);
    return this.context.currentTime - latency + (local - this.local()) / 1_000;
  }
}
