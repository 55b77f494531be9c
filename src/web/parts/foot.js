// @ts-check
// At the foot of every page, small where there is no room for it: what is kept, and the source of
// exactly what runs.
import { html } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { policy } from '../lib/policy.js';

/** @param {{ small?: boolean }} props */
export function Foot({ small = false }) {
  return html`<footer class=${`foot ${small ? 'foot-small' : ''}`}><nav aria-label=${t('foot.label')}>
    <a href="/privacy" data-test="privacy">${t('foot.privacy')}</a>
    <a href="/support" data-test="help">${t('foot.help')}</a>
    ${policy.value && html`<a href=${policy.value.source} rel="noreferrer" target="_blank" data-test="source">${t('foot.source')}</a>`}
  </nav></footer>`;
}
