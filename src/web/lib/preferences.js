// @ts-check
// What a person chose for this browser. It never leaves it.
import { effect, signal } from '@preact/signals';
import { originOf } from '../player/elsewhere.js';

/**
 * @typedef {object} Preferences
 * @property {'system' | 'dark' | 'light'} theme
 * @property {string | null} language null: the browser's
 * @property {string} name the one offered at the next gate
 * @property {number} volume 0 to 1
 * @property {boolean} muted
 * @property {number} nudge milliseconds, for this output device
 * @property {boolean} counted whether visits of this browser may be counted, where they are
 * @property {string[]} elsewhere other people's servers that tracks may be asked of, as `https://host`
 */

const KEY = 'stereo.preferences';

/** @type {Preferences} */
const DEFAULTS = { theme: 'system', language: null, name: '', volume: 0.8, muted: false, nudge: 0, counted: true, elsewhere: [] };

/** @returns {Preferences} */
function read() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? '{}');
    return { ...DEFAULTS, ...kept, elsewhere: origins(kept?.elsewhere) };
  } catch {
    return { ...DEFAULTS };
  }
}

/** Those of `kept` that name a server: whatever else is there allows nothing. @param {unknown} kept @returns {string[]} */
function origins(kept) {
  return Array.isArray(kept) ? [...new Set(kept)].filter((one) => typeof one === 'string' && originOf(one) === one) : [];
}

export const preferences = signal(read());

// What was allowed or taken back in another tab holds in this one at once: else it would be kept anew
// with the next choice here. The rest is each tab's own until the next visit.
addEventListener('storage', ({ key }) => {
  if (key === KEY || key === null) preferences.value = { ...preferences.peek(), elsewhere: read().elsewhere };
});

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
