// @ts-check
// The ways in which somebody signs in: added while signed in, and never the last one taken away.
import { useEffect } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { html } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { askForLink, findMe, removeContact, removeWay, waysToSignIn } from '../lib/account.js';
import { toast } from '../lib/announce.js';
import { focusOnce } from '../lib/focus.js';
import { addPasskey, knowsPasskeys } from '../lib/passkey.js';
import { attempt, sentence } from '../lib/refusal.js';
import { PictureWish } from './sign_in_steps.js';
import { Sure } from './sure.js';

/** @param {{ person: import('../lib/account.js').Me }} props */
export function AccountWays({ person }) {
  const offered = useSignal(/** @type {import('../lib/account.js').Ways | null} */ (null));
  const adding = useSignal(/** @type {'email' | 'passkey' | null} */ (null));
  const picture = useSignal(false);
  useEffect(() => {
    waysToSignIn().then((found) => (offered.value = found), () => {});
  }, []);
  const addEmail = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    await askFor(String(new FormData(/** @type {HTMLFormElement} */ (event.currentTarget)).get('email') ?? '').trim());
  };
  const askFor = async (/** @type {string} */ email) => {
    if (!(await attempt(askForLink(email, { add: true, then: '/settings' })))) return;
    adding.value = null;
    toast(t('sign_in.look_note', { email }));
  };
  const passkey = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const label = String(new FormData(/** @type {HTMLFormElement} */ (event.currentTarget)).get('label') ?? '').trim();
    try {
      await addPasskey(label || t('account.passkey_name'));
      await findMe();
      adding.value = null;
      toast(t('account.passkey_added'));
    } catch (refusal) {
      if (/** @type {any} */ (refusal)?.kind !== 'cancelled') toast(sentence(refusal), { tone: 'fault' });
    }
  };
  const last = person.ways.length < 2;
  return html`<section class="panel" aria-labelledby="ways">
    <h2 id="ways">${t('account.ways')}</h2>
    <ul class="plain-list">
      ${person.ways.map(
        (way) => html`<li key=${way.id}><span><b>${way.name || t('account.way_passkey')}</b><small>${t(`account.way_${way.kind}`)}</small></span>
          ${!last && html`<${Sure} word=${t('account.way_remove')} question=${t('account.way_remove_sure', { name: way.name })} grave=${true} test="way-remove" act=${() => attempt(removeWay(way.id))} />`}</li>`,
      )}
      ${person.contact && html`<li data-test="contact"><span><b>${person.contact}</b><small>${t('account.contact')}</small></span>
        ${offered.value?.email && html`<button class="secondary" data-test="contact-confirm" onClick=${() => askFor(String(person.contact))}>${t('account.contact_confirm')}</button>`}
        <${Sure} word=${t('account.way_remove')} question=${t('account.contact_remove_sure', { name: person.contact })} grave=${true} test="contact-remove" act=${() => attempt(removeContact())} /></li>`}
    </ul>
    ${last && html`<p class="note">${t('account.way_last')}</p>`}
    <div class="ways-add">
      ${offered.value?.email && adding.value !== 'email' && html`<button class="secondary" data-test="way-email" onClick=${() => (adding.value = 'email')}>${t('account.way_add_email')}</button>`}
      ${offered.value?.passkeys && knowsPasskeys() && adding.value !== 'passkey' && html`<button class="secondary" data-test="way-passkey" onClick=${() => (adding.value = 'passkey')}>${t('account.way_add_passkey')}</button>`}
      ${offered.value?.providers.map((one) => html`<a key=${one.id} class="secondary" data-test=${`way-${one.id}`} href=${`/sign-in/${encodeURIComponent(one.id)}?link=1&then=/settings${picture.value ? '&picture=1' : ''}`}>${t('account.way_add_provider', { name: one.name })}</a>`)}
    </div>
    ${(offered.value?.providers.length ?? 0) > 0 && html`<${PictureWish} wish=${picture} />`}
    ${adding.value === 'passkey' && html`<form onSubmit=${passkey} novalidate><label class="field"><span>${t('account.passkey_label')}</span><div class="field-row"><input name="label" data-test="way-passkey-label" maxlength="40" autocomplete="off" placeholder=${t('account.passkey_hint')} ref=${focusOnce} /><button class="secondary" data-test="way-passkey-add">${t('account.passkey_add')}</button></div></label></form>`}
    ${adding.value === 'email' && html`<form onSubmit=${addEmail} novalidate><label class="field"><span>${t('sign_in.email')}</span><div class="field-row"><input name="email" type="email" data-test="way-email-field" autocomplete="email" ref=${focusOnce} /><button class="secondary" data-test="way-email-send">${t('sign_in.send')}</button></div></label></form>`}
  </section>`;
}
