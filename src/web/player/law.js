// @ts-check
/**
 * The control law: from a measured error to what to do about it. Pure. Errors are what is heard
 * minus what the room says, in milliseconds.
 */

/** Correct from here, and until here. */
const START_MS = 3;
const STOP_MS = 1;
/** The rate takes the error away in this time, and never changes by more than this. */
const SPREAD_MS = 4_000;
const RATE_MOST = 0.01;
/** Seek from here: at first, and later. A media element lands anywhere within that. */
const SEEK_FIRST_MS = 60;
const SEEK_MS = 80;
/** What lands to the sample is better off starting anew where an echo begins to be heard. */
const EXACT_FIRST_MS = 15;
const EXACT_MS = 25;
const FIRST_MS = 5_000;
/** At most one seek in this time; after three in a row the threshold doubles. */
const SEEK_GAP_MS = 3_000;
const EXACT_GAP_MS = 1_000;
const SEEKS_IN_A_ROW = 3;

/** @param {number[]} values @returns {number | null} */
export function median(values) {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * @typedef {{ correcting: boolean, seekedAt: number, seeks: number }} Memory
 * @typedef {{ rate: number, seek: boolean, memory: Memory }} Decision
 */

/** @type {Memory} */
export const FRESH = { correcting: false, seekedAt: -Infinity, seeks: 0 };

/**
 * @param {number} error milliseconds: positive is ahead of the room
 * @param {number} now milliseconds of any steady clock
 * @param {number} playingFor milliseconds since joining
 * @param {Memory} memory
 * @param {boolean} [exact] whether a seek lands to the sample
 * @returns {Decision}
 */
export function decide(error, now, playingFor, memory, exact = false) {
  const size = Math.abs(error);
  const [first, usual] = exact ? [EXACT_FIRST_MS, EXACT_MS] : [SEEK_FIRST_MS, SEEK_MS];
  const threshold = (playingFor < FIRST_MS ? first : usual) * (memory.seeks >= SEEKS_IN_A_ROW ? 2 : 1);
  if (size >= threshold && now - memory.seekedAt >= (exact ? EXACT_GAP_MS : SEEK_GAP_MS)) {
    return { rate: 1, seek: true, memory: { correcting: false, seekedAt: now, seeks: memory.seeks + 1 } };
  }
  const correcting = size >= START_MS || (memory.correcting && size > STOP_MS);
  const settled = size < START_MS ? 0 : memory.seeks;
  const change = correcting ? Math.max(-RATE_MOST, Math.min(RATE_MOST, -error / SPREAD_MS)) : 0;
  return { rate: 1 + change, seek: false, memory: { ...memory, correcting, seeks: settled } };
}
