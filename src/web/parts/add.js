// @ts-check
// Adding from the library of this server, or by a link.
import { useEffect, useRef } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { html } from '../lib/html.js';
import { duration, t } from '../lib/i18n.js';
import { artists } from '../lib/here.js';
import { library } from '../lib/api.js';
import { may } from '../lib/may.js';
import { policy } from '../lib/policy.js';
import { attempt, sentence } from '../lib/refusal.js';
import { announce } from '../lib/announce.js';
import { Art } from './art.js';
import { Icon } from './icon.js';
import { Sheet } from './sheet.js';

const PAUSE = 180;

/** @typedef {import('../lib/session.js').Session} Session */
/** @typedef {import('../types.js').Track} Track */

const looksLikeLink = (/** @type {string} */ text) => /^https?:\/\/\S+$/i.test(text.trim());

/** @param {{ session: Session, onClose: () => void }} props */
export function AddSheet({ session, onClose }) {
  const query = useSignal('');
  const found = useSignal(/** @type {Track[] | null} */ (null));
  const fault = useSignal('');
  useEffect(() => search(query.value, found, fault), [query.value]);
  const link = looksLikeLink(query.value) ? query.value.trim() : null;
  return html`<${Sheet} title=${t('add.title')} onClose=${onClose} test="add-sheet" tall=${true}>
    <${SearchField} query=${query} />
    ${policy.value?.direct && html`<p class="note" data-test="add-elsewhere">${t('add.elsewhere')}</p>`}
    ${link && html`<${AddLink} session=${session} link=${link} />`}
    <p class="unseen" role="status">${found.value && !link ? t('add.found', { count: found.value.length }) : ''}</p>
    ${fault.value && html`<p class="fault">${fault.value}</p>`}
    ${!link && found.value?.length === 0 && html`<p class="empty">${t('add.none')}</p>`}
    <ul class="rows" aria-label=${t('add.results')}>
      ${!link && found.value?.map((track) => html`<${Result} key=${track.id} session=${session} track=${track} />`)}
    </ul>
  <//>`;
}

/**
 * @param {string} text
 * @param {import('@preact/signals').Signal<Track[] | null>} found
 * @param {import('@preact/signals').Signal<string>} fault
 */
function search(text, found, fault) {
  if (looksLikeLink(text)) return undefined;
  const stop = new AbortController();
  const timer = setTimeout(async () => {
    try {
      found.value = await library(text.trim(), stop.signal);
      fault.value = '';
    } catch (refused) {
      if (!stop.signal.aborted) fault.value = sentence(refused);
    }
  }, PAUSE);
  return () => {
    clearTimeout(timer);
    stop.abort();
  };
}

/** @param {{ query: import('@preact/signals').Signal<string> }} props */
function SearchField({ query }) {
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  useEffect(() => field.current?.focus(), []);
  return html`<label class="search">
    <${Icon} name="search" size=${20} />
    <span class="unseen">${t('add.search')}</span>
    <input
      ref=${field}
      type="search"
      data-test="add-search"
      placeholder=${t('add.search')}
      value=${query.value}
      onInput=${(/** @type {any} */ event) => (query.value = event.target.value)}
    />
  </label>`;
}

/** @param {Session} session @param {string} track @param {string} title @param {string} [after] @param {(fault: unknown) => string} [words] */
async function add(session, track, title, after, words) {
  const done = await attempt((after ? session.room.add([track], after) : session.room.add([track])).then(() => true), words);
  if (done) announce(t('add.done', { title }));
  return done === true;
}

/** Why a link was not added: it is the link that is at fault, and not something that was there before. @param {unknown} fault */
function ofLink(fault) {
  const { kind, field } = /** @type {import('../lib/refusal.js').Refusal} */ (fault ?? {});
  if (!field?.startsWith('tracks[')) return sentence(fault);
  if (kind === 'not_found') return t(policy.value?.direct ? 'add.link_missing' : 'add.link_off');
  if (kind === 'invalid') return t('add.link_no_audio');
  return kind === 'unavailable' ? t('add.link_busy') : sentence(fault);
}

/** @param {{ session: Session, link: string }} props */
function AddLink({ session, link }) {
  const busy = useSignal(false);
  // The server looks at an address elsewhere before it answers: once is enough.
  const press = async () => {
    if (busy.value) return;
    busy.value = true;
    await add(session, link, link, undefined, ofLink);
    busy.value = false;
  };
  return html`<button class="primary wide" data-test="add-link" aria-busy=${busy.value} onClick=${press}>
    <${Icon} name="plus" size=${20} />${t('add.link')}
  </button>`;
}

/** @param {{ session: Session, track: Track }} props */
function Result({ session, track }) {
  const state = session.state.value;
  const here = state.queue.some((item) => item.track.id === track.id) || state.current?.track.id === track.id;
  return html`<li class="row row-result" data-test="result">
    <${Art} src=${track.artwork} />
    <div class="row-main">
      <span class="row-title">${track.title}</span>
      <span class="row-sub">${duration(track.duration_ms)}<span class="dividing"></span>${artists(track)}</span>
    </div>
    ${here && html`<span class="here" title=${t('add.here')}><${Icon} name="check" size=${18} /><span class="unseen">${t('add.here')}</span></span>`}
    ${may(state, 'reorder') &&
    html`<button class="quiet round small" data-test="add-next" aria-label=${`${t('add.next')}: ${track.title}`} title=${t('add.next')} onClick=${() => add(session, track.id, track.title, 'next')}>
      <${Icon} name="jump" size=${20} />
    </button>`}
    <button class="tinted round small" data-test="add" aria-label=${`${t('add.one')}: ${track.title}`} title=${t('add.one')} onClick=${() => add(session, track.id, track.title)}>
      <${Icon} name="plus" size=${20} />
    </button>
  </li>`;
}
