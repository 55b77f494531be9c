// @ts-check
/** First wait and longest wait, in milliseconds. */
const FIRST = 500;
const LONGEST = 30_000;

/**
 * How long to wait before reconnecting: full jitter, doubling, so that a server that comes back is
 * not met by everyone at once.
 * @param {number} attempt from 0
 * @param {() => number} random from 0 to 1
 * @returns {number} milliseconds
 */
export function backoff(attempt, random = Math.random) {
  const most = Math.min(LONGEST, FIRST * 2 ** Math.min(attempt, 16));
  return random() * most;
}
