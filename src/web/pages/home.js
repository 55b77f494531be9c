// @ts-check
// /: what this is in one sentence, one button, and the public rooms. It plays nothing and asks nothing.
import { useEffect } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { html } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { publicRooms } from '../lib/api.js';
import { attempt } from '../lib/refusal.js';
import { navigate, roomIn } from '../lib/router.js';
import { linkTo, startRoom } from '../lib/start.js';
import { Art } from '../parts/art.js';
import { Icon, Mark } from '../parts/icon.js';
import { SettingsSheet } from '../parts/settings.js';

const PROMISES = /** @type {const} */ (['sync', 'private', 'open']);
const PAUSE = 250;
const REFRESH = 15_000;

export function Home() {
  const settings = useSignal(false);
  return html`<div class="home">
    <header class="home-head">
      <a href="/" class="brand"><${Mark} size=${30} /><span>${t('app.name')}</span></a>
      <button class="quiet round" data-test="settings" aria-label=${t('home.settings')} title=${t('home.settings')} onClick=${() => (settings.value = true)}><${Icon} name="settings" /></button>
    </header>
    <main class="home-main" id="main" tabindex="-1">
      <${Start} />
      <${Rooms} />
      <ul class="promises">
        ${PROMISES.map((one) => html`<li key=${one}><h2>${t(`home.promise_${one}`)}</h2><p>${t(`home.promise_${one}_note`)}</p></li>`)}
      </ul>
    </main>
    ${settings.value && html`<${SettingsSheet} onClose=${() => (settings.value = false)} />`}
  </div>`;
}

function Start() {
  const opening = useSignal(false);
  const start = async () => {
    opening.value = true;
    const id = await attempt(startRoom());
    opening.value = false;
    if (id) navigate(`/rooms/${id}`);
  };
  return html`<section class="start">
    <div class="start-disc" aria-hidden="true"><span class="start-arc start-left"></span><span class="start-arc start-right"></span><span class="start-point"></span></div>
    <h1>${t('home.lead')}</h1>
    <p class="start-note">${t('home.note')}</p>
    <button class="primary big" data-test="start-room" aria-busy=${opening.value} onClick=${() => !opening.value && start()}>
      <${Icon} name="play" size=${22} />${t(opening.value ? 'home.starting' : 'home.start')}
    </button>
    <${JoinByLink} />
  </section>`;
}

/** The id of a room in what somebody pasted: a link, a path, or the id alone. @param {string} text */
export function roomOf(text) {
  const given = text.trim();
  const path = given.replace(/^https?:\/\/[^/]+/i, '').replace(/[?#].*$/, '');
  return roomIn(path) ?? (/^[a-z0-9]{16}$/.test(given) ? given : null);
}

function JoinByLink() {
  const wrong = useSignal(false);
  const go = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const text = String(new FormData(/** @type {HTMLFormElement} */ (event.currentTarget)).get('link') ?? '');
    const id = roomOf(text);
    wrong.value = id === null;
    if (id) navigate(`/rooms/${id}${text.match(/#.*$/)?.[0] ?? ''}`);
  };
  return html`<form class="join" onSubmit=${go}>
    <label class="unseen" for="join-link">${t('home.join')}</label>
    <input id="join-link" name="link" data-test="join-link" placeholder=${t('home.join')} autocomplete="off" aria-invalid=${wrong.value} />
    <button class="secondary">${t('home.join_button')}</button>
    ${wrong.value && html`<p class="fault" role="alert">${t('home.join_wrong', { example: linkTo('…') })}</p>`}
  </form>`;
}

function Rooms() {
  const query = useSignal('');
  const rooms = useSignal(/** @type {import('../types.js').ListedRoom[] | null} */ (null));
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
    <header class="side-head"><h2 id="public-rooms">${t('home.public')}</h2>
      ${(found.length > 6 || query.value) &&
      html`<label class="search search-small"><${Icon} name="search" size=${18} /><span class="unseen">${t('home.public_search')}</span>
        <input type="search" placeholder=${t('home.public_search')} value=${query.value} onInput=${(/** @type {any} */ event) => (query.value = event.target.value)} /></label>`}
    </header>
    ${rooms.value && found.length === 0 && html`<p class="empty">${t(query.value ? 'home.public_none_found' : 'home.public_none')}</p>`}
    <ul class="cards">${found.map((room) => html`<${Card} key=${room.id} room=${room} />`)}</ul>
  </section>`;
}

/** @param {{ room: import('../types.js').ListedRoom }} props */
function Card({ room }) {
  return html`<li><a class="card" href=${`/rooms/${room.id}`} data-test="public-room">
    <${Art} src=${room.current?.artwork} size=${56} />
    <span class="row-main">
      <span class="row-title">${room.title}</span>
      <span class="row-sub">${room.current?.title ?? t('home.quiet')}<span class="dividing"></span>${t('home.listeners', { count: room.listeners })}</span>
    </span>
  </a></li>`;
}
