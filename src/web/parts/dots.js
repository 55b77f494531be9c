// @ts-check
// Everyone in the room as a dot on the rim. They breathe on the room's clock, so that the dots on two
// screens rise together; how far they fall apart is the room's measured drift.
import { html } from '../lib/html.js';
import { list, t } from '../lib/i18n.js';
import { nameOf } from '../lib/here.js';
import { ORBIT, scatter, seat } from '../lib/geometry.js';

const BREATH = 4000;
const SHOWN = 60;

/** You first, then the others as the room lists them. @param {import('../types.js').RoomState} state */
export function seated(state) {
  const you = state.you?.member;
  const others = state.presence.list.filter((id) => id !== you);
  return (you ? [you, ...others] : others).slice(0, SHOWN);
}

/** @param {{ session: import('../lib/session.js').Session }} props */
export function Dots({ session }) {
  const state = session.state.value;
  const seats = seated(state);
  const together = state.health && state.playback && !state.playback.paused && session.playing.value.status !== 'asking';
  const apart = state.health ? scatter(state.health.p95_ms) : 0;
  const size = seats.length > 30 ? 3.4 : seats.length > 14 ? 4.6 : 6;
  return html`<svg class=${`dots ${together ? 'are-together' : ''}`} viewBox="-200 -200 400 400" role="img" aria-label=${said(state)}>
    ${seats.map((id, index) => {
      const angle = seat(index, seats.length);
      const late = -(session.room.clock.now() % BREATH) / 1000 + apart * Math.sin(index * 12.9);
      return html`<g class="dot-seat" key=${id} style=${{ transform: `rotate(${angle}deg)` }}>
        <circle
          class=${`dot ${id === state.you?.member ? 'dot-you' : ''} ${state.people[id]?.role === 'host' ? 'dot-host' : ''}`}
          cy=${-ORBIT}
          r=${id === state.you?.member ? size + 1 : size}
          style=${{ animationDelay: `${late.toFixed(2)}s` }}
        >
          <title>${nameOf(state, id)}</title>
        </circle>
      </g>`;
    })}
  </svg>`;
}

/** @param {import('../types.js').RoomState} state */
function said(state) {
  const names = state.presence.list.slice(0, 5).map((id) => nameOf(state, id));
  return t('dots.label', { count: state.presence.count, names: list(names) });
}
