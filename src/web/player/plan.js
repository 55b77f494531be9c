// @ts-check
/**
 * What should be heard when: from the room's state to the item that sounds, and the one that starts
 * where it ends. Pure. While the server is away the room advances here by the rule that it advances
 * by there: the next start is the previous end.
 *
 * @typedef {import('stereo').Item} Item
 * @typedef {import('stereo').Playback} Playback
 * @typedef {{ item: Item, playback: Playback }} Part an item, and where it is
 * @typedef {{ now: Part, then: Part | null, coming: Item | null }} Plan what sounds, what is to start
 *   where that ends, and what to have ready by then
 */
import { endsAt } from 'stereo';

/** What comes is fetched and decoded this long before its start. */
const PRELOAD_MS = 20_000;
/** How long before it a start is scheduled, when nobody announces it. */
const SCHEDULE_MS = 1_500;
/** A start this close to an end is that end: clocks are measured, not equal. */
const JOINT_MS = 50;

/**
 * @param {{ current: Item | null, playback: Playback | null, queue: Item[] }} state
 * @param {Part | null} previous what sounded before `current`
 * @param {number} now milliseconds of server time
 * @param {boolean} alone the server is away
 * @returns {Plan | null} null: nothing is to be heard
 */
export function plan({ current, playback, queue }, previous, now, alone) {
  if (!current || !playback) return null;
  /** @type {Part} */
  let part = { item: current, playback };
  // Announced ahead: the one before sounds to its end.
  if (previous && now < playback.at_ms && follows(previous, part)) return { now: previous, then: part, coming: current };
  let [end, upcoming] = [endOf(part), queue];
  while (alone && end !== null && now >= end) {
    if (upcoming.length === 0) return null;
    part = after(upcoming[0], end);
    upcoming = upcoming.slice(1);
    end = endOf(part);
  }
  const [next] = upcoming;
  if (!next || end === null || end - now > PRELOAD_MS) return { now: part, then: null, coming: null };
  return { now: part, then: alone && end - now < SCHEDULE_MS ? after(next, end) : null, coming: next };
}

/** Whether `next` starts just where `part` ends by itself. @param {Part} part @param {Part} next */
export function follows(part, next) {
  const end = endOf(part);
  if (end === null || next.playback.paused || next.item.id === part.item.id) return false;
  return next.playback.position_ms === 0 && Math.abs(next.playback.at_ms - end) <= JOINT_MS;
}

/** @param {Part} part */
function endOf({ item, playback }) {
  return endsAt(playback, item.track.duration_ms);
}

/** @param {Item} item @param {number} at_ms @returns {Part} */
function after(item, at_ms) {
  return { item, playback: { item: item.id, position_ms: 0, at_ms, paused: false } };
}
