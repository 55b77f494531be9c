// @ts-check
// How people are called, and how wide the page is: small questions that many parts ask.
import { signal } from '@preact/signals';
import { t } from './i18n.js';
import { hostIn, serverOf } from '../player/elsewhere.js';

/** The name of a member: a guest who gave none is "guest", somebody who is not known any more "someone". @param {import('../types.js').RoomState} state @param {string | null | undefined} id */
export const nameOf = (state, id) => id && state.people[id] ? state.people[id].name || t('people.guest') : t('people.someone');

/** The same, but you are "you". @param {import('../types.js').RoomState} state @param {string | null | undefined} id */
export const calledHere = (state, id) => (id && id === state.you?.member ? t('people.you') : nameOf(state, id));

/** @param {import('../types.js').Track} track */
export const artists = (track) => track.artists.join(', ');

/** Whose a track is: its artists, and the server it is on when that is somebody else's. @param {import('../types.js').Track} track @returns {string[]} */
export function credits(track) {
  const origin = serverOf(track);
  return [artists(track), origin ? hostIn(origin) : ''].filter(Boolean);
}

/** @param {string} query */
function watched(query) {
  const media = matchMedia(query);
  const value = signal(media.matches);
  media.addEventListener('change', () => (value.value = media.matches));
  return value;
}

/** Three columns: player, queue, chat. In `em`, so that who wants large letters gets fewer columns. */
export const isWide = watched('(min-width: 67.5em)');
/** Two: player, and one of the others. */
export const isMiddle = watched('(min-width: 45em)');
/** Nothing may move. */
export const isStill = watched('(prefers-reduced-motion: reduce)');
