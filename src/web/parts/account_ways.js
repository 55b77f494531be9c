// @ts-check
// The ways in which somebody signs in: added while signed in, and never the last one taken away.
import { useEffect } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { html } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { askForLink, findMe, removeWay, waysToSignIn } from '../lib/account.js';
import { toast } from '../lib/announce.js';
import { addPasskey, knowsPasskeys } from '../lib/passkey.js';
import { attempt, sentence } from '../lib/refusal.js';
import { Sure } from './sure.js';

/** @param {{ person: import('../lib/account.js').Me }} props */
export function AccountWays({ person }) {
  const offered = useSignal(/** @type {import('../lib/account.js').Ways | null} */ (null));
  const adding = useSignal(false);
  useEffect(() => {
    waysToSignIn().then((found) => (offered.value = found), () => {});
  }, []);
  const addEmail = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const email = String(new FormData(/** @type {HTMLFormElement} */ (event.currentTarget)).get('email') ?? '').trim();
    if (!(await attempt(askForLink(email, { add: true, then: '/settings' })))) return;
    adding.value = false;
    toast(t('sign_in.look_note', { email }));
  };
  const passkey = async () => {
    try {
      await addPasskey(new Date().toLocaleDateString());
      await findMe();
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
    </ul>
    ${last && html`<p class="note">${t('account.way_last')}</p>`}
    <div class="ways-add">
      ${offered.value?.email && !adding.value && html`<button class="secondary" data-test="way-email" onClick=${() => (adding.value = true)}>${t('account.way_add_email')}</button>`}
      ${offered.value?.passkeys && knowsPasskeys() && html`<button class="secondary" data-test="way-passkey" onClick=${passkey}>${t('account.way_add_passkey')}</button>`}
      ${offered.value?.providers.map((one) => html`<a key=${one.id} class="secondary" href=${`/sign-in/${encodeURIComponent(one.id)}?link=1&then=/settings`}>${t('account.way_add_provider', { name: one.name })}</a>`)}
    </div>
    ${adding.value && html`<form onSubmit=${addEmail} novalidate><label class="field"><span>${t('sign_in.email')}</span><div class="field-row"><input name="email" type="email" data-test="way-email-field" autocomplete="email" /><button class="secondary" data-test="way-email-send">${t('sign_in.send')}</button></div></label></form>`}
  </section>`;
}
