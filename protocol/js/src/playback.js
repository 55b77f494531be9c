// @ts-check
/** @typedef {{ item: string, position_ms: number, at_ms: number, paused: boolean }} Playback */

/**
 * The position at server time `now`; a scheduled start stands at its first position until then.
 * @param {Playback} playback @param {number} now milliseconds of server time
 * @returns {number} milliseconds from the start of the track
 */
export function positionAt(playback, now) {
  if (playback.paused) return playback.position_ms;
  return playback.position_ms + Math.max(0, now - playback.at_ms);
}

/**
 * The server time at which a track ends, or null while paused.
 * @param {Playback} playback @param {number} duration milliseconds
 */
export function endsAt(playback, duration) {
  return playback.paused ? null : playback.at_ms + Math.max(0, duration - playback.position_ms);
}
