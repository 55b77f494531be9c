// @ts-check
// Dragging a row of the queue by its handle. Others may change the queue meanwhile: the item is named
// by id, the place is counted when it is let go, and an item that is gone ends the drag. Escape does
// too. Near an edge the list scrolls along.
import { signal } from '@preact/signals';

/** @typedef {{ id: string, by: number, from: number, to: number, height: number }} Drag */

/** @type {import('@preact/signals').Signal<Drag | null>} */
export const drag = signal(null);

/** How near the edge of the list it scrolls along, in pixels, and how fast at most, in pixels a millisecond. */
const EDGE = 56;
const SCROLL = 0.72;
/** A frame that comes later than this, in milliseconds, scrolls no further: nothing jumps. */
const FRAME = 100;

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

/** How fast to scroll for a pointer at `y` in a list from `top` to `bottom`, in pixels a millisecond: 0 but near an edge. @param {number} y @param {number} top @param {number} bottom */
export function scrollFor(y, top, bottom) {
  const over = y < top + EDGE ? y - top - EDGE : y > bottom - EDGE ? y - bottom + EDGE : 0;
  return (SCROLL * Math.max(-EDGE, Math.min(EDGE, over))) / EDGE;
}

/** The nearest ancestor that scrolls. @param {Element} from */
function scrollerOf(from) {
  let at = from.parentElement;
  while (at && !(at.scrollHeight > at.clientHeight && /auto|scroll/.test(getComputedStyle(at).overflowY))) at = at.parentElement;
  return at;
}

/**
 * Handlers for the handle of the row `id`.
 * @param {string} id
 * @param {() => readonly { id: string }[]} queue as it is now
 * @param {(to: number) => void} drop
 */
export function handle(id, queue, drop) {
  /** @param {PointerEvent} event */
  const begin = (event) => {
    const knob = /** @type {HTMLElement} */ (event.currentTarget);
    const row = knob.closest('[data-row]');
    if (event.button !== 0 || !row) return;
    knob.setPointerCapture(event.pointerId);
    const from = queue().findIndex((one) => one.id === id);
    drag.value = { id, by: 0, from, to: from, height: row.getBoundingClientRect().height };
    follow(knob, event);
  };

  /** Until it is let go. @param {HTMLElement} knob @param {PointerEvent} event */
  const follow = (knob, { clientY: start, pointerId }) => {
    const list = scrollerOf(knob);
    const scrolled = list?.scrollTop ?? 0;
    let y = start;
    let frame = 0;
    const place = () => {
      const held = drag.peek();
      if (held?.id !== id) return end(false);
      const items = queue();
      const from = items.findIndex((one) => one.id === id);
      // Within the list: a row that is drawn below its end would make it longer, and never end.
      const least = -from * held.height;
      const most = (items.length - 1 - from) * held.height;
      const by = Math.max(least, Math.min(most, y - start + (list?.scrollTop ?? 0) - scrolled));
      const to = Math.max(0, Math.min(items.length - 1, from + Math.round(by / held.height)));
      if (by !== held.by || from !== held.from || to !== held.to) drag.value = { ...held, by, from, to };
    };
    let last = performance.now();
    const beat = (/** @type {number} */ now) => {
      if (list) {
        const { top, bottom } = list.getBoundingClientRect();
        list.scrollTop += scrollFor(y, top, bottom) * Math.max(0, Math.min(FRAME, now - last));
      }
      last = now;
      place();
      if (drag.peek()?.id === id) frame = requestAnimationFrame(beat);
    };
    const end = (/** @type {boolean} */ kept) => {
      cancelAnimationFrame(frame);
      for (const [type, act] of Object.entries(acts)) removeEventListener(type, /** @type {any} */ (act), true);
      removeEventListener('keydown', escape, true);
      const held = drag.peek();
      if (held?.id !== id) return;
      drag.value = null;
      if (kept && held.to !== held.from) drop(held.to);
    };
    const escape = (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== 'Escape') return;
      event.preventDefault();
      event.stopPropagation();
      end(false);
    };
    // At the window: a row that is drawn at another place loses the pointer, and the drag goes on.
    const mine = (/** @type {(event: PointerEvent) => void} */ act) => (/** @type {PointerEvent} */ event) =>
      event.pointerId === pointerId && act(event);
    const acts = {
      pointermove: mine((event) => ((y = event.clientY), place())),
      pointerup: mine(() => end(true)),
      pointercancel: mine(() => end(false)),
    };
    for (const [type, act] of Object.entries(acts)) addEventListener(type, /** @type {any} */ (act), true);
    addEventListener('keydown', escape, true);
    frame = requestAnimationFrame(beat);
  };
  return { onPointerDown: begin };
}
