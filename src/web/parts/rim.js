// @ts-check
// The room's disc as a still picture, for pages outside of a room: artwork, marks, needles, people.
// It is decoration: what it shows is also said in words beside it.
import { html } from '../lib/html.js';
import { ARTWORK, MARKS, ORBIT, RIM, seat } from '../lib/geometry.js';

const MOST = 24;
/** Where the needles rest, in degrees: early enough that much lies ahead. */
const REST = 42;

/** @param {{ art?: string | null, people?: number, here?: boolean }} props `people` are the others; your seat is at the foot, free unless you are `here` */
export function Rim({ art, people = 0, here = false }) {
  const count = Math.min(MOST, people) + 1;
  const size = count > 12 ? 5 : 6.5;
  return html`<div class="rim" aria-hidden="true">
    <div class="rim-plate" style=${{ '--plate': `${(1 - ARTWORK / 200) * 50}%` }}>
      ${art ? html`<div class="rim-art" key=${art}><img src=${art} alt="" draggable=${false} /></div>` : html`<${Arcs} />`}
    </div>
    <svg viewBox="-200 -200 400 400">
      <circle class="groove-marks" r=${RIM} pathLength=${MARKS} stroke-dasharray="0.26 0.74" transform="rotate(-90.26)" />
      <path class="groove-marks groove-marks-lit" d=${arc(REST)} pathLength=${(MARKS * REST) / 360} stroke-dasharray="0.26 0.74" />
      <g transform=${`rotate(${REST})`}>
        <line class="needle needle-room" y1=${-RIM - 12} y2=${-RIM + 1} />
        <line class="needle needle-you" y1=${-RIM + 1} y2=${-ARTWORK + 2} />
      </g>
      ${Array.from({ length: count }, (_, index) => html`<g key=${index} transform=${`rotate(${seat(index, count)})`}>
        <circle class=${`dot ${index === 0 ? (here ? 'dot-you' : 'dot-free') : ''}`} r=${size} cy=${-ORBIT} style=${{ '--nth': index }} />
      </g>`)}
    </svg>
  </div>`;
}

/** From the top clockwise along the rim. @param {number} degrees under 180 */
function arc(degrees) {
  const turn = (degrees * Math.PI) / 180;
  return `M0 ${-RIM}A${RIM} ${RIM} 0 0 1 ${(Math.sin(turn) * RIM).toFixed(2)} ${(-Math.cos(turn) * RIM).toFixed(2)}`;
}

/** The mark, large: two arcs that meet round one point. */
export function Arcs() {
  return html`<svg class="arcs" viewBox="-100 -100 200 200" aria-hidden="true">
    ${[92, 80, 68, 56].map((r) => html`<circle class="arcs-groove" key=${r} r=${r} />`)}
    <path class="mark-left" d="M-6 -38A38.5 38.5 0 0 0 -6 38" />
    <path class="mark-right" d="M6 -38A38.5 38.5 0 0 1 6 38" />
    <circle class="arcs-point" r="9" />
  </svg>`;
}
