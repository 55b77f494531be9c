// @ts-check
/**
 * One sounding of a decoded track: scheduled to the sample, with a rate that can be nudged. It
 * knows its own position at any time of the audio context.
 */

/** Fades, in seconds: long enough to hear no click, short enough to hear no fade. */
const FADE = 0.03;

export class Voice {
  /**
   * @param {AudioContext} context @param {AudioNode} out
   * @param {{ item: string, buffer: AudioBuffer, position: number, when: number, fade: boolean }} start
   *   position and when in seconds, of the track and of the context
   */
  constructor(context, out, { item, buffer, position, when, fade }) {
    this.item = item;
    this.context = context;
    this.from = { time: when, position, rate: 1 };
    this.ended = false;
    this.gain = context.createGain();
    this.gain.connect(out);
    this.source = context.createBufferSource();
    this.source.buffer = buffer;
    this.source.connect(this.gain);
    this.source.onended = () => this.end();
    if (fade) {
      this.gain.gain.setValueAtTime(0, when);
      this.gain.gain.linearRampToValueAtTime(1, when + FADE);
    }
    this.source.start(when, position);
  }

  /** The position in the track, in seconds, at a time of the context. @param {number} time */
  positionAt(time) {
    return this.from.position + (time - this.from.time) * (time < this.from.time ? 1 : this.from.rate);
  }

  /** Whether it sounds at a time of the context. @param {number} time */
  soundsAt(time) {
    return !this.ended && time >= this.startsAt;
  }

  get startsAt() {
    return this.first ?? this.from.time;
  }

  /** @param {number} rate */
  setRate(rate) {
    if (rate === this.from.rate) return;
    const time = Math.max(this.context.currentTime, this.from.time);
    this.first ??= this.from.time;
    this.from = { time, position: this.positionAt(time), rate };
    this.source.playbackRate.setValueAtTime(rate, time);
  }

  get rate() {
    return this.from.rate;
  }

  /** Fades out, at once or at a time of the context. @param {number} [at] */
  stop(at = this.context.currentTime) {
    const start = Math.max(at, this.context.currentTime);
    this.gain.gain.cancelScheduledValues(start);
    this.gain.gain.setValueAtTime(1, start);
    this.gain.gain.linearRampToValueAtTime(0, start + FADE);
    try {
      this.source.stop(start + FADE);
    } catch {
      // It has ended already.
    }
  }

  end() {
    this.ended = true;
    this.source.disconnect();
    this.gain.disconnect();
  }
}
