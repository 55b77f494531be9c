// @ts-check
// Tells people who do not look at the screen, and people who do: a live region, and toasts.
import { signal } from '@preact/signals';

/** @typedef {{ id: number, text: string, tone: 'plain' | 'fault', undo?: () => void }} Toast */

/** @type {import('@preact/signals').Signal<Toast[]>} */
export const toasts = signal([]);
let last = 0;
/** Long enough to find the way to what takes it back, in milliseconds. */
const LONG = 15_000;

/** Sheets that are open, the uppermost last: what lies under one is out of reach, notices too. @type {import('@preact/signals').Signal<readonly object[]>} */
export const sheets = signal([]);

/** Where words are read from: in the uppermost sheet, or on the page. */
const region = () => [...document.querySelectorAll('dialog[open] > .announcer')].at(-1) ?? document.getElementById('announcer');

/** Read aloud, politely. @param {string} text */
export function announce(text) {
  const spoken = region();
  if (!spoken) return;
  // The same sentence twice is two changes; the no-break space makes it one.
  spoken.textContent = spoken.textContent === text ? `${text}\u00a0` : text;
}

/**
 * Shown for a while, and read aloud.
 * @param {string} text
 * @param {{ tone?: 'plain' | 'fault', undo?: () => void }} [how]
 */
export function toast(text, { tone = 'plain', undo } = {}) {
  const id = ++last;
  toasts.value = [...toasts.value.slice(-2), { id, text, tone, undo }];
  announce(text);
  setTimeout(() => dismiss(id), undo ? LONG : tone === 'fault' ? 8000 : 4500);
}

/** @param {number} id */
export function dismiss(id) {
  toasts.value = toasts.value.filter((one) => one.id !== id);
}
