// @ts-check
// Over every page, until it is dismissed: that the policy has changed in something significant.
import { html } from '../lib/html.js';
import { language, t } from '../lib/i18n.js';
import { change, dismissPolicy } from '../lib/policy.js';

export function PolicyNotice() {
  const newest = change.value;
  if (!newest) return null;
  const text = language.value === 'vi' ? newest.text.vi : newest.text.en;
  return html`<aside class="policy-notice" role="status" data-test="policy-notice">
    <p><b>${t('policy.changed')}</b> ${text}</p>
    <a class="secondary" href="/privacy">${t('policy.read')}</a>
    <button class="secondary" data-test="policy-dismiss" onClick=${dismissPolicy}>${t('toast.dismiss')}</button>
  </aside>`;
}
