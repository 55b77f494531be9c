// @ts-check
import { Timeline } from './timeline.js';

/**
 * One sounding of a decoded track: scheduled to the sample, with a rate that can be nudged. It
 * knows what is heard of it at any time of the page.
 */

/** Fades, in seconds: long enough to hear no click, short enough to hear no fade. */
export const FADE = 0.03;
/** A start must be this far ahead to be on time, in seconds. */
const AHEAD = 0.06;
/** An end is not moved by less. */
const SAME_MS = 1;

export class Voice {
  /**
   * @param {{ context: AudioContext, out: AudioNode, output: import('./output.js').Output }} through
   * @param {AudioBuffer} buffer
   * @param {{ item: string, position_ms: number, at: number, fade: boolean }} start the position that is
   *   to be heard at a time of the page, in milliseconds; too late for it, the place it has reached
   */
  constructor({ context, out, output }, buffer, { item, position_ms, at, fade }) {
    this.item = item;
    this.context = context;
    this.output = output;
    this.ended = false;
    this.stopping = false;
    /** When it is to stop, by the page's clock. */
    this.stopsAt = NaN;
    const due = output.contextTimeAt(at);
    const when = Math.max(due, context.currentTime + AHEAD);
    const position = position_ms / 1_000 + (when - due);
    this.timeline = new Timeline(when, position);
    this.lasts = buffer.duration;
    this.gain = context.createGain();
    this.gain.connect(out);
    this.source = context.createBufferSource();
    this.source.buffer = buffer;
    this.source.connect(this.gain);
    this.source.onended = () => this.end();
    if (fade || when > due) {
      this.gain.gain.setValueAtTime(0, when);
      this.gain.gain.linearRampToValueAtTime(1, when + FADE);
    }
    this.source.start(when, position);
  }

  /** The position in milliseconds that is or would be heard at a time of the page. @param {number} local */
  positionAt(local) {
    return this.timeline.positionAt(this.output.contextTimeAt(local)) * 1_000;
  }

  /** The position that is heard at a time of the page; null when nothing is. @param {number} local */
  heardAt(local) {
    const time = this.output.contextTimeAt(local);
    if (this.ended || !this.output.known || time < this.timeline.startsAt) return null;
    const position = this.timeline.positionAt(time);
    return position > this.lasts ? null : position * 1_000;
  }

  /** Whether it has begun to be rendered, if not yet to be heard; `margin` in seconds before. @param {number} [margin] */
  begun(margin = 0) {
    return this.context.currentTime + margin >= this.timeline.startsAt;
  }

  get rate() {
    return this.timeline.rate;
  }

  /** @param {number} rate */
  setRate(rate) {
    if (rate === this.rate || this.ended) return;
    const time = Math.max(this.context.currentTime, this.timeline.startsAt);
    this.timeline.setRate(time, rate);
    this.source.playbackRate.setValueAtTime(rate, time);
  }

  /** Fades out, at once or at a time of the page. @param {number} [at] */
  stop(at) {
    if (this.ended || this.stopping || (at !== undefined && Math.abs(at - this.stopsAt) < SAME_MS)) return;
    this.stopping = at === undefined;
    this.stopsAt = at ?? NaN;
    const { currentTime } = this.context;
    const start = at === undefined ? currentTime : Math.max(currentTime, this.output.contextTimeAt(at));
    if (!this.begun() && at === undefined) {
      this.source.stop();
      this.end();
      return;
    }
    this.gain.gain.cancelScheduledValues(start);
    this.gain.gain.setValueAtTime(1, start);
    this.gain.gain.linearRampToValueAtTime(0, start + FADE);
    this.source.stop(start + FADE);
  }

  end() {
    if (this.ended) return;
    this.ended = true;
    this.source.disconnect();
    this.gain.disconnect();
  }
}
