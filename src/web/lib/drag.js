// @ts-check
// Dragging a row of the queue by its handle. Others may change the queue meanwhile: the item is named
// by id, the place is counted when it is let go, and an item that is gone ends the drag.
import { signal } from '@preact/signals';

/** @typedef {{ id: string, by: number, from: number, to: number, height: number }} Drag */

/** @type {import('@preact/signals').Signal<Drag | null>} */
export const drag = signal(null);

/** Ends the drag if its item has left; true if it had. @param {readonly { id: string }[]} queue */
export function dropIfGone(queue) {
  const held = drag.peek();
  if (!held || queue.some((one) => one.id === held.id)) return false;
  drag.value = null;
  return true;
}

/** How far a row makes room, in pixels. @param {number} index @param {string} id */
export function shiftOf(index, id) {
  const held = drag.value;
  if (!held) return 0;
  if (held.id === id) return held.by;
  if (index > held.from && index <= held.to) return -held.height;
  if (index < held.from && index >= held.to) return held.height;
  return 0;
}

/**
 * Handlers for the handle of the row `id`.
 * @param {string} id
 * @param {() => readonly { id: string }[]} queue as it is now
 * @param {(to: number) => void} drop
 */
export function handle(id, queue, drop) {
  let startY = 0;
  return {
    onPointerDown: (/** @type {PointerEvent} */ event) => {
      const knob = /** @type {Element} */ (event.currentTarget);
      const row = knob.closest('[data-row]');
      if (event.button !== 0 || !row) return;
      knob.setPointerCapture(event.pointerId);
      startY = event.clientY;
      const from = queue().findIndex((one) => one.id === id);
      drag.value = { id, by: 0, from, to: from, height: row.getBoundingClientRect().height };
    },
    onPointerMove: (/** @type {PointerEvent} */ event) => {
      const held = drag.peek();
      if (held?.id !== id) return;
      const from = queue().findIndex((one) => one.id === id);
      const by = event.clientY - startY;
      const to = Math.max(0, Math.min(queue().length - 1, from + Math.round(by / held.height)));
      drag.value = { ...held, by, from, to };
    },
    onPointerUp: () => {
      const held = drag.peek();
      drag.value = null;
      if (held?.id === id && held.to !== held.from) drop(held.to);
    },
    onPointerCancel: () => (drag.value = null),
  };
}
