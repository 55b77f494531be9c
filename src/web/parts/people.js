// @ts-check
// Who is here, what they may do, and what a host can do about it.
import { useSignal } from '@preact/signals';
import { html } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { nameOf } from '../lib/here.js';
import { isHost } from '../lib/may.js';
import { attempt } from '../lib/refusal.js';
import { announce } from '../lib/announce.js';
import { prefer } from '../lib/preferences.js';
import { Icon } from './icon.js';
import { MemberActions } from './member_actions.js';

/** @typedef {import('../lib/session.js').Session} Session */

/** @param {{ session: Session }} props */
export function People({ session }) {
  const state = session.state.value;
  const { presence, you } = state;
  const others = presence.list.filter((id) => id !== you?.member);
  const hidden = presence.count - presence.list.length;
  return html`<div class="people">
    <ul class="rows" aria-label=${t('people.title')}>
      ${you && html`<${You} session=${session} id=${you.member} />`}
      ${others.map((id) => html`<${Other} key=${id} session=${session} id=${id} />`)}
    </ul>
    ${hidden > 0 && html`<p class="empty">${t('people.more', { count: hidden })}</p>`}
  </div>`;
}

/** @param {{ state: import('../types.js').RoomState, id: string }} props */
function Face({ state, id }) {
  const picture = state.people[id]?.picture;
  const cool = id === state.you?.member ? 'face-you' : '';
  if (picture) return html`<img class=${`face ${cool}`} src=${picture} alt="" />`;
  return html`<span class=${`face ${cool}`} aria-hidden="true">${[...nameOf(state, id)][0]?.toLocaleUpperCase()}</span>`;
}

/** @param {{ state: import('../types.js').RoomState, id: string }} props */
function Standing({ state, id }) {
  const person = state.people[id];
  const role = person?.role ?? 'listener';
  return html`<span class="row-sub">
    ${t(/** @type {import('../lib/i18n.js').Key} */ (`role.${role}`))}
    ${person?.muted && html`<span class="dividing"></span>${t('people.muted')}`}
  </span>`;
}

/** @param {{ session: Session, id: string }} props */
function You({ session, id }) {
  const state = session.state.value;
  const editing = useSignal(false);
  return html`<li class="row person" data-test="you">
    <${Face} state=${state} id=${id} />
    ${editing.value
      ? html`<${Rename} session=${session} done=${() => (editing.value = false)} />`
      : html`<div class="row-main">
            <span class="row-title">${nameOf(state, id)}<span class="tag tag-you">${t('people.you_tag')}</span></span>
            <${Standing} state=${state} id=${id} />
          </div>
          <button class="quiet round small" data-test="rename" aria-label=${t('people.rename')} title=${t('people.rename')} onClick=${() => (editing.value = true)}>
            <${Icon} name="pencil" size=${20} />
          </button>`}
  </li>`;
}

/** @param {{ session: Session, done: () => void }} props */
function Rename({ session, done }) {
  const state = session.state.peek();
  const save = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const name = String(new FormData(/** @type {HTMLFormElement} */ (event.currentTarget)).get('name') ?? '').trim();
    if (name && (await attempt(session.room.rename(name).then(() => true)))) {
      prefer({ name });
      announce(t('people.renamed', { name }));
    }
    done();
  };
  return html`<form class="rename" onSubmit=${save} onKeyDown=${(/** @type {KeyboardEvent} */ event) => event.key === 'Escape' && (event.stopPropagation(), event.preventDefault(), done())}>
    <input
      name="name"
      data-test="rename-input"
      aria-label=${t('people.your_name')}
      maxlength=${state.limits?.name ?? 32}
      autocomplete="nickname"
      value=${state.you ? (state.people[state.you.member]?.name ?? '') : ''}
      ref=${(/** @type {HTMLInputElement | null} */ field) => field?.focus()}
    />
    <button class="tinted round small" aria-label=${t('people.save_name')}><${Icon} name="check" size=${20} /></button>
  </form>`;
}

/** @param {{ session: Session, id: string }} props */
function Other({ session, id }) {
  const state = session.state.value;
  const open = useSignal(false);
  const name = nameOf(state, id);
  return html`<li class=${`row person ${open.value ? 'is-open' : ''}`} data-test="person">
    <${Face} state=${state} id=${id} />
    <div class="row-main">
      <span class="row-title">${name}</span>
      <${Standing} state=${state} id=${id} />
    </div>
    ${isHost(state) &&
    html`<button class="quiet round small" data-test="person-more" aria-expanded=${open.value} aria-label=${t('people.actions', { name })} onClick=${() => (open.value = !open.value)}>
      <${Icon} name="more" size=${20} />
    </button>`}
    ${open.value && html`<${MemberActions} session=${session} id=${id} />`}
  </li>`;
}
