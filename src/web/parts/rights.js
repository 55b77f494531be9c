// @ts-check
// The person's rights, each a switch, a button or a place to go, with a sentence in plain words.
import { useSignal } from '@preact/signals';
import { html } from '../lib/html.js';
import { list, t } from '../lib/i18n.js';
import { changeMe, eraseMe, importExport, receipt } from '../lib/account.js';
import { announce } from '../lib/announce.js';
import { policy } from '../lib/policy.js';
import { forgetPreferences, prefer, preferences } from '../lib/preferences.js';
import { attempt } from '../lib/refusal.js';
import { browserObjects, isCounted } from '../lib/visits.js';
import { Sheet } from './sheet.js';

/** @param {{ person: import('../lib/account.js').Me }} props */
export function Rights({ person }) {
  const asking = useSignal(false);
  const freeze = (/** @type {any} */ event) => attempt(changeMe({ frozen: event.target.checked })).then(() => announce(t('room_settings.saved')));
  return html`<section class="panel rights" aria-labelledby="yours">
    <h2 id="yours">${t('privacy.title')}</h2>
    <p class="note">${t('privacy.rights_note')}</p>
    <${Right} name="correct"><a class="secondary" href="#profile">${t('privacy.correct_button')}</a><//>
    <${Right} name="export"><div class="ways-add"><a class="secondary" href="/api/me/export" download="stereo-export.zip" data-test="export">${t('privacy.export_button')}</a><${Import} /></div><//>
    <${Right} name="freeze"><label class="switch"><input type="checkbox" data-test="freeze" checked=${person.frozen} onChange=${freeze} /><span>${t('privacy.freeze_switch')}</span></label><//>
    <${Right} name="object"><a class="secondary" href="#mails">${t('account.mails')}</a><${Counted} person=${person} /><//>
    <${Complain} />
    <${Right} name="decisions" />
    <${Right} name="erase"><button class="secondary is-grave" data-test="erase" onClick=${() => (asking.value = true)}>${t('privacy.erase_button')}</button><//>
    ${asking.value && html`<${EraseSheet} person=${person} onClose=${() => (asking.value = false)} />`}
  </section>`;
}

/** One right, in a sentence, and what uses it. @param {{ name: 'correct' | 'export' | 'freeze' | 'object' | 'decisions' | 'erase', children?: any }} props */
function Right({ name, children }) {
  return html`<div class="setting" data-test=${`right-${name}`}><h3>${t(`privacy.${name}`)}</h3><p class="note">${t(`privacy.${name}_note`)}</p>${children}</div>`;
}

/** Reads in what they took along from another server. What did not come along is said. */
function Import() {
  const told = useSignal(/** @type {import('../lib/account.js').Imported | null} */ (null));
  const busy = useSignal(false);
  const choose = async (/** @type {any} */ event) => {
    const file = event.target.files?.[0];
    event.target.value = '';
    if (!file || busy.value) return;
    busy.value = true;
    told.value = (await attempt(importExport(file))) ?? null;
    busy.value = false;
  };
  const { taken, left } = told.value ?? {};
  const missing = taken?.rooms.reduce((sum, room) => sum + room.missing_tracks, 0) ?? 0;
  const open = taken?.rooms.filter((room) => room.choose_password).map((room) => room.title) ?? [];
  return html`
    <label class="secondary profile-file" aria-busy=${busy.value}><input type="file" accept=".zip,application/zip" data-test="import" onChange=${choose} /><span>${t('privacy.import_button')}</span></label>
    ${taken && html`<div class="import-told" role="status" data-test="imported">
      <p>${t('privacy.import_rooms', { count: taken.rooms.length })}</p>
      ${left?.some(({ what }) => what === 'handle') && html`<p>${t('privacy.import_handle')}</p>`}
      ${missing > 0 && html`<p>${t('privacy.import_missing', { count: missing })}</p>`}
      ${open.length > 0 && html`<p>${t('privacy.import_password', { rooms: list(open) })}</p>`}
      <p class="note">${t('privacy.import_stays')}</p>
    </div>`}`;
}

/** Where visits are counted: theirs, or not. The account says it for every browser. @param {{ person: import('../lib/account.js').Me }} props */
function Counted({ person }) {
  if (!isCounted()) return null;
  if (browserObjects()) return html`<p class="note" data-test="counted-never">${t('privacy.counted_never')}</p>`;
  const set = async (/** @type {any} */ event) => {
    const counted = event.target.checked;
    prefer({ counted });
    if (await attempt(changeMe({ counted }).then(() => true))) announce(t('room_settings.saved'));
  };
  const counted = preferences.value.counted && person.counted !== false;
  return html`<label class="switch"><input type="checkbox" data-test="counted" checked=${counted} onChange=${set} /><span>${t('privacy.counted')}</span></label>`;
}

function Complain() {
  const { complaints } = policy.value?.operator ?? { complaints: null };
  return html`<div class="setting" data-test="right-complain"><h3>${t('privacy.complain')}</h3>
    <p class="note">${t('privacy.complain_note')} ${complaints ? t('privacy.complain_at', { where: complaints }) : t('privacy.complain_anywhere')}</p>
    <a class="secondary" href="/support">${t('support.write')}</a></div>`;
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
