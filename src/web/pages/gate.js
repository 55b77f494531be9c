// @ts-check
// What somebody who arrives sees: the room's name, who is there, one button. Nothing plays before it.
import { useEffect } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { html } from '../lib/html.js';
import { list, t } from '../lib/i18n.js';
import { glance } from '../lib/api.js';
import { roomLight } from '../lib/color.js';
import { isLight, prefer, preferences } from '../lib/preferences.js';
import { Foot } from '../parts/foot.js';
import { Icon, Mark } from '../parts/icon.js';
import { Rim } from '../parts/rim.js';
import { useTitle } from '../lib/title.js';
import { Missing } from './ended.js';

/**
 * @typedef {object} Glance what a visitor may know before coming in
 * @property {string} [title]
 * @property {number} [listeners]
 * @property {any[]} [people] names, or people with names
 * @property {any} [current]
 */

/** @typedef {{ name: string, password?: string }} Entry */

/** @param {{ id: string, invited: boolean, refused: boolean, onEnter: (entry: Entry) => void }} props */
export function Gate({ id, invited, refused, onEnter }) {
  const seen = useSignal(/** @type {Glance | null} */ (null));
  const hidden = useSignal(refused);
  const away = useSignal(false);
  const tries = useSignal(0);
  useEffect(() => {
    glance(id).then(
      (told) => (seen.value = told),
      // Only "there is none" means that; anything else may pass.
      (refusal) => (refusal?.kind === 'not_found' ? (hidden.value = true) : (away.value = true)),
    );
  }, [id, tries.value]);
  if (away.value && !hidden.value && !seen.value) {
    return html`<${Missing} what="unavailable"><button class="primary" data-test="again" onClick=${() => ((away.value = false), (tries.value += 1))}>${t('ended.again')}</button><//>`;
  }
  if (hidden.value && !invited && !seen.value) return html`<${Closed} refused=${refused} onEnter=${onEnter} />`;
  if (!seen.value && !hidden.value) return html`<main class="gate" id="main" tabindex="-1" aria-busy="true"><${Mark} size=${56} /></main>`;
  return html`<${Open} seen=${seen.value ?? {}} onEnter=${onEnter} />`;
}

/** @param {Event} event @returns {Entry} */
function entry(event) {
  event.preventDefault();
  const form = new FormData(/** @type {HTMLFormElement} */ (event.currentTarget));
  const name = String(form.get('name') ?? '').trim();
  prefer({ name });
  return { name, password: String(form.get('password') ?? '') || undefined };
}

function NameField() {
  return html`<label class="field">
    <span>${t('gate.name')} <small>${t('gate.optional')}</small></span>
    <input name="name" data-test="name" maxlength="32" autocomplete="nickname" placeholder=${t('gate.name_hint')} value=${preferences.peek().name} />
  </label>`;
}

/** @param {{ seen: Glance, onEnter: (entry: Entry) => void }} props */
function Open({ seen, onEnter }) {
  const current = seen.current?.track ?? seen.current;
  useTitle(seen.title);
  const { accent, fill, lamp } = roomLight(current?.accent, isLight());
  return html`<main class="gate" id="main" tabindex="-1" style=${{ '--accent': accent, '--fill': fill, '--lamp': lamp }}>
    <a href="/" class="brand"><${Mark} size=${30} /><span>${t('app.name')}</span></a>
    <div class="gate-card">
      <div class="gate-disc"><${Rim} art=${current?.artwork} people=${seen.listeners ?? 0} /></div>
      <h1 class="gate-title" data-test="room-title">${seen.title ?? t('gate.private')}</h1>
      <p class="gate-who" data-test="gate-who">${who(seen)}</p>
      ${current && html`<p class="gate-now">${t('gate.now')} <b>${current.title}</b>${current.artists?.length > 0 && html`<span class="dividing"></span>${list(current.artists)}`}</p>`}
      <form onSubmit=${(/** @type {Event} */ event) => onEnter(entry(event))}>
        <${NameField} />
        <button class="primary big wide" data-test="listen"><${Icon} name="play" size=${22} />${t('gate.listen')}</button>
      </form>
      <p class="note">${t('gate.note')}</p>
    </div>
    <${Foot} />
  </main>`;
}

/** @param {Glance} seen */
function who({ people = [], listeners }) {
  const names = people.map((one) => (typeof one === 'string' ? one : one?.name)).filter(Boolean);
  const count = listeners ?? people.length;
  if (count === 0) return t('gate.nobody');
  if (names.length === 0) return t('gate.count', { count });
  const shown = names.slice(0, 3);
  const rest = count - shown.length;
  return t('gate.who', { count, names: list(rest > 0 ? [...shown, t('gate.others', { count: rest })] : shown) });
}

/** No such room, or not for this visitor: the two look the same. @param {{ refused: boolean, onEnter: (entry: Entry) => void }} props */
function Closed({ refused, onEnter }) {
  return html`<${Missing} what="not_found">
    <form class="gate-password" onSubmit=${(/** @type {Event} */ event) => onEnter(entry(event))}>
      ${refused && html`<p class="fault" role="alert">${t('gate.wrong')}</p>`}
      <label class="field">
        <span>${t('gate.password')}</span>
        <input name="password" type="password" data-test="password" autocomplete="current-password" required />
      </label>
      <${NameField} />
      <button class="primary wide" data-test="listen"><${Icon} name="lock" size=${20} />${t('gate.enter')}</button>
    </form>
  <//>`;
}
