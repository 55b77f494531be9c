// @ts-check
/**
 * What should be heard when: from the room's state to the item that plays, and the one after it.
 * Pure. While the server is away the room advances here by the rule that it advances by there: the
 * next start is the previous end.
 *
 * @typedef {import('/protocol/reducer.js').Item} Item
 * @typedef {import('/protocol/playback.js').Playback} Playback
 * @typedef {{ item: Item, playback: Playback, next: Item | null, endsAt: number | null }} Plan
 */
import { endsAt } from '../../protocol/playback.js';

/**
 * @param {{ current: Item | null, playback: Playback | null, queue: Item[] }} state
 * @param {number} now milliseconds of server time
 * @param {boolean} alone the server is away
 * @returns {Plan | null} null: nothing plays
 */
export function plan({ current, playback, queue }, now, alone) {
  if (!current || !playback) return null;
  let [item, at] = [current, playback];
  let end = endsAt(at, item.track.duration_ms);
  let upcoming = queue;
  while (alone && end !== null && now >= end && upcoming.length > 0) {
    [item, ...upcoming] = upcoming;
    at = { item: item.id, position_ms: 0, at_ms: end, paused: false };
    end = endsAt(at, item.track.duration_ms);
  }
  if (end !== null && now >= end && alone) return null;
  return { item, playback: at, next: upcoming[0] ?? null, endsAt: end };
}
