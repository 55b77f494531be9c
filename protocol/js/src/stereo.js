// @ts-check
/**
 * The browser SDK of Stereo: `connect` joins a room, and the room holds its public state, its
 * clock and its calls. No dependency. What may not enter: sound, and anything that is drawn.
 */
export { connect, Room } from './room.js';
export { reduce, foldPresence } from './reducer.js';
export { ClockEstimate, RoomClock } from './clock.js';
export { StereoError } from './errors.js';
export { backoff } from './backoff.js';
export { comesBack } from './close.js';
export { positionAt, endsAt } from './playback.js';

/**
 * @typedef {import('./types.js').QueueItem} Item
 * @typedef {import('./types.js').Playback} Playback
 * @typedef {import('./types.js').ReportStatus} ReportStatus
 */
