// @ts-check
// The person's rights, each a switch or a button: take everything along, freeze, be forgotten.
import { useSignal } from '@preact/signals';
import { html } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { changeMe, eraseMe, receipt } from '../lib/account.js';
import { announce } from '../lib/announce.js';
import { forgetPreferences } from '../lib/preferences.js';
import { attempt } from '../lib/refusal.js';
import { Sheet } from './sheet.js';

/** @param {{ person: import('../lib/account.js').Me }} props */
export function Leaving({ person }) {
  const asking = useSignal(false);
  const freeze = (/** @type {any} */ event) => attempt(changeMe({ frozen: event.target.checked })).then(() => announce(t('room_settings.saved')));
  return html`<section class="panel" aria-labelledby="yours">
    <h2 id="yours">${t('privacy.title')}</h2>
    <div class="setting"><h3>${t('privacy.export')}</h3><p class="note">${t('privacy.export_note')}</p>
      <a class="secondary" href="/api/me/export" download="stereo-export.zip" data-test="export">${t('privacy.export_button')}</a></div>
    <div class="setting"><h3>${t('privacy.freeze')}</h3><p class="note">${t('privacy.freeze_note')}</p>
      <label class="switch"><input type="checkbox" data-test="freeze" checked=${person.frozen} onChange=${freeze} /><span>${t('privacy.freeze_switch')}</span></label></div>
    <div class="setting"><h3>${t('privacy.erase')}</h3><p class="note">${t('privacy.erase_note')}</p>
      <button class="secondary is-grave" data-test="erase" onClick=${() => (asking.value = true)}>${t('privacy.erase_button')}</button></div>
    ${asking.value && html`<${EraseSheet} person=${person} onClose=${() => (asking.value = false)} />`}
  </section>`;
}

/** @param {{ person: import('../lib/account.js').Me, onClose: () => void }} props */
function EraseSheet({ person, onClose }) {
  const typed = useSignal('');
  const busy = useSignal(false);
  const done = useSignal(/** @type {any} */ (null));
  // Kept here: the person is nobody any more once it is done.
  const handle = useSignal(person.handle).value;
  const erase = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (busy.value) return;
    busy.value = true;
    done.value = (await attempt(eraseMe(typed.value.trim()))) ?? null;
    busy.value = false;
    if (done.value) forgetPreferences();
  };
  const again = async () => {
    done.value = (await attempt(receipt(done.value.receipt))) ?? done.value;
  };
  if (done.value) return html`<${ReceiptSheet} receipt=${done.value} again=${again} />`;
  return html`<${Sheet} title=${t('privacy.erase')} onClose=${onClose} test="erase-sheet">
    <form class="erase" onSubmit=${erase} novalidate>
      <p>${t('privacy.erase_what')}</p>
      <label class="field"><span>${t('privacy.erase_confirm', { handle })}</span>
        <input data-test="erase-handle" autocomplete="off" autocapitalize="none" spellcheck="false" value=${typed.value} onInput=${(/** @type {any} */ event) => (typed.value = event.target.value)} /></label>
      <button class="secondary is-grave wide" data-test="erase-yes" aria-busy=${busy.value} disabled=${typed.value.trim() !== handle}>${t(busy.value ? 'privacy.erasing' : 'privacy.erase_button')}</button>
    </form>
  <//>`;
}

/** @param {{ receipt: any, again: () => void }} props */
function ReceiptSheet({ receipt, again }) {
  return html`<${Sheet} title=${t(receipt.erased ? 'privacy.erased' : 'privacy.erasing')} onClose=${() => location.assign('/')} test="receipt-sheet">
    <div class="erase" data-test="receipt">
      <p role="status">${t(receipt.erased ? 'privacy.erased_note' : 'privacy.pending_note', { count: receipt.sought ?? 0 })}</p>
      ${receipt.places?.length > 0 && html`<table class="receipt"><thead><tr><th>${t('privacy.place')}</th><th>${t('privacy.found')}</th></tr></thead>
        <tbody>${receipt.places.map((/** @type {any} */ one) => html`<tr key=${one.place}><td><code>${one.place}</code></td><td>${one.found === 0 ? t('privacy.nothing') : one.found}</td></tr>`)}</tbody></table>`}
      <p class="note">${t('privacy.receipt', { receipt: receipt.receipt })}</p>
      ${!receipt.erased && html`<button class="secondary" onClick=${again}>${t('privacy.look_again')}</button>`}
      <button class="secondary" data-test="receipt-home" onClick=${() => location.assign('/')}>${t('ended.home')}</button>
    </div>
  <//>`;
}
