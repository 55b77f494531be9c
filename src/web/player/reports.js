// @ts-check
/**
 * What the room is told of playing here: each change of how an item goes once, and now and then
 * the drift, as it was measured. Never what was not.
 */

/** Drift is told this often, and first when what came of joining is over. */
const EVERY_MS = 10_000;
const FIRST_MS = 3_000;
/** A room's figures need no more than ten reports a second, however many listen. */
const EACH_MS = 100;

export class Reports {
  /** @param {import('stereo').Room} room */
  constructor(room) {
    this.room = room;
    this.said = '';
    this.measuredAt = -Infinity;
    this.status = '';
  }

  /** Back in the room, it may have forgotten. @param {{ status: string }} state */
  follow({ status }) {
    if (status !== this.status) this.said = '';
    this.status = status;
  }

  get rtt() {
    return this.room.clock.quality.rtt_ms;
  }

  /** Milliseconds between two reports of drift. */
  get every() {
    return Math.max(EVERY_MS, this.room.state.presence.count * EACH_MS);
  }

  /** @param {string} item @param {import('stereo').ReportStatus} status @param {string} [reason] */
  say(item, status, reason) {
    const said = `${item} ${status}`;
    if (said === this.said || this.status !== 'joined') return;
    this.said = said;
    this.room.report({ item, status, reason: reason ?? null, drift_ms: null, rtt_ms: this.rtt });
  }

  /** @param {string} item @param {number} drift_ms @param {number} now @param {number} playing milliseconds */
  measured(item, drift_ms, now, playing) {
    if (playing < FIRST_MS || now - this.measuredAt < this.every || this.status !== 'joined') return;
    this.measuredAt = now;
    this.room.report({ item, status: 'ready', reason: null, drift_ms, rtt_ms: this.rtt });
  }
}
