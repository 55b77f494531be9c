// @ts-check
// One member: how they stand, and what may be done about it. What cannot be taken back asks first.
import { useEffect } from 'preact/hooks';
import { html } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { nameOf } from '../lib/here.js';
import { isHost, mayModerate } from '../lib/may.js';
import { attempt } from '../lib/refusal.js';
import { toast } from '../lib/announce.js';
import { Choice } from './choice.js';
import { Face } from './face.js';
import { Sheet } from './sheet.js';
import { Sure } from './sure.js';

const HOUR = 3_600_000;

/** @typedef {import('../lib/session.js').Session} Session */
/** @typedef {import('../lib/i18n.js').Key} Key */

/** @param {{ session: Session, id: string, onClose: () => void }} props */
export function MemberSheet({ session, id, onClose }) {
  const state = session.state.value;
  const name = nameOf(state, id);
  const { role = 'listener', muted = false } = state.people[id] ?? {};
  const allowed = mayModerate(state, id);
  useEffect(() => {
    if (!allowed) onClose();
  }, [allowed]);
  const ask = async (/** @type {string} */ method, /** @type {object} */ more, /** @type {Key} */ word) => {
    const done = await attempt(session.room.call(method, { member: id, ...more }).then(() => true));
    if (done) toast(t(word, { name }));
    return done === true;
  };
  const last = async (/** @type {string} */ method, /** @type {object} */ more, /** @type {Key} */ word) => (await ask(method, more, word)) && onClose();
  const roles = /** @type {const} */ (['listener', 'collaborator']);
  return html`<${Sheet} title=${name} onClose=${onClose} test="member-sheet" lead=${html`<${Face} state=${state} id=${id} />`}>
    ${isHost(state) &&
    html`<${Choice} label=${t('member.role')} cards=${true} test="member-role" value=${role}
      options=${roles.map((value) => ({ value, word: t(`role.${value}`), note: t(`member.role_${value}_note`) }))}
      onPick=${(/** @type {'listener' | 'collaborator'} */ picked) => ask('member.role', { role: picked }, `member.now_${picked}`)} />`}
    <div class="setting">
      <h3>${t('chat.title')}</h3>
      <button class="secondary" data-test="mute-member" onClick=${() => ask('member.mute', { muted: !muted }, muted ? 'member.now_heard' : 'member.now_muted')}>
        ${t(muted ? 'member.unmute' : 'member.mute')}
      </button>
    </div>
    ${isHost(state) &&
    html`<div class="setting">
      <h3>${t('member.hand_over')}</h3>
      <p class="note">${t('member.hand_over_note', { name })}</p>
      <${Sure} word=${t('member.hand_over')} question=${t('member.hand_over_sure', { name })} plain=${true} test="hand-over" act=${() => last('member.role', { role: 'host' }, 'member.now_host')} />
    </div>`}
    <div class="setting">
      <h3>${t('member.kick')}</h3>
      <p class="note">${t('member.kick_note')}</p>
      <${Sure} word=${t('member.kick')} question=${t('member.kick_sure', { name })} grave=${true} plain=${true} test="kick" act=${() => last('member.kick', { ban_ms: HOUR }, 'member.kicked')} />
    </div>
  <//>`;
}
