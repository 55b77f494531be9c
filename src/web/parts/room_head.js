// @ts-check
// Over the room: where you are, how many are here, the ways to share and to set things.
import { html } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { isHost } from '../lib/may.js';
import { Icon, Mark } from './icon.js';

/** @param {{ session: import('../lib/session.js').Session, show: (which: any) => void }} props */
export function RoomHead({ session, show }) {
  const state = session.state.value;
  const { count } = state.presence;
  return html`<header class="room-head">
    <a class="brand" href="/" aria-label=${t('room.leave')}><${Mark} size=${28} /></a>
    <div class="room-name">
      <h1 data-test="room-title">${state.room?.title}</h1>
      <p data-test="people-count" data-count=${count}>${t('room.here', { count })}</p>
    </div>
    <div class="room-tools">
      <button class="tinted" data-test="share" aria-label=${t('share.open')} onClick=${() => show('share')}><${Icon} name="share" size=${20} /><span>${t('share.open')}</span></button>
      ${isHost(state) &&
      html`<button class="quiet round" data-test="room-settings" aria-label=${t('room_settings.title')} title=${t('room_settings.title')} onClick=${() => show('room')}><${Icon} name="room" /></button>`}
      <button class="quiet round" data-test="settings" aria-label=${t('settings.title')} title=${t('settings.title')} onClick=${() => show('settings')}><${Icon} name="settings" /></button>
    </div>
  </header>`;
}
