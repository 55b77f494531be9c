// @ts-check
// /sign-in/email#token=…: the link in the mail. Nothing happens without a click, so that a scanner
// that opens links signs nobody in; elsewhere than where it was asked for, it shows a code.
import { useEffect } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { html } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { confirmSignIn } from '../lib/account.js';
import { sentence } from '../lib/refusal.js';
import { tellTabs } from '../lib/tabs_of_one.js';
import { wayBack } from '../lib/way_back.js';
import { Icon } from '../parts/icon.js';
import { Card, goOn } from './sign_in.js';

export function SignInLink() {
  const token = useSignal(new URLSearchParams(location.hash.slice(1)).get('token') ?? '');
  const code = useSignal('');
  const over = useSignal(!token.peek());
  const fault = useSignal('');
  const taken = useSignal(false);
  useEffect(() => {
    // The secret is not left in the address bar or in the history.
    if (location.hash) history.replaceState(null, '', location.pathname);
  }, []);
  const confirm = async () => {
    fault.value = '';
    try {
      const told = await confirmSignIn({ token: token.value });
      if ('code' in told) code.value = told.code;
      // The room that they came from may go on in its own tab: then not twice.
      else if (wayBack() && (await tellTabs())) taken.value = true;
      else goOn(told);
    } catch (refusal) {
      if (/** @type {any} */ (refusal)?.kind === 'not_found') over.value = true;
      else fault.value = /** @type {any} */ (refusal)?.kind === 'conflict' ? t('account.way_taken') : sentence(refusal);
    }
  };
  if (taken.value) {
    return html`<${Card} title=${t('sign_in.taken')} test="link-taken">
      <p class="gate-now">${t('sign_in.taken_note')}</p>
    <//>`;
  }
  if (over.value) {
    return html`<${Card} title=${t('sign_in.over_title')} test="link-over">
      <p class="gate-now">${t('sign_in.over')}</p>
      <a class="primary big wide" href="/sign-in">${t('sign_in.ask_again')}</a>
    <//>`;
  }
  if (code.value) {
    return html`<${Card} title=${t('sign_in.elsewhere')} test="link-elsewhere">
      <p class="gate-now">${t('sign_in.elsewhere_note')}</p>
      <p class="code-shown" data-test="shown-code" aria-label=${[...code.value].join(' ')}>${code.value.slice(0, 3)}<span> </span>${code.value.slice(3)}</p>
      <p class="note">${t('sign_in.elsewhere_warning')}</p>
    <//>`;
  }
  return html`<${Card} title=${t('sign_in.link_title')} test="link-page">
    <p class="gate-now">${t('sign_in.link_note')}</p>
    <button class="primary big wide" data-test="confirm-link" onClick=${confirm}>${t('account.sign_in')}<${Icon} name="arrow" size=${20} /></button>
    ${fault.value && html`<p class="fault" role="alert" data-test="fault">${fault.value}</p>`}
  <//>`;
}
