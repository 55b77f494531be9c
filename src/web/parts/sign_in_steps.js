// @ts-check
// Signing in, step by step: an address, then a code or the link in the mail; or whatever else this
// server offers. A page and a sheet in the room both show it.
import { useEffect } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { html } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { askForLink, confirmSignIn, remember, waysToSignIn } from '../lib/account.js';
import { signInWithPasskey } from '../lib/passkey.js';
import { sentence } from '../lib/refusal.js';
import { Icon } from './icon.js';

/**
 * @typedef {object} Steps
 * @property {import('@preact/signals').Signal<import('../lib/account.js').Ways | null>} ways null: not known yet
 * @property {import('@preact/signals').Signal<string | null>} asked the address that a link was sent to
 * @property {import('@preact/signals').Signal<string>} fault
 * @property {import('@preact/signals').Signal<string>} brought what somebody was sent back with: no fault of a field
 * @property {import('@preact/signals').Signal<boolean>} picture whether a provider's picture is wanted
 * @property {(email: string) => Promise<void>} ask
 * @property {(code: string) => Promise<void>} confirm
 * @property {() => Promise<void>} passkey
 * @property {(id: string) => void} provider
 * @property {() => void} again
 */

/**
 * @param {object} how
 * @param {() => string | null} how.then where a link or a provider leads back to
 * @param {(told: { fresh: boolean, then: string | null }) => void} how.entered somebody is signed in, on this page
 * @param {() => void} [how.away] it goes on in a mail, or at a provider
 * @param {string} [how.fault] what they were sent back with
 * @returns {Steps}
 */
export function useSignIn({ then, entered, away, fault: before = '' }) {
  const ways = useSignal(/** @type {import('../lib/account.js').Ways | null} */ (null));
  const asked = useSignal(/** @type {string | null} */ (null));
  const fault = useSignal('');
  const brought = useSignal(before);
  const picture = useSignal(false);
  useEffect(() => {
    waysToSignIn().then((found) => (ways.value = found), (refusal) => (fault.value = sentence(refusal)));
  }, []);
  const attempt = async (/** @type {Promise<any>} */ operation) => {
    fault.value = '';
    brought.value = '';
    try {
      return await operation;
    } catch (refusal) {
      fault.value = faultOf(/** @type {any} */ (refusal));
      return null;
    }
  };
  return {
    ways, asked, fault, brought, picture,
    async ask(email) {
      if (!(await attempt(askForLink(email, { then: then() })))) return;
      asked.value = email;
      away?.();
    },
    async confirm(code) {
      const told = await attempt(confirmSignIn({ code }));
      if (told?.me) entered(told);
    },
    async passkey() {
      const told = await attempt(signInWithPasskey());
      if (told?.me) entered(told);
    },
    provider(id) {
      // The provider's answer comes as a page of its own, which knows nothing of this one.
      remember(true);
      away?.();
      const query = new URLSearchParams({ ...(then() && { then: String(then()) }), ...(picture.peek() && { picture: '1' }) });
      location.assign(`/sign-in/${encodeURIComponent(id)}${query.size > 0 ? `?${query}` : ''}`);
    },
    again() {
      asked.value = null;
      fault.value = '';
    },
  };
}

/** @param {import('../types.js').Refusal} refusal */
function faultOf(refusal) {
  if (refusal.kind === 'invalid' && refusal.field === 'code') return refusal.left ? t('sign_in.wrong_code', { count: refusal.left }) : t('sign_in.over');
  if (refusal.kind === 'invalid' && refusal.field === 'email') return t('sign_in.wrong_email');
  if (refusal.kind === 'not_found') return t('sign_in.over');
  // Closed by the person: there is nothing to say.
  if (refusal.kind === 'cancelled') return '';
  return sentence(refusal);
}

/** What a provider sent somebody back with, `#error=…`, in words. */
export function broughtBack() {
  const kind = new URLSearchParams(location.hash.slice(1)).get('error');
  if (!kind) return '';
  if (kind === 'conflict' || kind === 'not_allowed' || kind === 'not_found') return t(`sign_in.fault_${kind}`);
  return t('sign_in.provider_fault');
}

/** A link was sent: the code is what can be done here. @param {{ steps: Steps }} props */
export function Asked({ steps }) {
  return html`<div class="sign-in-steps" data-test="sign-in-asked">
    <p class="gate-who">${t('sign_in.look_note', { email: steps.asked.value ?? '' })}</p>
    <${CodeForm} onCode=${steps.confirm} fault=${steps.fault.value} />
    <button class="link" data-test="sign-in-again" onClick=${steps.again}>${t('sign_in.other_address')}</button>
  </div>`;
}

/** The ways there are. @param {{ steps: Steps }} props */
export function Ways({ steps }) {
  const { ways, fault, brought, picture } = steps;
  const { email = false, passkeys = false, providers = [] } = ways.value ?? {};
  return html`<div class="sign-in-steps" data-test="sign-in-ways">
    ${brought.value && html`<p class="fault" role="alert" data-test="fault">${brought.value}</p>`}
    ${email && html`<${EmailForm} onEmail=${steps.ask} fault=${fault.value} />`}
    ${!email && fault.value && html`<p class="fault" role="alert" data-test="fault">${fault.value}</p>`}
    ${(passkeys || providers.length > 0) &&
    html`<div class="sign-in-others">
      ${email && html`<p class="sign-in-or"><span>${t('sign_in.or')}</span></p>`}
      ${passkeys && html`<button class="secondary wide" data-test="sign-in-passkey" onClick=${steps.passkey}><${Icon} name="lock" size=${20} />${t('sign_in.passkey')}</button>`}
      ${providers.map((one) => html`<button key=${one.id} class="secondary wide" data-test=${`sign-in-${one.id}`} onClick=${() => steps.provider(one.id)}>${t('sign_in.provider', { name: one.name })}</button>`)}
      ${providers.length > 0 && html`<${PictureWish} wish=${picture} />`}
    </div>`}
    ${ways.value && !email && !passkeys && providers.length === 0 && html`<p class="note" data-test="sign-in-none">${t('sign_in.none')}</p>`}
    <p class="note">${t('sign_in.note')}</p>
  </div>`;
}

/** Off until it is wanted: a picture is taken from nowhere by itself. @param {{ wish: import('@preact/signals').Signal<boolean> }} props */
export function PictureWish({ wish }) {
  return html`<label class="switch"><input type="checkbox" data-test="take-picture" checked=${wish.value} onChange=${(/** @type {any} */ event) => (wish.value = event.target.checked)} /><span>${t('sign_in.picture')}</span></label>`;
}

/** @param {{ onEmail: (email: string) => Promise<void>, fault: string }} props */
function EmailForm({ onEmail, fault }) {
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
    <button class="primary big wide" data-test="send-link" aria-busy=${busy.value}>${t('sign_in.send')}</button>
  </form>`;
}

/** @param {{ onCode: (code: string) => Promise<void>, fault: string }} props */
function CodeForm({ onCode, fault }) {
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
