// @ts-check
// Tells people who do not look at the screen, and people who do: a live region, and toasts.
import { signal } from '@preact/signals';

/** @typedef {{ id: number, text: string, tone: 'plain' | 'fault', undo?: () => void }} Toast */

/** @type {import('@preact/signals').Signal<Toast[]>} */
export const toasts = signal([]);
let last = 0;

/** Read aloud, politely. @param {string} text */
export function announce(text) {
  const region = document.getElementById('announcer');
  if (!region) return;
  // The same sentence twice is two changes; the no-break space makes it one.
  region.textContent = region.textContent === text ? `${text}\u00a0` : text;
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
  setTimeout(() => dismiss(id), tone === 'fault' ? 8000 : 4500);
}

/** @param {number} id */
export function dismiss(id) {
  toasts.value = toasts.value.filter((one) => one.id !== id);
}
