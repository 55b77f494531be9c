// @ts-check
/**
 * The room's public state as a fold of its events: the same fold as `protocol/src/reduce.rs`, and
 * both pass the same vectors. Pure: a state goes in, another comes out.
 *
 * @typedef {{ id: string, track: any, by: string, votes: number, pinned: boolean }} Item
 * @typedef {{ name: string, picture: string | null, role?: string, muted?: boolean }} Person
 * @typedef {{ id: string, by: string, at: number, text: string }} Message
 * @typedef {{ room: any, current: Item | null, playback: import('./playback.js').Playback | null, queue: Item[], vote: { have: number, need: number } | null, chat: Message[], people: Record<string, Person> }} PublicState
 * @typedef {{ seq: number, at: number, by: string | null, cause?: string | null, op?: string, people?: Record<string, Person>, event: any }} Notice
 * @typedef {{ count: number, list: string[], sampled: boolean }} Presence
 */

/** People beyond this many are dropped from the state when nothing in it names them. */
export const PEOPLE_KEPT = 512;

/**
 * Applies one event.
 * @param {PublicState} state @param {Notice} notice
 * @param {number} chatRing `limits.chat_ring`
 * @returns {PublicState | null} null for an event of a type that is not known: take a snapshot
 */
export function reduce(state, notice, chatRing = 200) {
  const people = notice.people ? { ...state.people, ...notice.people } : state.people;
  const change = CHANGES[notice.event.type];
  if (!change) return null;
  const next = { ...state, people, ...change({ ...state, people }, notice.event, chatRing) };
  return Object.keys(next.people).length > PEOPLE_KEPT ? { ...next, people: named(next) } : next;
}

/** @type {Record<string, (state: PublicState, event: any, chatRing: number) => Partial<PublicState>>} */
const CHANGES = {
  'queue.added': (state, { items, after }) => ({ queue: insert(state, state.queue, items, after) }),
  'queue.removed': (state, { items }) => ({ queue: without(state.queue, items) }),
  'queue.cleared': (state, { items }) => ({ queue: without(state.queue, items) }),
  'queue.moved': (state, { item, after, pinned }) => {
    const moved = state.queue.find((queued) => queued.id === item);
    if (!moved) return {};
    return { queue: insert(state, without(state.queue, [item]), [{ ...moved, pinned: pinned ?? false }], after) };
  },
  'queue.shuffled': (state, { order }) => {
    const byId = new Map(state.queue.map((item) => [item.id, item]));
    const first = order.flatMap((/** @type {string} */ id) => byId.get(id) ?? []);
    return { queue: [...first, ...without(state.queue, order)] };
  },
  'playback.changed': (state, { playback, current }) => ({
    playback: playback ?? null,
    current: current ?? null,
    queue: current ? without(state.queue, [current.id]) : state.queue,
    vote: (current?.id ?? null) === (state.current?.id ?? null) ? state.vote : null,
  }),
  'room.changed': (_, { room }) => ({ room }),
  'role.changed': (state, { member, role }) => ({ people: changed(state.people, member, { role }) }),
  'member.changed': (state, { member, name, picture, muted }) => {
    /** @type {Partial<Person>} */
    const change = {};
    if (name !== undefined) change.name = name;
    if (picture !== undefined) change.picture = picture;
    if (muted !== undefined) change.muted = muted;
    return { people: changed(state.people, member, change) };
  },
  'member.erased': (state, { member }) => {
    const { [member]: _, ...people } = state.people;
    return { people, chat: state.chat.filter((message) => message.by !== member) };
  },
  'chat.added': (state, { message }, chatRing) => ({ chat: [...state.chat, message].slice(-chatRing) }),
  'chat.removed': (state, { message }) => ({ chat: state.chat.filter((kept) => kept.id !== message) }),
  'vote.changed': (state, { item, have, need }) => {
    if (state.current?.id === item) return { vote: need == null ? null : { have: Math.max(0, have), need } };
    return { queue: state.queue.map((queued) => (queued.id === item ? { ...queued, votes: have } : queued)) };
  },
  'member.banned': () => ({}),
  'room.closed': () => ({}),
  redacted: () => ({}),
};

/**
 * Behind `after`: the front for null and for the current item; the end for one that is not there.
 * @param {PublicState} state @param {Item[]} queue @param {Item[]} items @param {string | null} [after]
 */
function insert(state, queue, items, after) {
  const place = after == null || state.current?.id === after ? 0 : queue.findIndex((item) => item.id === after) + 1 || queue.length;
  return [...queue.slice(0, place), ...items, ...queue.slice(place)];
}

/** @param {Item[]} queue @param {string[]} items */
function without(queue, items) {
  return queue.filter((item) => !items.includes(item.id));
}

/** @param {Record<string, Person>} people @param {string} member @param {Partial<Person>} change */
function changed(people, member, change) {
  const person = people[member];
  return person ? { ...people, [member]: { ...person, ...change } } : people;
}

/** Those who are named by something, have a role, or are muted. @param {PublicState} state */
function named(state) {
  const kept = new Set([state.current?.by, ...state.queue.map((item) => item.by), ...state.chat.map((message) => message.by)]);
  const entries = Object.entries(state.people);
  return Object.fromEntries(entries.filter(([id, person]) => kept.has(id) || (person.role ?? 'listener') !== 'listener' || person.muted));
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
