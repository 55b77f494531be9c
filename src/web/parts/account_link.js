// @ts-check
// In the head of the first page: who is signed in, or the way to it.
import { html } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { me } from '../lib/account.js';
import { Picture } from './picture.js';

export function AccountLink() {
  const person = me.value;
  if (person === undefined) return null;
  if (person === null) return html`<a class="secondary" href="/sign-in" data-test="sign-in">${t('account.sign_in')}</a>`;
  return html`<a class="account-link" href="/settings" data-test="account"><${Picture} person=${person} size=${32} /><span>${person.handle}</span></a>`;
}
