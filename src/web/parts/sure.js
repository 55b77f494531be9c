// @ts-check
// A button that asks before it does what cannot be taken back.
import { useSignal } from '@preact/signals';
import { html } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { focusOnce, keepFocus, named } from '../lib/focus.js';

/** @param {{ word: string, question: string, act: () => unknown, grave?: boolean, test?: string, plain?: boolean }} props */
export function Sure({ word, question, act, grave = false, test = 'sure', plain = false }) {
  const asking = useSignal(false);
  const tone = grave ? 'is-grave' : '';
  if (!asking.value) {
    return html`<button class=${`${plain ? 'secondary' : 'chip'} ${tone}`} data-test=${test} onClick=${() => (asking.value = true)}>${word}</button>`;
  }
  const answer = async () => {
    asking.value = false;
    await act();
  };
  return html`<div class="sure" role="group" aria-label=${question}>
    <p>${question}</p>
    <button class=${`chip chip-full ${tone}`} data-test=${`${test}-yes`} onClick=${answer} ref=${focusOnce}>${word}</button>
    <button class="chip" onClick=${() => ((asking.value = false), keepFocus(named(test)))}>${t('sure.no')}</button>
  </div>`;
}
