// @ts-check
// Where things are on the disc. Angles in degrees, clockwise from the top; lengths in units of a
// 400 × 400 picture whose middle is 0, 0.

export const ORBIT = 190;
export const RIM = 173;
export const ARTWORK = 158;

/** @param {number} angle @param {number} radius @returns {[number, number]} */
export function point(angle, radius) {
  const turn = (angle * Math.PI) / 180;
  return [Math.sin(turn) * radius, -Math.cos(turn) * radius];
}

/** Strobe marks on the rim. */
export const MARKS = 180;

/** Angle of the `index`th of `count` people: spread over the rim, you at the foot. @param {number} index @param {number} count */
export const seat = (index, count) => (180 + (index * 360) / Math.max(1, count)) % 360;

/** The share of a turn (0 to 1) under a pointer. @param {DOMRect} box @param {number} x @param {number} y */
export function turnAt(box, x, y) {
  const angle = Math.atan2(x - (box.left + box.width / 2), box.top + box.height / 2 - y);
  return ((angle / (2 * Math.PI)) + 1) % 1;
}

/** Degrees between the two needles for a measured drift: what nobody could see, made visible. @param {number} drift milliseconds */
export const needleGap = (drift) => Math.max(-24, Math.min(24, drift * 0.4));

/** How far the dots' breathing falls apart, in seconds, for a room's drift. @param {number} p95 milliseconds */
export const scatter = (p95) => Math.max(0, Math.min(2, (p95 - 15) / 100));
