// @ts-check
// Who is here, and how they stand. A press on somebody opens what can be done about them.
import { useSignal } from '@preact/signals';
import { html } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { me } from '../lib/account.js';
import { nameOf } from '../lib/here.js';
import { ROLES, mayModerate } from '../lib/may.js';
import { attempt } from '../lib/refusal.js';
import { announce } from '../lib/announce.js';
import { keepFocus, named } from '../lib/focus.js';
import { prefer } from '../lib/preferences.js';
import { Face } from './face.js';
import { Icon } from './icon.js';
import { MemberSheet } from './member_sheet.js';

/** @typedef {import('../lib/session.js').Session} Session */

/** @param {{ session: Session, onShare: () => void, onSignIn: () => void }} props */
export function People({ session, onShare, onSignIn }) {
  const about = useSignal(/** @type {string | null} */ (null));
  const state = session.state.value;
  const { presence, you } = state;
  const standing = (/** @type {string} */ id) => ROLES.indexOf(state.people[id]?.role ?? 'listener');
  const others = presence.list.filter((id) => id !== you?.member).sort((a, b) => standing(b) - standing(a));
  const hidden = presence.count - presence.list.length;
  return html`<div class="people">
    <ul class="rows" aria-label=${t('people.title')}>
      ${you && html`<${You} session=${session} id=${you.member} />`}
      ${others.map((id) => html`<${Other} key=${id} session=${session} id=${id} onAbout=${() => (about.value = id)} />`)}
    </ul>
    ${hidden > 0 && html`<p class="empty">${t('people.more', { count: hidden })}</p>`}
    ${presence.count === 1 && html`<button class="adder" data-test="bring" onClick=${onShare}><${Icon} name="share" size=${20} />${t('people.bring')}</button>`}
    ${me.value === null && html`<p class="guest-note"><span>${t('keep.guest')}</span><button class="link" data-test="guest-sign-in" onClick=${onSignIn}>${t('account.sign_in')}</button></p>`}
    ${about.value && html`<${MemberSheet} session=${session} id=${about.value} onClose=${() => (about.value = null)} />`}
  </div>`;
}

/** Listeners are the rule, and said only to those who do not see the list. @param {{ state: import('../types.js').RoomState, id: string }} props */
function Standing({ state, id }) {
  const person = state.people[id];
  const role = person?.role ?? 'listener';
  return html`${person?.muted && html`<span class="standing">${t('people.muted')}</span>`}
    <span class=${role === 'listener' ? 'unseen' : `standing standing-${role}`}>${t(/** @type {import('../lib/i18n.js').Key} */ (`role.${role}`))}</span>`;
}

/** @param {{ session: Session, id: string }} props */
function You({ session, id }) {
  const state = session.state.value;
  const editing = useSignal(false);
  return html`<li class="row person" data-test="you">
    <${Face} state=${state} id=${id} />
    ${editing.value
      ? html`<${Rename} session=${session} done=${() => ((editing.value = false), keepFocus(named('rename')))} />`
      : html`<div class="row-main"><span class="row-title">${nameOf(state, id)}<span class="tag">${t('people.you_tag')}</span></span></div>
          <${Standing} state=${state} id=${id} />
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

/** @param {{ session: Session, id: string, onAbout: () => void }} props */
function Other({ session, id, onAbout }) {
  const state = session.state.value;
  const name = nameOf(state, id);
  return html`<li class="row person" data-test="person">
    <${Face} state=${state} id=${id} />
    <div class="row-main"><span class="row-title">${name}</span></div>
    <${Standing} state=${state} id=${id} />
    ${mayModerate(state, id) &&
    html`<button class="quiet round small" data-test="person-more" aria-haspopup="dialog" aria-label=${t('people.actions', { name })} onClick=${onAbout}>
      <${Icon} name="more" size=${20} />
    </button>`}
  </li>`;
}
