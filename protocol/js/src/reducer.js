// @ts-check
/**
 * The room's public state as a fold of its events: the same fold as `protocol/src/reduce.rs`, and
 * both pass the same vectors. Pure: a state goes in, another comes out.
 *
 * @typedef {import('./types.js').QueueItem} Item
 * @typedef {import('./types.js').Person} Person
 * @typedef {import('./types.js').People} People
 * @typedef {import('./types.js').ChatMessage} Message
 * @typedef {import('./types.js').Event} Event
 * @typedef {Pick<import('./types.js').EventNotice, 'event' | 'people'>} Notice
 * @typedef {import('./types.js').Presence} Presence
 * @typedef {object} PublicState `room` is null before joining only
 * @property {import('./types.js').RoomSettings | null} room
 * @property {Item | null} current
 * @property {import('./types.js').Playback | null} playback
 * @property {Item[]} queue
 * @property {import('./types.js').Vote | null} vote
 * @property {Message[]} chat
 * @property {People} people
 */

/**
 * Applies one event.
 * @param {PublicState} state @param {Notice} notice
 * @param {number} chatRing `limits.chat_ring`
 * @returns {PublicState | null} null for an event of a type that is not known: take a snapshot
 */
export function reduce(state, { event, people }, chatRing = 200) {
  const introduced = people ? { ...state, people: { ...state.people, ...people } } : state;
  const change = changeOf(introduced, event, chatRing);
  return change && { ...introduced, ...change };
}

/** @param {PublicState} state @param {Event} event @param {number} chatRing @returns {Partial<PublicState> | null} */
function changeOf(state, event, chatRing) {
  switch (event.type) {
    case 'queue.added':
      return { queue: insert(state, state.queue, event.items, event.after) };
    case 'queue.removed':
    case 'queue.cleared':
      return { queue: without(state.queue, event.items) };
    case 'queue.moved':
      return move(state, event.item, event.after, event.pinned ?? false);
    case 'queue.shuffled':
      return { queue: reordered(state.queue, event.order) };
    case 'playback.changed':
      return play(state, event.playback ?? null, event.current ?? null);
    case 'room.changed':
      return { room: event.room };
    case 'role.changed':
      return { people: changed(state.people, event.member, { role: event.role }) };
    case 'member.changed':
      return { people: changed(state.people, event.member, given(event)) };
    case 'member.erased':
      return { people: withoutMember(state.people, event.member), chat: state.chat.filter((message) => message.by !== event.member) };
    case 'chat.added':
      return { chat: [...state.chat, event.message].slice(-chatRing) };
    case 'chat.removed':
      return { chat: state.chat.filter((kept) => kept.id !== event.message) };
    case 'vote.changed':
      return countVotes(state, event.item, event.have, event.need ?? null);
    case 'member.banned':
    case 'room.closed':
    case 'redacted':
      return {};
    default:
      return null;
  }
}

/**
 * Behind `after`: the front for null and for the current item; the end when it is absent, or not there.
 * @param {PublicState} state @param {Item[]} queue @param {Item[]} items @param {string | null} [after]
 */
function insert(state, queue, items, after) {
  const first = after === null || (after !== undefined && state.current?.id === after);
  const place = first ? 0 : queue.findIndex((item) => item.id === after) + 1 || queue.length;
  return [...queue.slice(0, place), ...items, ...queue.slice(place)];
}

/** @param {Item[]} queue @param {string[]} items */
function without(queue, items) {
  const gone = new Set(items);
  return queue.filter((item) => !gone.has(item.id));
}

/** @param {PublicState} state @param {string} item @param {string | null} after @param {boolean} pinned */
function move(state, item, after, pinned) {
  const moved = state.queue.find((queued) => queued.id === item);
  if (!moved) return {};
  return { queue: insert(state, without(state.queue, [item]), [{ ...moved, pinned }], after) };
}

/** @param {Item[]} queue @param {string[]} order */
function reordered(queue, order) {
  const byId = new Map(queue.map((item) => [item.id, item]));
  return [...order.flatMap((id) => byId.get(id) ?? []), ...without(queue, order)];
}

/** @param {PublicState} state @param {PublicState['playback']} playback @param {Item | null} current */
function play(state, playback, current) {
  const same = (current?.id ?? null) === (state.current?.id ?? null);
  return { playback, current, queue: current ? without(state.queue, [current.id]) : state.queue, vote: same ? state.vote : null };
}

/** @param {PublicState} state @param {string} item @param {number} have @param {number | null} need */
function countVotes(state, item, have, need) {
  if (state.current?.id === item) return { vote: need === null ? null : { have: Math.max(0, have), need } };
  return { queue: state.queue.map((queued) => (queued.id === item ? { ...queued, votes: have } : queued)) };
}

/** What a change of a member gives; what is absent stays. @param {{ name?: string | null, picture?: string | null, muted?: boolean | null }} event */
function given({ name, picture, muted }) {
  /** @type {Partial<Person>} */
  const change = {};
  if (name != null) change.name = name;
  if (picture !== undefined) change.picture = picture;
  if (muted != null) change.muted = muted;
  return change;
}

/** @param {People} people @param {string} member @param {Partial<Person>} change */
function changed(people, member, change) {
  const person = people[member];
  return person ? { ...people, [member]: { ...person, ...change } } : people;
}

/** @param {People} people @param {string} member @returns {People} */
export function withoutMember(people, member) {
  const { [member]: _, ...others } = people;
  return others;
}

/**
 * Applies a difference of who is here. Repeats change nothing.
 * @param {Presence} presence
 * @param {{ count: number, joined?: string[], left?: string[], sampled?: boolean }} notice
 * @returns {Presence}
 */
export function foldPresence(presence, { count, joined = [], left = [], sampled = false }) {
  const gone = new Set(left);
  const list = presence.list.filter((member) => !gone.has(member));
  const known = new Set(list);
  return { count, sampled, list: [...list, ...joined.filter((member) => !known.has(member))] };
}
