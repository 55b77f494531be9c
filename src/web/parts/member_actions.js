// @ts-check
// What a host can do with one member. What cannot be taken back asks first.
import { html } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { nameOf } from '../lib/here.js';
import { attempt } from '../lib/refusal.js';
import { toast } from '../lib/announce.js';
import { Sure } from './sure.js';

const HOUR = 3_600_000;

/** @param {{ session: import('../lib/session.js').Session, id: string }} props */
export function MemberActions({ session, id }) {
  const state = session.state.value;
  const name = nameOf(state, id);
  const person = state.people[id];
  const role = person?.role ?? 'listener';
  const muted = person?.muted ?? false;
  const ask = async (/** @type {string} */ method, /** @type {object} */ more, /** @type {import('../lib/i18n.js').Key} */ word) => {
    if (await attempt(session.room.call(method, { member: id, ...more }).then(() => true))) toast(t(word, { name }));
  };
  return html`<div class="member-actions">
    ${role === 'listener'
      ? html`<button class="chip" data-test="promote" onClick=${() => ask('member.role', { role: 'collaborator' }, 'member.now_collaborator')}>${t('member.make_collaborator')}</button>`
      : html`<button class="chip" data-test="demote" onClick=${() => ask('member.role', { role: 'listener' }, 'member.now_listener')}>${t('member.make_listener')}</button>`}
    <button class="chip" data-test="mute-member" onClick=${() => ask('member.mute', { muted: !muted }, muted ? 'member.now_heard' : 'member.now_muted')}>
      ${t(muted ? 'member.unmute' : 'member.mute')}
    </button>
    <${Sure} word=${t('member.hand_over')} question=${t('member.hand_over_sure', { name })} act=${() => ask('member.role', { role: 'host' }, 'member.now_host')} />
    <${Sure} word=${t('member.kick')} question=${t('member.kick_sure', { name })} grave=${true} act=${() => ask('member.kick', { ban_ms: HOUR }, 'member.kicked')} />
  </div>`;
}
