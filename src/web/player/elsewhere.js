// @ts-check
/**
 * Tracks whose sound is on somebody else's server: which server that is, and what a player needs to
 * reach it. That server sees the address of whoever asks it, so that by itself a player reaches none:
 * whoever listens allows each.
 *
 * @typedef {object} Elsewhere
 * @property {(origin: string) => boolean} allowed whether this listener allowed that server
 * @property {(origin: string) => 'loading' | 'ready' | 'failed'} way the way there, which is made when it is first asked for
 * @property {(origin: string) => HTMLAudioElement | null} element a new one, which can reach that server and no other;
 *   null while there is no way
 * @property {(changed: () => void) => () => void} subscribe called after any of this has changed
 */
import { LOADING, failed } from './tracks.js';

/** Where nobody has said otherwise. @type {Elsewhere} */
export const NOWHERE = { allowed: () => false, way: () => 'failed', element: () => null, subscribe: () => () => {} };

/** The server that an address names, as `https://host`; null: it is no address on the web. @param {string} url */
export function originOf(url) {
  try {
    const { protocol, origin } = new URL(url);
    return protocol === 'https:' || protocol === 'http:' ? origin : null;
  } catch {
    return null;
  }
}

/** Whose server a track is on; null: ours, or none that there is. @param {{ provider: string, url: string }} track */
export const serverOf = ({ provider, url }) => (provider === 'direct' ? originOf(url) : null);

/** What people call a server. @param {string} origin as `originOf` gives it */
export const hostIn = (origin) => new URL(origin).host;

const NO_ADDRESS = failed(new Error('no address on the web'));
const NO_WAY = failed(new Error('no way to that server'));

/**
 * What there is of a track at an address elsewhere: `asking` until its listener allows its server, of which
 * nothing is asked before that; `stream` once an element can play it.
 * @param {Elsewhere} elsewhere @param {string} url @returns {import('./tracks.js').Loaded | 'stream' | 'asking'}
 */
export function reach(elsewhere, url) {
  const origin = originOf(url);
  if (origin === null) return NO_ADDRESS;
  if (!elsewhere.allowed(origin)) return 'asking';
  const way = elsewhere.way(origin);
  if (way === 'failed') return NO_WAY;
  return way === 'ready' ? 'stream' : LOADING;
}
