// @ts-check
/**
 * What a close code says (RFC 6455 §7.4): the same rule as `protocol/src/close.rs`.
 * 4000 to 4499: come back and resume. 4500 to 4999: do not.
 */

/** Closes that coming back would only repeat: done, or the two sides do not understand each other. */
const FOR_GOOD = new Set([1000, 1002, 1003, 1007, 1008, 1009, 1010]);

/** Whether a client comes back after this code. @param {number} code */
export function comesBack(code) {
  return code < 4500 && !FOR_GOOD.has(code);
}
