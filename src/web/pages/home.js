// @ts-check
// /: what this is in one sentence, one button, and the public rooms. It plays nothing and asks nothing.
import { useEffect } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { html } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { library } from '../lib/api.js';
import { roomLight } from '../lib/color.js';
import { isLight } from '../lib/preferences.js';
import { attempt } from '../lib/refusal.js';
import { navigate, roomIn } from '../lib/router.js';
import { linkTo, startRoom } from '../lib/start.js';
import { AccountLink } from '../parts/account_link.js';
import { Icon, Mark } from '../parts/icon.js';
import { PublicRooms } from '../parts/public_rooms.js';
import { Rim } from '../parts/rim.js';
import { SettingsSheet } from '../parts/settings.js';
import { YourRooms } from '../parts/your_rooms.js';

const PROMISES = /** @type {const} */ ([
  ['sync', 'needles'],
  ['private', 'lock'],
  ['open', 'room'],
]);
/** As many as fit round a kitchen table. */
const COMPANY = 4;

export function Home() {
  const settings = useSignal(false);
  const shown = useSignal(/** @type {import('../types.js').Track | null} */ (null));
  useEffect(() => {
    // The picture is for the eye alone: without it there is the mark.
    library('').then((tracks) => (shown.value = tracks[new Date().getDate() % Math.max(1, tracks.length)] ?? null), () => {});
  }, []);
  const { lamp } = roomLight(shown.value?.accent, isLight());
  return html`<div class="home" style=${{ '--lamp': lamp }}>
    <header class="home-head">
      <a href="/" class="brand"><${Mark} size=${30} /><span>${t('app.name')}</span></a>
      <div class="home-tools"><${AccountLink} />
      <button class="quiet round" data-test="settings" aria-label=${t('home.settings')} title=${t('home.settings')} onClick=${() => (settings.value = true)}><${Icon} name="settings" /></button></div>
    </header>
    <main class="home-main" id="main" tabindex="-1">
      <section class="start">
        <${Start} />
        <div class="start-disc"><${Rim} art=${shown.value?.artwork} people=${COMPANY} here=${true} /></div>
      </section>
      <${YourRooms} />
      <${PublicRooms} />
      <ul class="promises">
        ${PROMISES.map(([one, icon]) => html`<li key=${one}><${Icon} name=${icon} size=${28} /><h2>${t(`home.promise_${one}`)}</h2><p>${t(`home.promise_${one}_note`)}</p></li>`)}
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
  return html`<div class="start-words">
    <h1>${t('home.lead')}</h1>
    <p class="start-note">${t('home.note')}</p>
    <button class="primary big" data-test="start-room" aria-busy=${opening.value} onClick=${() => !opening.value && start()}>
      <${Icon} name="play" size=${22} />${t(opening.value ? 'home.starting' : 'home.start')}
    </button>
    <${JoinByLink} />
  </div>`;
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
    <input id="join-link" name="link" data-test="join-link" placeholder=${t('home.join')} autocomplete="off" aria-invalid=${wrong.value} aria-describedby=${wrong.value ? 'join-wrong' : undefined} />
    <button class="secondary">${t('home.join_button')}</button>
    ${wrong.value && html`<p class="fault" role="alert" id="join-wrong">${t('home.join_wrong', { example: linkTo('…') })}</p>`}
  </form>`;
}
