// @ts-check
// At the foot of every page: what is kept, and the source of exactly what runs.
import { html } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { policy } from '../lib/policy.js';

export function Foot() {
  return html`<footer class="foot"><nav aria-label=${t('foot.label')}>
    <a href="/privacy" data-test="privacy">${t('foot.privacy')}</a>
    ${policy.value && html`<a href=${policy.value.source} rel="noreferrer" target="_blank" data-test="source">${t('foot.source')}</a>`}
  </nav></footer>`;
}
