// @ts-check
/**
 * Where a sounding track is at any time, through changes of its rate. Pure: times are seconds of
 * any one clock, positions seconds of the track.
 */

/** Changes kept: what is heard now was rendered a little ago, at the rate of then. */
const KEPT = 16;

export class Timeline {
  /** @param {number} time @param {number} position */
  constructor(time, position) {
    this.startsAt = time;
    this.pieces = [{ time, position, rate: 1 }];
  }

  get rate() {
    return this.pieces[this.pieces.length - 1].rate;
  }

  /** From `time` on. @param {number} time @param {number} rate */
  setRate(time, rate) {
    const from = Math.max(time, this.pieces[this.pieces.length - 1].time);
    this.pieces = [...this.pieces, { time: from, position: this.positionAt(from), rate }].slice(-KEPT);
  }

  /** @param {number} time */
  positionAt(time) {
    const { time: from, position, rate } = this.pieces.findLast((piece) => piece.time <= time) ?? this.pieces[0];
    return position + (time - from) * rate;
  }
}
