// @ts-check
// What happens in the room, said aloud for those who cannot see it, and shown where it matters.
import { announce, toast } from './announce.js';
import { t } from './i18n.js';
import { artists, nameOf } from './here.js';

/** @typedef {import('./session.js').Session} Session */

/** Whether the connection is lost: one that is replaced because somebody signed in is not. @param {import('../types.js').RoomState} state */
export const isLost = ({ status, rejoining }) => status === 'reconnecting' && !rejoining;

/** Follows the room's events until the returned function is called. @param {Session} session */
export function tellEvents(session) {
  const ends = [session.room.on('event', (notice) => tell(session, notice?.event ? notice : { event: notice }))];
  let before = isLost(session.state.peek());
  let playing = session.state.peek().current?.id ?? null;
  ends.push(
    session.state.subscribe((state) => {
      if (isLost(state) !== before) tellLost(before, state.status);
      before = isLost(state);
      const now = state.current?.id ?? null;
      if (now !== playing) tellTrack(state.current);
      playing = now;
    }),
  );
  return () => {
    for (const end of ends) end?.();
  };
}

/** @param {boolean} before whether it was lost @param {string} now */
function tellLost(before, now) {
  if (!before) announce(t('connection.reconnecting'));
  else if (now === 'joined') announce(t('connection.back'));
}

/** @param {import('../types.js').Item | null} item */
function tellTrack(item) {
  if (!item) return announce(t('now.nothing'));
  const { title } = item.track;
  announce(item.track.artists.length > 0 ? t('told.playing', { title, artists: artists(item.track) }) : t('told.playing_title', { title }));
}

/** @param {Session} session @param {{ event: any, by?: string | null, cause?: string | null }} notice */
function tell(session, { event, by, cause }) {
  const state = session.state.peek();
  const you = state.you?.member;
  if (event.type === 'playback.changed' && event.ended?.reason === 'failed') toast(t('told.failed'));
  if (event.type === 'playback.changed' && event.ended?.reason === 'voted') announce(t('told.voted'));
  if (event.type === 'queue.added' && by !== you) {
    announce(t('told.added', { name: nameOf(state, by), count: event.items.length, title: event.items[0]?.track.title ?? '' }));
  }
  if (event.type === 'queue.cleared' && by !== you) toast(t('told.cleared', { name: nameOf(state, by) }));
  if (event.type === 'role.changed' && event.member === you) toast(t(cause === 'handover' ? 'told.handover' : roleWord(event.role)));
  if (event.type === 'chat.added' && event.message.by !== you) session.unread.value += 1;
}

/** @param {string} role @returns {import('./i18n.js').Key} */
function roleWord(role) {
  if (role === 'host') return 'told.you_host';
  return role === 'collaborator' ? 'told.you_collaborator' : 'told.you_listener';
}
