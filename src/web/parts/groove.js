// @ts-check
// The groove: strobe marks lit up to where the room is, and two needles, the room's (warm) and yours
// (cool). They make one line when you hear what the room hears. Also the seek slider.
import { useRef } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { html } from '../lib/html.js';
import { duration, t } from '../lib/i18n.js';
import { may } from '../lib/may.js';
import { attempt } from '../lib/refusal.js';
import { useFrames } from '../lib/frame.js';
import { ARTWORK, MARKS, RIM, needleGap, turnAt } from '../lib/geometry.js';

const STEP = 5_000;
const LEAP = 30_000;
const SETTLE = 350;

/** @typedef {import('../lib/session.js').Session} Session */

/** @param {{ session: Session }} props */
export function Groove({ session }) {
  const svg = useRef(/** @type {SVGSVGElement | null} */ (null));
  const lit = useRef(/** @type {SVGCircleElement | null} */ (null));
  const theirs = useRef(/** @type {SVGLineElement | null} */ (null));
  const yours = useRef(/** @type {SVGLineElement | null} */ (null));
  const wish = useSignal(/** @type {number | null} */ (null));
  const state = session.state.value;
  const total = state.current?.track.duration_ms ?? 0;
  const seekable = total > 0 && may(state, 'seek');
  const { status, drift_ms } = session.playing.value;
  const measured = status === 'playing' && drift_ms !== null;

  useFrames(() => {
    const at = wish.peek() ?? position(session);
    const turn = total ? Math.min(1, at / total) : 0;
    lit.current?.setAttribute('stroke-dashoffset', String(MARKS * (1 - turn)));
    theirs.current?.setAttribute('transform', `rotate(${turn * 360})`);
    const drift = session.playing.peek().drift_ms ?? 0;
    yours.current?.setAttribute('transform', `rotate(${turn * 360 + needleGap(drift)})`);
    tellPosition(svg.current, at);
  });

  return html`<svg class="groove" viewBox="-200 -200 400 400" ref=${svg} ...${seekable ? slider(session, wish, svg) : { 'aria-hidden': true }}>
    <mask id="groove-lit" maskUnits="userSpaceOnUse" x="-200" y="-200" width="400" height="400">
      <circle ref=${lit} class="groove-mask" r=${RIM} pathLength=${MARKS} stroke-dasharray=${MARKS} stroke-dashoffset=${MARKS} transform="rotate(-90)" />
    </mask>
    <circle class="groove-marks" r=${RIM} pathLength=${MARKS} stroke-dasharray="0.26 0.74" transform="rotate(-90.26)" />
    <g mask="url(#groove-lit)">
      <circle class="groove-marks groove-marks-lit" r=${RIM} pathLength=${MARKS} stroke-dasharray="0.26 0.74" transform="rotate(-90.26)" />
    </g>
    ${total > 0 && html`<line ref=${theirs} class="needle needle-room" y1=${-RIM - 12} y2=${-RIM + 1} />`}
    ${total > 0 && status !== 'asking' && html`<line ref=${yours} class=${`needle ${measured ? 'needle-you' : 'needle-room'}`} y1=${-RIM + 1} y2=${-ARTWORK + 2} />`}
    ${seekable && html`<circle class="groove-hold" r=${RIM} />`}
    <circle class="groove-focus" r=${RIM + 10} />
    ${wish.value !== null && html`<g class="groove-wish" aria-hidden="true"><circle r="46" /><text>${duration(wish.value)}</text></g>`}
  </svg>`;
}

/** @param {Session} session milliseconds into the track, never beyond it */
function position({ room, state }) {
  const total = state.peek().current?.track.duration_ms ?? 0;
  return Math.max(0, Math.min(total, room.position() ?? 0));
}

/** The slider's value, for those who hear it; written once a second. @param {SVGSVGElement | null} svg @param {number} at */
function tellPosition(svg, at) {
  const seconds = String(Math.floor(at / 1000));
  if (!svg || !svg.hasAttribute('aria-valuemax') || svg.getAttribute('aria-valuenow') === seconds) return;
  svg.setAttribute('aria-valuenow', seconds);
  const total = Number(svg.getAttribute('aria-valuemax')) * 1000;
  svg.setAttribute('aria-valuetext', t('seek.value', { at: duration(at), total: duration(total) }));
}

/**
 * What makes the groove a slider: pointer and keys move a wish, and what settles is asked for.
 * @param {Session} session
 * @param {import('@preact/signals').Signal<number | null>} wish
 * @param {{ current: SVGSVGElement | null }} svg
 */
function slider(session, wish, svg) {
  const { current } = session.state.value;
  const total = current?.track.duration_ms ?? 0;
  const ask = async (/** @type {number} */ at) => {
    if (current && session.state.peek().current?.id === current.id) await attempt(session.room.seek(current.id, Math.round(at)));
    wish.value = null;
  };
  const under = (/** @type {PointerEvent} */ event) =>
    turnAt(/** @type {SVGSVGElement} */ (svg.current).getBoundingClientRect(), event.clientX, event.clientY) * total;
  return {
    role: 'slider',
    tabIndex: 0,
    'data-test': 'seek',
    'aria-label': t('seek.label'),
    'aria-valuemin': 0,
    'aria-valuemax': Math.floor(total / 1000),
    onPointerDown: (/** @type {PointerEvent} */ event) => {
      if (event.button !== 0 || !(/** @type {Element} */ (event.target).classList.contains('groove-hold'))) return;
      svg.current?.setPointerCapture(event.pointerId);
      wish.value = under(event);
    },
    onPointerMove: (/** @type {PointerEvent} */ event) => {
      if (svg.current?.hasPointerCapture(event.pointerId)) wish.value = under(event);
    },
    onPointerUp: () => wish.value !== null && ask(wish.value),
    onPointerCancel: () => (wish.value = null),
    onKeyDown: (/** @type {KeyboardEvent} */ event) => {
      const to = keyed(event.key, wish.value ?? position(session), total);
      if (to === null) return;
      event.preventDefault();
      wish.value = to;
      settle(() => wish.value === to && ask(to));
    },
  };
}

/** Asks once for a run of key presses. @type {(then: () => void) => void} */
const settle = (() => {
  let timer = 0;
  return (then) => {
    clearTimeout(timer);
    timer = window.setTimeout(then, SETTLE);
  };
})();

/** @param {string} key @param {number} at @param {number} total @returns {number | null} */
function keyed(key, at, total) {
  /** @type {Record<string, number>} */
  const to = {
    ArrowRight: at + STEP,
    ArrowUp: at + STEP,
    ArrowLeft: at - STEP,
    ArrowDown: at - STEP,
    PageUp: at + LEAP,
    PageDown: at - LEAP,
    Home: 0,
    End: total - 1000,
  };
  return key in to ? Math.max(0, Math.min(total - 1000, to[key])) : null;
}
