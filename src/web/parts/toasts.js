// @ts-check
// Short notes over the page, or over the uppermost sheet. They are read aloud through the live region.
import { html } from '../lib/html.js';
import { dismiss, toasts } from '../lib/announce.js';
import { t } from '../lib/i18n.js';
import { Icon } from './icon.js';

export function Toasts() {
  if (toasts.value.length === 0) return null;
  return html`<section class="toasts" aria-label=${t('toast.label')}>
    ${toasts.value.map(
      (one) => html`<div class=${`toast toast-${one.tone}`} key=${one.id} data-test="toast">
        <p>${one.text}</p>
        ${one.undo && html`<button class="link" onClick=${() => (one.undo?.(), dismiss(one.id))}>${t('toast.undo')}</button>`}
        <button class="quiet round small" aria-label=${t('toast.dismiss')} onClick=${() => dismiss(one.id)}>
          <${Icon} name="close" size=${18} />
        </button>
      </div>`,
    )}
  </section>`;
}
