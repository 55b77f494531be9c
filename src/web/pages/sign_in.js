// @ts-check
// /sign-in: an address, then a code or the link in the mail; or whatever else this server offers.
import { useEffect } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { html } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { askForLink, confirmSignIn, remember, waysToSignIn } from '../lib/account.js';
import { sentence } from '../lib/refusal.js';
import { navigate } from '../lib/router.js';
import { signInWithPasskey } from '../lib/passkey.js';
import { Icon, Mark } from '../parts/icon.js';
import { wayBack } from '../parts/keep.js';

/** Where to go once somebody is signed in: a new account chooses its handle first. @param {{ fresh: boolean, then: string | null }} told */
export function goOn({ fresh, then }) {
  const back = then ?? wayBack();
  navigate(fresh && !back ? '/settings#fresh' : (back ?? '/'));
}

/** @param {{ title: string, children: any, test: string }} props */
export function Card({ title, children, test }) {
  return html`<main class="gate" id="main" tabindex="-1" data-test=${test}>
    <a href="/" class="brand"><${Mark} size=${30} /><span>${t('app.name')}</span></a>
    <div class="gate-card sign-in"><h1 class="gate-title">${title}</h1>${children}</div>
  </main>`;
}

/** What `/sign-in#error=…` brought back from a provider. */
const broughtBack = () => new URLSearchParams(location.hash.slice(1)).get('error');

export function SignIn() {
  const ways = useSignal(/** @type {import('../lib/account.js').Ways | null} */ (null));
  const asked = useSignal(/** @type {string | null} */ (null));
  const fault = useSignal(broughtBack() ? t('sign_in.provider_fault') : '');
  const back = useSignal(/** @type {string | null} */ (null));
  useEffect(() => {
    waysToSignIn().then((found) => (ways.value = found), (refusal) => (fault.value = sentence(refusal)));
    back.value = wayBack();
    if (location.hash) history.replaceState(null, '', location.pathname);
  }, []);
  const attempt = async (/** @type {Promise<any>} */ operation) => {
    fault.value = '';
    try {
      return await operation;
    } catch (refusal) {
      fault.value = faultOf(/** @type {any} */ (refusal));
      return null;
    }
  };
  const ask = async (/** @type {string} */ email) => {
    if (await attempt(askForLink(email, { then: back.value }))) asked.value = email;
  };
  const confirm = async (/** @type {string} */ code) => {
    const told = await attempt(confirmSignIn({ code }));
    if (told?.me) goOn({ ...told, then: told.then ?? back.value });
  };
  const passkey = async () => {
    const told = await attempt(signInWithPasskey());
    if (told?.me) goOn({ ...told, then: back.value });
  };
  const provider = (/** @type {string} */ id) => {
    // The provider's answer comes as a page of its own, which knows nothing of this one.
    remember(true);
    const then = back.value ? `?then=${encodeURIComponent(back.value)}` : '';
    location.assign(`/sign-in/${encodeURIComponent(id)}${then}`);
  };
  const { email = false, passkeys = false, providers = [] } = ways.value ?? {};
  if (asked.value) {
    return html`<${Card} title=${t('sign_in.look')} test="sign-in-asked">
      <p class="gate-who">${t('sign_in.look_note', { email: asked.value })}</p>
      <${CodeForm} onCode=${confirm} fault=${fault.value} />
      <button class="link" data-test="sign-in-again" onClick=${() => ((asked.value = null), (fault.value = ''))}>${t('sign_in.other_address')}</button>
    <//>`;
  }
  return html`<${Card} title=${t('sign_in.title')} test="sign-in-page">
    <p class="gate-now">${t('sign_in.lead')}</p>
    ${email && html`<${EmailForm} onEmail=${ask} fault=${fault.value} />`}
    ${!email && fault.value && html`<p class="fault" role="alert">${fault.value}</p>`}
    ${(passkeys || providers.length > 0) &&
    html`<div class="sign-in-others">
      ${email && html`<p class="sign-in-or"><span>${t('sign_in.or')}</span></p>`}
      ${passkeys && html`<button class="secondary wide" data-test="sign-in-passkey" onClick=${passkey}><${Icon} name="lock" size=${20} />${t('sign_in.passkey')}</button>`}
      ${providers.map((one) => html`<button key=${one.id} class="secondary wide" data-test=${`sign-in-${one.id}`} onClick=${() => provider(one.id)}>${t('sign_in.provider', { name: one.name })}</button>`)}
    </div>`}
    ${ways.value && !email && !passkeys && providers.length === 0 && html`<p class="note" data-test="sign-in-none">${t('sign_in.none')}</p>`}
    <p class="note">${t('sign_in.note')}</p>
  <//>`;
}

/** @param {import('../types.js').Refusal} refusal */
function faultOf(refusal) {
  if (refusal.kind === 'invalid' && refusal.field === 'code') {
    const left = Number(/(\d+) (?:try|tries) left/.exec(refusal.message ?? '')?.[1]);
    return left ? t('sign_in.wrong_code', { count: left }) : t('sign_in.over');
  }
  if (refusal.kind === 'invalid' && refusal.field === 'email') return t('sign_in.wrong_email');
  if (refusal.kind === 'not_found') return t('sign_in.over');
  // Closed by the person: there is nothing to say.
  if (refusal.kind === 'cancelled') return '';
  return sentence(refusal);
}

/** @param {{ onEmail: (email: string) => Promise<void>, fault: string, label?: string }} props */
export function EmailForm({ onEmail, fault, label }) {
  const busy = useSignal(false);
  const send = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    if (busy.value) return;
    busy.value = true;
    await onEmail(String(new FormData(/** @type {HTMLFormElement} */ (event.currentTarget)).get('email') ?? '').trim());
    busy.value = false;
  };
  return html`<form onSubmit=${send} novalidate>
    <label class="field"><span>${t('sign_in.email')}</span>
      <input name="email" type="email" data-test="email" autocomplete="email" inputmode="email" required aria-invalid=${Boolean(fault)} aria-describedby=${fault ? 'email-fault' : undefined} placeholder=${t('sign_in.email_hint')} />
    </label>
    ${fault && html`<p class="fault" role="alert" id="email-fault" data-test="fault">${fault}</p>`}
    <button class="primary big wide" data-test="send-link" aria-busy=${busy.value}>${label ?? t('sign_in.send')}</button>
  </form>`;
}

/** @param {{ onCode: (code: string) => Promise<void>, fault: string }} props */
export function CodeForm({ onCode, fault }) {
  const busy = useSignal(false);
  const send = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    if (busy.value) return;
    busy.value = true;
    await onCode(String(new FormData(/** @type {HTMLFormElement} */ (event.currentTarget)).get('code') ?? ''));
    busy.value = false;
  };
  return html`<form onSubmit=${send} novalidate>
    <label class="field"><span>${t('sign_in.code')}</span>
      <input class="code-input" name="code" data-test="code" autocomplete="one-time-code" inputmode="numeric" maxlength="9" aria-invalid=${Boolean(fault)} aria-describedby=${fault ? 'code-note code-fault' : 'code-note'} placeholder="000000" />
    </label>
    <p class="note" id="code-note">${t('sign_in.code_note')}</p>
    ${fault && html`<p class="fault" role="alert" id="code-fault" data-test="fault">${fault}</p>`}
    <button class="secondary wide" data-test="confirm-code" aria-busy=${busy.value}>${t('sign_in.confirm')}</button>
  </form>`;
}
