// @ts-check
// Browsers and programs that are signed in: no place, no agent, no time; only what their owner calls them.
import { useEffect } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { html } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { endSession, labelSession, makeToken, sessions } from '../lib/account.js';
import { announce } from '../lib/announce.js';
import { attempt } from '../lib/refusal.js';
import { copy } from '../lib/start.js';
import { Icon } from './icon.js';
import { Sure } from './sure.js';

export function Sessions() {
  const all = useSignal(/** @type {import('../lib/account.js').AccountSession[]} */ ([]));
  const token = useSignal('');
  const load = () => sessions().then((found) => (all.value = found), () => {});
  useEffect(() => void load(), []);
  const make = async () => {
    const made = await attempt(makeToken(t('account.token_label')));
    if (!made) return;
    token.value = made.token;
    load();
  };
  const rename = (/** @type {string} */ id) => async (/** @type {any} */ event) => {
    if (await attempt(labelSession(id, event.target.value))) announce(t('room_settings.saved'));
  };
  return html`<section class="panel" aria-labelledby="sessions">
    <h2 id="sessions">${t('account.sessions')}</h2>
    <p class="note">${t('account.sessions_note')}</p>
    <ul class="plain-list">
      ${all.value.map(
        (one) => html`<li key=${one.id} data-test="session">
          <span><input class="session-label" value=${one.label} maxlength="40" aria-label=${t('account.session_label')} placeholder=${t(`account.session_${one.kind}`)} onChange=${rename(one.id)} />
            <small>${one.current ? html`<span class="here">${t('account.session_here')}</span>` : t(`account.session_${one.kind}`)}<span class="dividing"></span>${t('account.session_ends', { day: new Date(one.ends).toLocaleDateString(document.documentElement.lang) })}</small></span>
          ${!one.current && html`<${Sure} word=${t('account.session_end')} question=${t('account.session_end_sure')} test="session-end" act=${() => attempt(endSession(one.id)).then(load)} />`}
        </li>`,
      )}
    </ul>
    <div class="ways-add">
      ${all.value.length > 1 && html`<${Sure} word=${t('account.sessions_end')} question=${t('account.sessions_end_sure')} plain=${true} test="sessions-end" act=${() => attempt(endSession(null)).then(load)} />`}
      <button class="secondary" data-test="make-token" onClick=${make}>${t('account.token_make')}</button>
    </div>
    ${token.value && html`<div class="token" role="status"><p>${t('account.token_made')}</p><code data-test="token">${token.value}</code><button class="secondary" onClick=${() => copy(token.value).then((done) => announce(t(done ? 'share.copied' : 'share.not_copied')))}><${Icon} name="copy" size=${18} />${t('account.token_copy')}</button></div>`}
  </section>`;
}
