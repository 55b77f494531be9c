// @ts-check
// Where a letter is written: it is kept until it is sent, and its field is empty once it is.
import { useSignal } from '@preact/signals';
import { html } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { focusOnce } from '../lib/focus.js';

const SUBJECT = 120;
const TEXT = 5_000;

/** @param {{ word: string, onSend: (letter: { subject: string, text: string }) => Promise<boolean>, subject?: boolean }} props `onSend`: whether it is sent */
export function LetterForm({ word, onSend, subject = false }) {
  const busy = useSignal(false);
  const empty = useSignal(false);
  const send = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    if (busy.value) return;
    const form = /** @type {HTMLFormElement} */ (event.currentTarget);
    const written = (/** @type {string} */ name) => String(new FormData(form).get(name) ?? '').trim();
    const letter = { subject: written('subject'), text: written('text') };
    empty.value = letter.text === '';
    if (empty.value) {
      focusOnce(form.querySelector('textarea'));
      return;
    }
    busy.value = true;
    if (await onSend(letter)) form.reset();
    busy.value = false;
  };
  return html`<form class="letter-form" onSubmit=${send} novalidate>
    ${subject && html`<label class="field"><span>${t('support.subject')} <small>${t('gate.optional')}</small></span><input name="subject" data-test="letter-subject" maxlength=${SUBJECT} autocomplete="off" /></label>`}
    <label class="field"><span>${t('support.text')}</span><textarea name="text" data-test="letter-text" rows="6" maxlength=${TEXT} onInput=${() => (empty.value = false)} aria-invalid=${empty.value} aria-describedby=${empty.value ? 'letter-fault' : undefined}></textarea></label>
    ${empty.value && html`<p class="fault" role="alert" id="letter-fault" data-test="fault">${t('support.empty')}</p>`}
    <button class="primary" data-test="letter-send" aria-busy=${busy.value}>${word}</button>
  </form>`;
}
