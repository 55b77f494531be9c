// @ts-check
// What the host decides for the room. Each change is asked for at once; there is nothing to save.
import { html } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { ACTIONS, PRESETS, ROLES, presetOf } from '../lib/may.js';
import { attempt, sentence } from '../lib/refusal.js';
import { announce, toast } from '../lib/announce.js';
import { Choice } from './choice.js';
import { Icon } from './icon.js';
import { Keep } from './keep.js';
import { Sheet } from './sheet.js';
import { Sure } from './sure.js';

/** @typedef {import('../lib/session.js').Session} Session */
/** @typedef {import('../lib/i18n.js').Key} Key */

const key = (/** @type {string} */ text) => /** @type {Key} */ (text);

/** @param {Session} session @param {object} change */
async function update(session, change) {
  if (await attempt(session.room.call('room.update', change).then(() => true))) announce(t('room_settings.saved'));
}

/** The room ends before its answer comes, now and then: that is no fault. @param {Session} session */
async function closeRoom(session) {
  try {
    await session.room.call('room.close', {});
  } catch (fault) {
    if (session.room.state.status !== 'closed') toast(sentence(fault), { tone: 'fault' });
  }
}

/** @param {{ session: Session, onClose: () => void, onKeep: () => void }} props `onKeep`: sign in to keep the room */
export function RoomSettingsSheet({ session, onClose, onKeep }) {
  const { room } = session.state.value;
  if (!room) return null;
  const options = (/** @type {string} */ group, /** @type {readonly string[]} */ values) =>
    values.map((value) => ({ value, word: t(key(`${group}_${value}`)), note: t(key(`${group}_${value}_note`)) }));
  return html`<${Sheet} title=${t('room_settings.title')} onClose=${onClose} test="room-settings-sheet">
    <${Title} session=${session} />
    <${Choice} label=${t('preset.label')} cards=${true} test="preset" value=${presetOf(room.permissions)}
      options=${options('preset', Object.keys(PRESETS))}
      onPick=${(/** @type {keyof typeof PRESETS} */ preset) => update(session, { permissions: PRESETS[preset] })} />
    <${Exactly} session=${session} />
    <${Choice} label=${t('visibility.label')} cards=${true} test="visibility" value=${room.visibility}
      options=${options('visibility', ['public', 'unlisted', 'private'])}
      onPick=${(/** @type {string} */ visibility) => update(session, { visibility })} />
    ${room.visibility === 'private' && html`<${Password} session=${session} />`}
    <${Choice} label=${t('order.label')} cards=${true} test="order" value=${room.order}
      options=${options('order', ['added', 'fair', 'votes'])}
      onPick=${(/** @type {string} */ order) => update(session, { order })} />
    <${Keep} session=${session} onSignIn=${onKeep} />
    <div class="setting">
      <h3>${t('room_settings.close')}</h3>
      <p class="note">${t('room_settings.close_note')}</p>
      <${Sure} word=${t('room_settings.close_button')} question=${t('room_settings.close_sure')} grave=${true} plain=${true} test="close-room"
        act=${() => closeRoom(session)} />
    </div>
  <//>`;
}

/** @param {Event} event @param {string} name */
const written = (event, name) => String(new FormData(/** @type {HTMLFormElement} */ (event.currentTarget)).get(name) ?? '').trim();

/** @param {{ session: Session }} props */
function Title({ session }) {
  const { room, limits } = session.state.value;
  const save = (/** @type {Event} */ event) => {
    event.preventDefault();
    const title = written(event, 'title');
    if (title && title !== room?.title) update(session, { title });
  };
  return html`<form class="setting" onSubmit=${save}>
    <label class="field"><span>${t('room_settings.name')}</span>
      <span class="field-row">
        <input name="title" data-test="room-title-input" maxlength=${limits?.title ?? 80} value=${room?.title} required autocomplete="off" />
        <button class="secondary">${t('room_settings.save')}</button>
      </span>
    </label>
  </form>`;
}

/** @param {{ session: Session }} props */
function Password({ session }) {
  const { room } = session.state.value;
  const save = (/** @type {Event} */ event) => {
    event.preventDefault();
    update(session, { password: written(event, 'password') });
  };
  return html`<form class="setting" onSubmit=${save}>
    <label class="field"><span>${t(room?.password ? 'room_settings.password_change' : 'room_settings.password')}</span>
      <span class="field-row">
        <input name="password" type="password" autocomplete="new-password" maxlength="200" />
        <button class="secondary">${t('room_settings.save')}</button>
      </span>
    </label>
    <p class="note">${t('room_settings.password_note')}</p>
  </form>`;
}

/** @param {{ session: Session }} props */
function Exactly({ session }) {
  const permissions = session.state.value.room?.permissions;
  return html`<details class="exactly">
    <summary>${t('permission.exactly')}<${Icon} name="down" size=${20} /></summary>
    ${ACTIONS.map(
      (action) => html`<label class="exactly-one" key=${action}>
        <span>${t(key(`permission.${action}`))}</span>
        <select data-test=${`permission-${action}`} value=${permissions?.[action]}
          onChange=${(/** @type {any} */ event) => update(session, { permissions: { [action]: event.target.value } })}>
          ${ROLES.map((role) => html`<option value=${role} selected=${permissions?.[action] === role}>${t(key(`permission.from_${role}`))}</option>`)}
        </select>
      </label>`,
    )}
  </details>`;
}
