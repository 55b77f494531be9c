// @ts-check
// Who may do what, decided from the room's state alone. The server decides again when it matters.

/** @typedef {import('../types.js').RoomState} RoomState */
/** @typedef {import('../types.js').Role} Role */
/** @typedef {import('../types.js').Action} Action */

/** @type {Role[]} */
export const ROLES = ['listener', 'collaborator', 'host'];

/** @type {Action[]} */
export const ACTIONS = ['add', 'reorder', 'skip', 'seek', 'chat', 'react', 'invite'];

/** @param {Role} role @param {Role} least */
export const atLeast = (role, least) => ROLES.indexOf(role) >= ROLES.indexOf(least);

/** @param {RoomState} state @returns {Role} */
export const myRole = (state) => (state.you && state.people[state.you.member]?.role) || state.you?.role || 'listener';

/** @param {RoomState} state @param {Action} action */
export const may = (state, action) => atLeast(myRole(state), state.room?.permissions?.[action] ?? 'listener');

/** @param {RoomState} state @param {{ by: string }} thing an item or a message */
export const mine = (state, thing) => thing.by === state.you?.member;

/** @param {RoomState} state */
export const isHost = (state) => myRole(state) === 'host';

/** Collaborators keep order among those below them. @param {RoomState} state @param {string} id */
export const mayModerate = (state, id) =>
  id !== state.you?.member && atLeast(myRole(state), 'collaborator') && !atLeast(state.people[id]?.role ?? 'listener', myRole(state));

/** People may always remove or skip what they added. @param {RoomState} state @param {import('../types.js').Item} item */
export const mayRemove = (state, item) => mine(state, item) || may(state, 'reorder');

/** @param {RoomState} state */
export const maySkip = (state) => state.current !== null && (mine(state, state.current) || may(state, 'skip'));

/** @param {RoomState} state @param {import('../types.js').Message} message */
export const mayUnsay = (state, message) => mine(state, message) || atLeast(myRole(state), 'collaborator');

/** @param {RoomState} state */
export const mayChat = (state) => may(state, 'chat') && !(state.you && state.people[state.you.member]?.muted);

/** What a person understands, for what a room can be set to. */
export const PRESETS = /** @type {const} */ ({
  everyone: { add: 'listener', reorder: 'listener', skip: 'listener', seek: 'listener', chat: 'listener', react: 'listener', invite: 'listener' },
  party: { add: 'listener', reorder: 'collaborator', skip: 'collaborator', seek: 'collaborator', chat: 'listener', react: 'listener', invite: 'collaborator' },
  listening: { add: 'collaborator', reorder: 'collaborator', skip: 'host', seek: 'host', chat: 'listener', react: 'listener', invite: 'host' },
});

/** @param {import('../types.js').Permissions} permissions @returns {keyof typeof PRESETS | null} */
export function presetOf(permissions) {
  const names = /** @type {(keyof typeof PRESETS)[]} */ (Object.keys(PRESETS));
  return names.find((name) => ACTIONS.every((action) => PRESETS[name][action] === permissions[action])) ?? null;
}
