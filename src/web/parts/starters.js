// @ts-check
// A few tracks to begin with, for a room where nothing plays: one press and it sounds.
import { useEffect } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { html } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { artists } from '../lib/here.js';
import { library } from '../lib/api.js';
import { attempt } from '../lib/refusal.js';
import { Art } from './art.js';

/** @typedef {import('../types.js').Track} Track */

/** @param {{ session: import('../lib/session.js').Session, count: number }} props */
export function Starters({ session, count }) {
  const found = useSignal(/** @type {Track[]} */ ([]));
  useEffect(() => {
    const stop = new AbortController();
    // Without them the room is no worse: the sheet says what went wrong when it is opened.
    library('', stop.signal).then((tracks) => (found.value = tracks), () => {});
    return () => stop.abort();
  }, []);
  if (found.value.length === 0) return null;
  return html`<div class="starters">
    <p class="starters-lead">${t('starters.lead')}</p>
    <ul class="tiles">
      ${found.value.slice(0, count).map((track) => html`<li key=${track.id}><${Tile} session=${session} track=${track} /></li>`)}
    </ul>
  </div>`;
}

/** @param {{ session: import('../lib/session.js').Session, track: Track }} props */
function Tile({ session, track }) {
  return html`<button class="tile" data-test="starter" onClick=${() => attempt(session.room.add([track.id]))}>
    <${Art} src=${track.artwork} size=${null} />
    <span class="unseen">${t('starters.play')}</span>
    <span class="tile-title">${track.title}</span>
    <span class="tile-sub">${artists(track)}</span>
  </button>`;
}
