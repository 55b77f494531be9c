// @ts-check
// /support: letters to whoever runs the server. One thread at a time, by the fragment, which reaches
// no server; guests are told what they can do without an account.
import { useEffect } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { html } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { me } from '../lib/account.js';
import { announce } from '../lib/announce.js';
import { keepFocus } from '../lib/focus.js';
import { write } from '../lib/letters.js';
import { policy } from '../lib/policy.js';
import { attempt } from '../lib/refusal.js';
import { useTitle } from '../lib/title.js';
import { Icon, Mark } from '../parts/icon.js';
import { LetterForm } from '../parts/letter_form.js';
import { Thread } from '../parts/thread.js';
import { Threads } from '../parts/threads.js';

const inFragment = () => location.hash.slice(1) || null;

export function SupportPage() {
  const open = useSignal(inFragment());
  useTitle(t('support.title'));
  useEffect(() => {
    const moved = () => (open.value = inFragment());
    addEventListener('popstate', moved);
    addEventListener('hashchange', moved);
    return () => {
      removeEventListener('popstate', moved);
      removeEventListener('hashchange', moved);
    };
  }, []);
  const show = (/** @type {string | null} */ id) => {
    history.pushState(null, '', `/support${id ? `#${id}` : ''}`);
    open.value = id;
    scrollTo(0, 0);
    keepFocus();
  };
  const person = me.value;
  return html`<div class="account">
    <header class="home-head"><a href="/" class="brand"><${Mark} size=${30} /><span>${t('app.name')}</span></a></header>
    <main class="account-main" id="main" tabindex="-1" data-test="support">
      ${open.value && person && html`<button class="link back" data-test="threads-back" onClick=${() => show(null)}>${t('support.back')}</button>`}
      <h1>${t('support.title')}</h1>
      <p class="account-lead">${t('support.lead')}</p>
      ${person === undefined && html`<p class="note" role="status">${t('account.loading')}</p>`}
      ${person === null && html`<${ForGuests} />`}
      ${person && (open.value ? html`<${Thread} id=${open.value} key=${open.value} onGone=${() => show(null)} />` : html`<${Letters} show=${show} />`)}
    </main>
  </div>`;
}

/** @param {{ show: (id: string | null) => void }} props */
function Letters({ show }) {
  const send = async (/** @type {{ subject: string, text: string }} */ letter) => {
    const begun = await attempt(write(letter));
    if (!begun) return false;
    show(begun.id);
    announce(t('support.sent'));
    return true;
  };
  return html`
    <section class="panel" aria-labelledby="write"><h2 id="write">${t('support.write')}</h2><${LetterForm} word=${t('support.send')} onSend=${send} subject=${true} /></section>
    <section class="panel" aria-labelledby="threads"><h2 id="threads">${t('support.threads')}</h2><${Threads} empty=${true} /></section>
  `;
}

/** What can be done without an account. */
function ForGuests() {
  const { name, address } = policy.value?.operator ?? { name: null, address: null };
  return html`<section class="panel" data-test="support-guest">
    <h2>${t('support.guest')}</h2>
    <p>${t('support.guest_note')}</p>
    <a class="primary" href="/sign-in" data-test="sign-in">${t('account.sign_in')}<${Icon} name="arrow" size=${20} /></a>
  </section>
  <section class="panel"><h2>${t('support.without')}</h2>
    ${name || address ? html`<p>${t('support.without_note')}</p><address class="operator" data-test="operator">${[name, address].filter(Boolean).join('\n')}</address>` : html`<p data-test="operator-none">${t('support.without_none')}</p>`}
    <p class="note">${t('support.without_forget')}</p>
  </section>`;
}
