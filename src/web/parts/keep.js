// @ts-check
// For the host of a temporary room: it can stay, if they sign in. Offered once, where rooms are set.
import { html } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { useEffect } from 'preact/hooks';
import { findMe, keepRoom, me } from '../lib/account.js';
import { toast } from '../lib/announce.js';
import { attempt } from '../lib/refusal.js';
import { guestTokens } from '../lib/tokens.js';

/** @param {{ session: import('../lib/session.js').Session }} props */
export function Keep({ session }) {
  const { room } = session.state.value;
  useEffect(() => {
    if (me.peek() === undefined) findMe();
  }, []);
  if (!room?.temporary) return null;
  const keep = async () => {
    if (await attempt(keepRoom(room.id, guestTokens.getItem(room.id)).then(() => true))) toast(t('keep.kept'));
  };
  return html`<div class="setting" data-test="keep-room">
    <h3>${t('keep.title')}</h3>
    <p class="note">${t('keep.note')}</p>
    ${me.value
      ? html`<button class="secondary" data-test="keep" onClick=${keep}>${t('keep.button')}</button>`
      : html`<a class="secondary" data-test="keep-sign-in" href="/sign-in" onClick=${() => rememberWayBack(`/rooms/${room.id}`)}>${t('keep.sign_in')}</a>`}
  </div>`;
}

const BACK = 'stereo.back';

/** The page to come back to after signing in, for this tab alone. @param {string} path */
export function rememberWayBack(path) {
  try {
    sessionStorage.setItem(BACK, path);
  } catch {
    // Then it is the first page.
  }
}

/** Hands out the way back once. @returns {string | null} */
export function wayBack() {
  try {
    const path = sessionStorage.getItem(BACK);
    sessionStorage.removeItem(BACK);
    return path;
  } catch {
    return null;
  }
}
