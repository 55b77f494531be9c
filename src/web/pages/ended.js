// @ts-check
// Pages for when there is no room to show: closed, removed from it, not found.
import { html } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { path, roomIn } from '../lib/router.js';
import { Foot } from '../parts/foot.js';
import { Icon, Mark } from '../parts/icon.js';

/** @typedef {import('../lib/i18n.js').Key} Key */
/** @typedef {'kicked' | 'room_closed' | 'not_found' | 'account_deleted' | 'too_many' | 'misuse' | 'frozen' | 'signed_out' | 'page' | 'unavailable'} What */

/** Close codes and reasons, whichever the SDK gives, to what the page says. @param {unknown} reason @returns {What} */
export function whatEnded(reason) {
  const { kind, field } = /** @type {any} */ (typeof reason === 'object' && reason !== null ? reason : {});
  if (kind === 'not_allowed' && field === 'account') return 'frozen';
  if (kind === 'not_allowed' && field === 'session') return 'signed_out';
  if (kind === 'invalid') return 'misuse';
  const told = String(typeof reason === 'object' && reason !== null ? (/** @type {any} */ (reason).code ?? /** @type {any} */ (reason).kind ?? '') : reason);
  if (/4500|kick|ban/.test(told)) return 'kicked';
  if (/4502|not_?found/.test(told)) return 'not_found';
  if (/4503|account|forg|eras/.test(told)) return 'account_deleted';
  if (/4505|too_?many/.test(told)) return 'too_many';
  if (/4504|misuse/.test(told)) return 'misuse';
  return 'room_closed';
}

/** @param {{ what: What, children?: any }} props */
export function Missing({ what, children }) {
  return html`<main class="ended" id="main" tabindex="-1" data-test=${`ended-${what}`}>
    <a href="/" class="brand"><${Mark} size=${30} /><span>${t('app.name')}</span></a>
    <svg class="ended-arcs" viewBox="-100 -100 200 200" aria-hidden="true">
      <path class="mark-left" d="M-16 -84A86 86 0 0 0 -16 84" />
      <path class="mark-right" d="M16 -72A74 74 0 0 1 16 72" />
    </svg>
    <div class="ended-words" role="alert">
      <h1>${t(/** @type {Key} */ (`ended.${what}`))}</h1>
      <p>${t(/** @type {Key} */ (`ended.${what}_note`))}</p>
    </div>
    ${children}
    <a class="secondary" href="/">${t('ended.home')}<${Icon} name="arrow" size=${20} /></a>
    ${roomIn(path.value) && html`<${Foot} />`}
  </main>`;
}
