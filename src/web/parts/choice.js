// @ts-check
// One of a few: radio buttons, as a row of segments or as cards with a sentence each.
import { useRef } from 'preact/hooks';
import { html } from '../lib/html.js';

let last = 0;

/**
 * @param {{ label: string, value: string | null, options: { value: string, word: string, note?: string }[], onPick: (value: any) => void, test?: string, cards?: boolean }} props
 */
export function Choice({ label, value, options, onPick, test, cards = false }) {
  const name = useRef('');
  name.current ||= `choice-${(last += 1)}`;
  return html`<fieldset class=${`choice ${cards ? 'choice-cards' : ''}`} data-test=${test}>
    <legend>${label}</legend>
    <div class="choice-row">
      ${options.map(
        (one) => html`<label key=${one.value} class="choice-one">
          <input type="radio" name=${name.current} value=${one.value} checked=${one.value === value} onChange=${() => onPick(one.value)} />
          <span class="choice-word">${one.word}</span>
          ${one.note && html`<span class="choice-note">${one.note}</span>`}
        </label>`,
      )}
    </div>
  </fieldset>`;
}
