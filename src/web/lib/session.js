// @ts-check
// One stay in one room: the SDK's room and the player, as signals that pages are drawn from.
import { signal } from '@preact/signals';
import { connect } from 'stereo';
import { createPlayer } from '../player/player.js';
import { Ways } from './elsewhere.js';
import { preferences } from './preferences.js';
import { guestTokens } from './tokens.js';

/**
 * @typedef {object} Session
 * @property {import('../types.js').Room} room
 * @property {import('../types.js').Player} player
 * @property {import('@preact/signals').Signal<import('../types.js').RoomState>} state
 * @property {import('@preact/signals').Signal<import('../types.js').PlayerState>} playing
 * @property {import('@preact/signals').Signal<ReadonlySet<string>>} voted items this person voted for
 * @property {import('@preact/signals').Signal<string | null>} reaction this person's, to the current item
 * @property {import('@preact/signals').Signal<number>} unread messages while the chat was out of sight
 * @property {import('@preact/signals').Signal<string>} draft what is being written, kept while the page changes its shape
 * @property {() => void} leave
 */

/**
 * Call it from a click: that is what lets the browser make sound.
 * @param {{ id: string, name?: string, password?: string, invite?: string }} entry
 * @returns {Session}
 */
export function openSession({ id, name, password, invite }) {
  const url = `${location.origin}/rooms/${id}`;
  const room = /** @type {import('../types.js').Room} */ (
    /** @type {unknown} */ (connect({ url, name: name || undefined, password, invite, storage: guestTokens }))
  );
  const elsewhere = new Ways();
  const player = /** @type {import('../types.js').Player} */ (createPlayer({ room: /** @type {any} */ (room), elsewhere }));
  const state = signal({ ...room.state });
  const playing = signal({ ...player.state });
  const ends = [
    room.subscribe(() => (state.value = { ...room.state })),
    player.subscribe(() => (playing.value = { ...player.state })),
    preferences.subscribe(({ volume, muted, nudge }) => {
      player.setVolume(volume);
      player.setMuted(muted);
      player.setNudge(nudge);
    }),
  ];
  const leave = () => {
    for (const end of ends) end?.();
    player.dispose();
    elsewhere.dispose();
    room.close();
  };
  return { room, player, state, playing, voted: signal(new Set()), reaction: signal(null), unread: signal(0), draft: signal(''), leave };
}
