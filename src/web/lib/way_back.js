// @ts-check
// The room that somebody signs in from: a note in this browser, good for one return and for half an
// hour. The link in the mail opens in a tab of its own, so that the tab alone would not remember.

/** @typedef {{ room: string, keep: boolean, until: number }} WayBack `until` in milliseconds of this device's clock */

const KEY = 'stereo.back';
const GOOD_MS = 30 * 60_000;

/** @param {string} room @param {{ keep: boolean }} wish `keep`: the room is to stay once they are signed in */
export function rememberWayBack(room, { keep }) {
  try {
    localStorage.setItem(KEY, JSON.stringify({ room, keep, until: Date.now() + GOOD_MS }));
  } catch {
    // Then it is the first page.
  }
}

/** Where to go once somebody is signed in. @returns {string | null} a path */
export function wayBack() {
  const noted = read();
  return noted && `/rooms/${noted.room}`;
}

/** Hands out the note once, when it is of this room. @param {string} room @returns {WayBack | null} */
export function takeWayBack(room) {
  const noted = read();
  if (noted?.room !== room) return null;
  try {
    localStorage.removeItem(KEY);
  } catch {
    // It ends by itself.
  }
  return noted;
}

/** @returns {WayBack | null} */
function read() {
  try {
    const noted = JSON.parse(localStorage.getItem(KEY) ?? 'null');
    return noted && typeof noted.room === 'string' && noted.until > Date.now() ? noted : null;
  } catch {
    return null;
  }
}
