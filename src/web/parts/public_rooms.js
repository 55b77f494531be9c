// @ts-check
// The public rooms, as cards that invite: what plays, in its own light, and how many hear it.
import { useEffect } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { html } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { publicRooms } from '../lib/api.js';
import { roomLight } from '../lib/color.js';
import { isLight } from '../lib/preferences.js';
import { Art } from './art.js';
import { Icon } from './icon.js';
import { Arcs } from './rim.js';

const PAUSE = 250;
const REFRESH = 15_000;
const MANY = 6;
const DOTS = 8;

/** @typedef {import('../types.js').ListedRoom} ListedRoom */

export function PublicRooms() {
  const query = useSignal('');
  const rooms = useSignal(/** @type {ListedRoom[] | null} */ (null));
  useEffect(() => {
    const load = () => publicRooms(query.value).then((found) => (rooms.value = found), () => (rooms.value ??= []));
    const soon = setTimeout(load, rooms.value ? PAUSE : 0);
    const again = setInterval(load, REFRESH);
    return () => {
      clearTimeout(soon);
      clearInterval(again);
    };
  }, [query.value]);
  const found = rooms.value ?? [];
  return html`<section class="public" aria-labelledby="public-rooms">
    <header class="public-head"><h2 id="public-rooms">${t('home.public')}</h2>
      ${(found.length > MANY || query.value) &&
      html`<label class="search search-small"><${Icon} name="search" size=${18} /><span class="unseen">${t('home.public_search')}</span>
        <input type="search" placeholder=${t('home.public_search')} value=${query.value} onInput=${(/** @type {any} */ event) => (query.value = event.target.value)} /></label>`}
    </header>
    ${rooms.value && found.length === 0 && html`<p class="public-none">${t(query.value ? 'home.public_none_found' : 'home.public_none')}</p>`}
    <ul class="cards">${found.map((room) => html`<${Card} key=${room.id} room=${room} />`)}</ul>
  </section>`;
}

/** @param {{ room: ListedRoom }} props */
function Card({ room }) {
  const { current, listeners } = room;
  const { accent, lamp } = roomLight(current?.accent, isLight());
  return html`<li><a class=${`card ${current ? '' : 'is-quiet'}`} href=${`/rooms/${room.id}`} data-test="public-room" style=${{ '--accent': accent, '--lamp': lamp }}>
    <span class="card-words">
      <span class="card-title">${room.title}</span>
      ${current
        ? html`<span class="card-track">${current.title}</span><span class="card-artists">${current.artists.join(', ')}</span>`
        : html`<span class="card-artists">${t('home.quiet')}</span>`}
      <span class="card-people">
        ${listeners > 0 && html`<span class="card-dots" aria-hidden="true">${Array.from({ length: Math.min(DOTS, listeners) }, (_, index) => html`<i key=${index}></i>`)}</span>`}
        ${t('home.listeners', { count: listeners })}
      </span>
    </span>
    <span class="card-disc" aria-hidden="true">${current ? html`<${Art} src=${current.artwork} size=${null} />` : html`<${Arcs} />`}</span>
  </a></li>`;
}
