// @ts-check
// One thread of letters: what was written, what whoever runs the server may look at, and what they did.
import { useEffect } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { html } from '../lib/html.js';
import { day, t } from '../lib/i18n.js';
import { announce } from '../lib/announce.js';
import { allowLook, deleteLetter, deleteThread, forbidLook, thread, writeOn } from '../lib/letters.js';
import { attempt } from '../lib/refusal.js';
import { Choice } from './choice.js';
import { LetterForm } from './letter_form.js';
import { Sure } from './sure.js';
import { standing } from './threads.js';

/** @typedef {import('../lib/letters.js').Thread} Told */

const MINUTE = 60_000;

/** @param {{ id: string, onGone: () => void }} props */
export function Thread({ id, onGone }) {
  const told = useSignal(/** @type {Told | null} */ (null));
  const load = async () => {
    try {
      told.value = await thread(id);
    } catch {
      // Its last letter is gone, or it never was.
      onGone();
    }
  };
  useEffect(() => void load(), [id]);
  const shown = told.value;
  if (!shown) return html`<p class="note" role="status">${t('account.loading')}</p>`;
  const reply = async (/** @type {{ text: string }} */ { text }) => {
    const now = await attempt(writeOn(id, text));
    if (!now) return false;
    told.value = now;
    announce(t('support.sent'));
    return true;
  };
  const remove = async (/** @type {Promise<unknown>} */ removing) => {
    if ((await attempt(removing.then(() => true))) === true) announce(t('support.deleted'));
    await load();
  };
  return html`
    <section class="panel" aria-labelledby="thread" data-test="thread-view">
      <div><h2 id="thread">${shown.subject || t('support.no_subject')}</h2><p class="note">${standing(shown)}</p></div>
      <ol class="letters">
        ${shown.letters.map(
          (letter) => html`<li key=${letter.id} class=${`letter letter-${letter.by}`} data-test="letter">
            <div class="letter-head"><b>${t(letter.by === 'you' ? 'support.you' : 'support.they')}</b><small>${day(letter.day)}</small></div>
            <p class="letter-text">${letter.text}</p>
            <${Sure} word=${t('support.letter_delete')} question=${t('support.letter_delete_sure')} test="letter-delete" act=${() => remove(deleteLetter(id, letter.id))} />
          </li>`,
        )}
      </ol>
      <${LetterForm} word=${t('support.reply')} onSend=${reply} />
    </section>
    <${Consent} told=${shown} reload=${load} />
    <section class="panel"><${Sure} word=${t('support.thread_delete')} question=${t('support.thread_delete_sure')} grave=${true} plain=${true} test="thread-delete" act=${() => remove(deleteThread(id))} /></section>
  `;
}

/** @param {{ told: Told, reload: () => Promise<void> }} props */
function Consent({ told, reload }) {
  const what = useSignal(/** @type {import('../lib/letters.js').Look} */ ('account'));
  const { id, grant, read } = told;
  const set = async (/** @type {Promise<unknown>} */ setting) => {
    await attempt(setting);
    await reload();
  };
  // What runs out by itself is shown as it is.
  useEffect(() => {
    if (!grant) return;
    const timer = setInterval(reload, MINUTE);
    return () => clearInterval(timer);
  }, [grant?.what, id]);
  return html`<section class="panel" aria-labelledby="consent" data-test="consent">
    <h2 id="consent">${t('support.consent')}</h2>
    <p class="note">${t('support.consent_note')}</p>
    ${grant
      ? html`<p role="status" data-test="grant">${t(`support.granted_${grant.what}`, { count: Math.max(1, Math.ceil(grant.ends_in_ms / MINUTE)) })}</p>
          <button class="secondary" data-test="forbid-look" onClick=${() => set(forbidLook(id))}>${t('support.forbid')}</button>`
      : html`<${Choice} label=${t('support.what')} cards=${true} test="look-at" value=${what.value} onPick=${(/** @type {any} */ picked) => (what.value = picked)}
            options=${/** @type {const} */ (['account', 'rooms']).map((value) => ({ value, word: t(`support.look_${value}`), note: t(`support.look_${value}_note`) }))} />
          <button class="secondary" data-test="allow-look" onClick=${() => set(allowLook(id, what.value))}>${t('support.allow')}</button>`}
    <h3>${t('support.read')}</h3>
    ${read.length === 0
      ? html`<p class="note" data-test="read-nothing">${t('support.read_nothing')}</p>`
      : html`<ul class="plain-list" data-test="read">${read.map((one, place) => html`<li key=${place}><span><b>${t(`support.look_${one.what}`)}</b><small>${day(one.day)}</small></span></li>`)}</ul>`}
  </section>`;
}
