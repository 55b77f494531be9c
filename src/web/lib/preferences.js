// @ts-check
// What a person chose for this browser. It never leaves it.
import { effect, signal } from '@preact/signals';

/**
 * @typedef {object} Preferences
 * @property {'system' | 'dark' | 'light'} theme
 * @property {string | null} language null: the browser's
 * @property {string} name the one offered at the next gate
 * @property {number} volume 0 to 1
 * @property {boolean} muted
 * @property {number} nudge milliseconds, for this output device
 * @property {boolean} counted whether visits of this browser may be counted, where they are
 */

const KEY = 'stereo.preferences';

/** @type {Preferences} */
const DEFAULTS = { theme: 'system', language: null, name: '', volume: 0.8, muted: false, nudge: 0, counted: true };

/** @returns {Preferences} */
function read() {
  try {
    return { ...DEFAULTS, ...JSON.parse(localStorage.getItem(KEY) ?? '{}') };
  } catch {
    return { ...DEFAULTS };
  }
}

export const preferences = signal(read());

/** @param {Partial<Preferences>} change */
export function prefer(change) {
  preferences.value = { ...preferences.value, ...change };
  try {
    localStorage.setItem(KEY, JSON.stringify(preferences.value));
  } catch {
    // A browser that refuses storage still gets them for this visit.
  }
}

/** Forgets what this browser kept, and goes back to the defaults. */
export function forgetPreferences() {
  preferences.value = { ...DEFAULTS };
  try {
    localStorage.removeItem(KEY);
  } catch {
    // Nothing was kept then.
  }
}

const system = matchMedia('(prefers-color-scheme: light)');
const systemLight = signal(system.matches);
system.addEventListener('change', () => (systemLight.value = system.matches));

/** Whether the page is light now, whoever decided it. */
export const isLight = () => {
  const { theme } = preferences.value;
  return theme === 'system' ? systemLight.value : theme === 'light';
};

effect(() => {
  const { theme } = preferences.value;
  const root = document.documentElement;
  if (theme === 'system') delete root.dataset.theme;
  else root.dataset.theme = theme;
  const bar = document.querySelector('meta[name="theme-color"]');
  bar?.setAttribute('content', isLight() ? '#f6f1e7' : '#14121a');
});
