// @ts-check
// The guest's tokens: what makes you the same guest next time, kept in this browser, one a room.

const PREFIX = 'stereo.guest.';

/** The storage that the SDK is given; keys are the SDK's own. */
export const guestTokens = {
  /** @param {string} key @returns {string | null} */
  getItem(key) {
    try {
      return localStorage.getItem(PREFIX + key);
    } catch {
      return null;
    }
  },
  /** @param {string} key @param {string} value */
  setItem(key, value) {
    try {
      localStorage.setItem(PREFIX + key, value);
    } catch {
      // Without storage the guest is a new one next time.
    }
  },
  /** @param {string} key */
  removeItem(key) {
    try {
      localStorage.removeItem(PREFIX + key);
    } catch {
      // Nothing was kept then.
    }
  },
};
