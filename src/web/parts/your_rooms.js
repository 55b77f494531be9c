// @ts-check
// The rooms that stay, of whoever is signed in: a way back into each.
import { useEffect } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { html } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { me, myRooms } from '../lib/account.js';
import { Icon } from './icon.js';

/** @param {{ tools?: (room: import('../types.js').ListedRoom, reload: () => void) => any, empty?: boolean }} props `empty`: say so when there is none */
export function YourRooms({ tools, empty = false }) {
  const rooms = useSignal(/** @type {import('../types.js').ListedRoom[]} */ ([]));
  const load = () => myRooms().then((found) => (rooms.value = found), () => {});
  useEffect(() => {
    if (me.value) load();
    else rooms.value = [];
  }, [me.value]);
  if (!me.value) return null;
  if (rooms.value.length === 0) return empty ? html`<p class="note">${t('account.rooms_none')}</p>` : null;
  return html`<section class="yours" aria-labelledby="your-rooms">
    ${!tools && html`<h2 id="your-rooms">${t('account.rooms')}</h2>`}
    <ul class="yours-list">
      ${rooms.value.map(
        (room) => html`<li key=${room.id} class="yours-one">
          <a href=${`/rooms/${room.id}`} data-test="your-room"><${Icon} name="room" size=${20} /><span class="yours-words"><b>${room.title}</b>
            <small>${room.current ? room.current.title : t('home.quiet')}${room.listeners > 0 && html`<span class="dividing"></span>${t('home.listeners', { count: room.listeners })}`}</small></span></a>
          ${tools?.(room, load)}
        </li>`,
      )}
    </ul>
  </section>`;
}
