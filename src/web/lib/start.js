// @ts-check
// Starting a room: open it, keep its token, copy its link while the click still counts.
import { openRoom } from './api.js';
import { t } from './i18n.js';
import { guestTokens } from './tokens.js';

const TITLES = 12;

/** The room just opened here, so that its maker goes straight in. @type {{ id: string, copied: boolean } | null} */
let fresh = null;

/** Hands out the fresh room once. @param {string} id */
export function takeFresh(id) {
  const taken = fresh?.id === id ? fresh : null;
  if (taken) fresh = null;
  return taken;
}

/** @param {string} id @param {string | null} [invite] an invitation, in the fragment, which reaches no server */
export const linkTo = (id, invite = null) => `${location.origin}/rooms/${id}${invite ? `#invite=${invite}` : ''}`;

/** A name with a mood; the host can change it. */
const title = () => t(/** @type {import('./i18n.js').Key} */ (`start.title_${1 + Math.floor(Math.random() * TITLES)}`));

/** Opens a room and says where it is. Call it from a click. */
export async function startRoom() {
  const opening = openRoom({ title: title(), visibility: 'unlisted' });
  const copying = copy(opening.then(({ room }) => linkTo(room.id)));
  const { room, token } = await opening;
  if (token) guestTokens.setItem(room.id, token);
  fresh = { id: room.id, copied: await copying };
  return room.id;
}

/**
 * Copies a text that may be known only later: the clipboard item is made within the click.
 * @param {string | Promise<string>} text
 * @returns {Promise<boolean>} whether it is on the clipboard
 */
export async function copy(text) {
  const blob = Promise.resolve(text).then((value) => new Blob([value], { type: 'text/plain' }));
  blob.catch(() => {});
  try {
    await navigator.clipboard.write([new ClipboardItem({ 'text/plain': blob })]);
    return true;
  } catch {
    return copyPlainly(text);
  }
}

/** @param {string | Promise<string>} text */
async function copyPlainly(text) {
  try {
    await navigator.clipboard.writeText(await text);
    return true;
  } catch {
    return false;
  }
}
