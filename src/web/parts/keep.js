// @ts-check
// For the host of a temporary room: it can stay, if they sign in. Offered once, where rooms are set.
import { html } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { me } from '../lib/account.js';
import { keepThis } from '../lib/carry_on.js';

/** @param {{ session: import('../lib/session.js').Session, onSignIn: () => void }} props */
export function Keep({ session, onSignIn }) {
  const { room } = session.state.value;
  if (!room?.temporary) return null;
  return html`<div class="setting" data-test="keep-room">
    <h3>${t('keep.title')}</h3>
    <p class="note">${t('keep.note')}</p>
    ${me.value
      ? html`<button class="secondary" data-test="keep" onClick=${() => keepThis(session)}>${t('keep.button')}</button>`
      : html`<button class="secondary" data-test="keep-sign-in" onClick=${onSignIn}>${t('keep.sign_in')}</button>`}
  </div>`;
}
