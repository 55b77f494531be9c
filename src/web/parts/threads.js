// @ts-check
// The threads of letters, the latest first: a way into each.
import { useEffect } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { html } from '../lib/html.js';
import { day, t } from '../lib/i18n.js';
import { threads } from '../lib/letters.js';
import { Icon } from './icon.js';

/** @param {{ closed: boolean, waits: boolean }} thread */
export const standing = ({ closed, waits }) => t(closed ? 'support.closed' : waits ? 'support.waits' : 'support.answered');

/** @param {{ empty?: boolean }} props `empty`: say so when there is none */
export function Threads({ empty = false }) {
  const all = useSignal(/** @type {import('../lib/letters.js').ThreadBrief[] | null} */ (null));
  useEffect(() => {
    threads().then((found) => (all.value = found), () => {});
  }, []);
  if (!all.value) return null;
  if (all.value.length === 0) return empty ? html`<p class="note">${t('support.none')}</p>` : null;
  return html`<ul class="yours-list threads">
    ${all.value.map(
      (one) => html`<li key=${one.id} class="yours-one"><a href=${`/support#${one.id}`} data-test="thread"><${Icon} name="chat" size=${20} /><span class="yours-words">
        <b>${one.subject || t('support.no_subject')}</b>
        <small>${standing(one)}<span class="dividing"></span>${t('support.letters', { count: one.letters })}<span class="dividing"></span>${day(one.day)}</small></span></a></li>`,
    )}
  </ul>`;
}
