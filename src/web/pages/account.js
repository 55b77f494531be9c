// @ts-check
// /settings: everything that the server keeps of whoever is signed in, each where it can be changed
// or taken back; and what this browser keeps.
import { useEffect } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { html } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { changeMe, deleteRoom, findMe, made, me, removePicture, setPicture, signOut } from '../lib/account.js';
import { announce, toast } from '../lib/announce.js';
import { attempt, sentence } from '../lib/refusal.js';
import { navigate } from '../lib/router.js';
import { useTitle } from '../lib/title.js';
import { AccountWays } from '../parts/account_ways.js';
import { AllowedHosts } from '../parts/elsewhere.js';
import { Rights } from '../parts/rights.js';
import { Mark } from '../parts/icon.js';
import { broughtBack } from '../parts/sign_in_steps.js';
import { Picture } from '../parts/picture.js';
import { Sessions } from '../parts/sessions.js';
import { Looks } from '../parts/settings.js';
import { Sure } from '../parts/sure.js';
import { Threads } from '../parts/threads.js';
import { YourRooms } from '../parts/your_rooms.js';

/** @typedef {import('../lib/account.js').Me} Me */

export function AccountPage() {
  const fresh = useSignal(location.hash === '#fresh');
  useTitle(t('settings.title'));
  useEffect(() => {
    if (fresh.peek()) made.value = true;
    const fault = broughtBack();
    if (fault) toast(fault, { tone: 'fault' });
    findMe();
    if (fault || fresh.peek()) history.replaceState(null, '', location.pathname);
  }, []);
  const person = me.value;
  return html`<div class="account">
    <header class="home-head"><a href="/" class="brand"><${Mark} size=${30} /><span>${t('app.name')}</span></a></header>
    <main class="account-main" id="main" tabindex="-1">
      <h1>${t(fresh.value ? 'account.welcome' : 'settings.title')}</h1>
      ${fresh.value && person && html`<p class="account-lead">${t('account.welcome_note')}</p>`}
      ${person === undefined && html`<p class="note" role="status">${t('account.loading')}</p>`}
      ${person === null && html`<section class="panel"><h2>${t('account.nobody')}</h2><p class="note">${t('account.nobody_note')}</p><a class="primary" href="/sign-in" data-test="sign-in">${t('account.sign_in')}</a></section>`}
      ${person && html`<${Signed} person=${person} />`}
      <section class="panel" aria-labelledby="looks"><h2 id="looks">${t('account.browser')}</h2><p class="note">${t('account.browser_note')}</p><${Looks} /><${AllowedHosts} /></section>
      ${person && html`<${Rights} person=${person} />`}
    </main>
  </div>`;
}

/** @param {{ person: Me }} props */
function Signed({ person }) {
  const out = async () => {
    if (await attempt(signOut().then(() => true))) navigate('/');
  };
  return html`
    <${Profile} person=${person} />
    <section class="panel" aria-labelledby="rooms"><h2 id="rooms">${t('account.rooms')}</h2>
      <${YourRooms} empty=${true} tools=${(/** @type {any} */ room, /** @type {() => void} */ reload) => html`<${Sure} word=${t('account.room_delete')} question=${t('account.room_delete_sure', { title: room.title })} grave=${true} test="room-delete" act=${() => attempt(deleteRoom(room.id)).then(reload)} />`} />
    </section>
    <${AccountWays} person=${person} />
    <${Sessions} />
    <${Mails} person=${person} />
    <section class="panel" aria-labelledby="letters"><h2 id="letters">${t('support.title')}</h2><p class="note">${t('support.settings_note')}</p><${Threads} /><a class="secondary" href="/support" data-test="to-support">${t('support.write')}</a></section>
    <section class="panel"><button class="secondary" data-test="sign-out" onClick=${out}>${t('account.sign_out')}</button></section>
  `;
}

/** @param {{ person: Me }} props */
function Profile({ person }) {
  const fault = useSignal('');
  const save = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const handle = String(new FormData(/** @type {HTMLFormElement} */ (event.currentTarget)).get('handle') ?? '').trim();
    fault.value = '';
    try {
      await changeMe({ handle });
      announce(t('room_settings.saved'));
      toast(t('room_settings.saved'));
    } catch (refusal) {
      const { kind, field } = /** @type {any} */ (refusal);
      fault.value = field === 'handle' ? t(kind === 'conflict' ? 'account.handle_taken' : 'account.handle_wrong') : sentence(refusal);
    }
  };
  const choose = async (/** @type {any} */ event) => {
    const file = event.target.files?.[0];
    event.target.value = '';
    if (!file) return;
    if (file.size > 5 * 1024 * 1024) toast(t('account.picture_large'), { tone: 'fault' });
    else if (await attempt(setPicture(file).then(() => true))) announce(t('account.picture_set'));
  };
  return html`<section class="panel" aria-labelledby="profile">
    <h2 id="profile">${t('account.profile')}</h2>
    <div class="profile">
      <${Picture} person=${person} size=${112} />
      <div class="profile-words">
        <div class="profile-acts">
          <label class="secondary profile-file"><input type="file" accept="image/jpeg,image/png,image/webp" data-test="picture" onChange=${choose} /><span>${t(person.picture ? 'account.picture_other' : 'account.picture_add')}</span></label>
          ${person.picture && html`<${Sure} word=${t('account.picture_remove')} question=${t('account.picture_remove_sure')} plain=${true} test="picture-remove" act=${() => attempt(removePicture())} />`}
        </div>
        <p class="note">${t('account.picture_note')}</p>
      </div>
    </div>
    <form onSubmit=${save} novalidate>
      <label class="field"><span>${t('account.handle')}</span>
        <div class="field-row"><input name="handle" data-test="handle" value=${person.handle} maxlength="15" autocomplete="username" autocapitalize="none" spellcheck="false" aria-invalid=${Boolean(fault.value)} aria-describedby="handle-note" /><button class="secondary" data-test="handle-save">${t('room_settings.save')}</button></div>
      </label>
      <p class="note" id="handle-note">${t('account.handle_note')}</p>
      ${fault.value && html`<p class="fault" role="alert" data-test="handle-fault">${fault.value}</p>`}
    </form>
  </section>`;
}

/** @param {{ person: Me }} props */
function Mails({ person }) {
  const set = (/** @type {object} */ mails) => attempt(changeMe({ mails })).then(() => announce(t('room_settings.saved')));
  return html`<section class="panel" aria-labelledby="mails">
    <h2 id="mails">${t('account.mails')}</h2>
    <p class="note">${t('account.mails_note')}</p>
    ${/** @type {const} */ (['rooms', 'support', 'policy']).map(
      (kind) => html`<label class="switch" key=${kind}><input type="checkbox" data-test=${`mails-${kind}`} checked=${person.mails[kind]} onChange=${(/** @type {any} */ event) => set({ [kind]: event.target.checked })} /><span>${t(`account.mails_${kind}`)}</span></label>`,
    )}
  </section>`;
}
