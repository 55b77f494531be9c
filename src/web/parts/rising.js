// @ts-check
// Reactions rise from the rim where the sender sits, and are gone.
import { useEffect } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { html } from '../lib/html.js';
import { ORBIT, point, seat } from '../lib/geometry.js';
import { seated } from './dots.js';
import { Icon, REACTIONS } from './icon.js';

const LIFE = 1800;
const AT_ONCE = 14;

/** @param {{ session: import('../lib/session.js').Session }} props */
export function Rising({ session }) {
  const rising = useSignal(/** @type {{ id: number, icon: any, x: number, y: number, you: boolean }[]} */ ([]));
  useEffect(() => {
    let last = 0;
    return session.room.on('reaction', (told) => {
      const drawn = REACTIONS.find((one) => one.code === told.reaction);
      if (!drawn) return;
      const by = told.member ?? told.by ?? null;
      const id = ++last;
      rising.value = [...rising.value.slice(1 - AT_ONCE), { id, icon: drawn.icon, ...from(session, by) }];
      setTimeout(() => (rising.value = rising.value.filter((one) => one.id !== id)), LIFE);
    });
  }, [session]);
  return html`<div class="rising" aria-hidden="true">
    ${rising.value.map(
      (one) => html`<span key=${one.id} class=${one.you ? 'is-you' : ''} style=${{ left: `${one.x}%`, top: `${one.y}%` }}>
        <${Icon} name=${one.icon} size=${26} />
      </span>`,
    )}
  </div>`;
}

/** In percent of the disc. @param {import('../lib/session.js').Session} session @param {string | null} by */
function from({ state }, by) {
  const seats = seated(state.peek());
  const index = by ? seats.indexOf(by) : -1;
  const [x, y] = point(index < 0 ? 0 : seat(index, seats.length), ORBIT);
  return { x: 50 + x / 4, y: 50 + y / 4, you: by !== null && by === state.peek().you?.member };
}
