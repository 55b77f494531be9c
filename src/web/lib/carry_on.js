// @ts-check
// A guest of a room has signed in: the same member goes on under the account, and the room stays if
// that is what they signed in for. The music does not stop for it.
import { findMe, keepRoom, me, remember } from './account.js';
import { toast } from './announce.js';
import { t } from './i18n.js';
import { attempt } from './refusal.js';
import { guestTokens } from './tokens.js';

/** Keeps a room that is temporary. @param {import('./session.js').Session} session */
export async function keepThis(session) {
  const { room } = session.state.peek();
  if (!room?.temporary) return;
  if (await attempt(keepRoom(room.id, guestTokens.getItem(room.id)).then(() => true))) toast(t('keep.kept'));
}

/**
 * @param {import('./session.js').Session} session
 * @param {{ keep: boolean, joined: boolean }} how `joined`: it was joined under the account already
 */
export async function carryOn(session, { keep, joined }) {
  // Said by another tab, which may have written it down just now: this one need not see that yet.
  remember(true);
  await findMe();
  if (!me.peek()) return;
  if (keep) await keepThis(session);
  else toast(t('keep.signed_in', { handle: me.peek()?.handle ?? '' }));
  if (!joined) session.room.rejoin();
}
