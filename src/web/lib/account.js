// @ts-check
// Whoever is signed in: what the server says of them, and what they change. The cookie is out of a
// script's reach; that there may be one is remembered here, so that guests are asked for nothing.
import { signal } from '@preact/signals';
import { ask, change } from './api.js';
import { language } from './i18n.js';
import { prefer, preferences } from './preferences.js';

/**
 * @typedef {object} Way
 * @property {string} id
 * @property {'email' | 'provider' | 'passkey'} kind
 * @property {string} name
 *
 * @typedef {object} Me
 * @property {string} handle
 * @property {string | null} email
 * @property {string | null} contact
 * @property {{ small: string, large: string } | null} picture
 * @property {string | null} language
 * @property {{ rooms: boolean, support: boolean, policy: boolean }} mails
 * @property {boolean} frozen
 * @property {boolean} [counted] whether their visits may be counted, where they are
 * @property {Way[]} ways
 *
 * @typedef {object} AccountSession
 * @property {string} id
 * @property {'browser' | 'token'} kind
 * @property {string} label
 * @property {string} ends
 * @property {boolean} current
 *
 * @typedef {object} Imported
 * @property {{ rooms: { title: string, missing_tracks: number, choose_password: boolean }[] }} taken
 * @property {{ what: string, why: string }[]} left
 *
 * @typedef {{ email: boolean, passkeys: boolean, providers: { id: string, name: string }[] }} Ways
 * @typedef {{ me: Me, fresh: boolean, then: string | null } | { code: string }} Confirmed
 */

const MAYBE = 'stereo.signed-in';

/** The person; null: nobody is signed in; undefined: not known yet. */
export const me = signal(/** @type {Me | null | undefined} */ (undefined));

/** Whether the account was made here, on this visit. */
export const made = signal(false);

/** Remembers that somebody may be signed in here. @param {boolean} maybe */
export function remember(maybe) {
  try {
    if (maybe) localStorage.setItem(MAYBE, '1');
    else localStorage.removeItem(MAYBE);
  } catch {
    // A browser that refuses storage is asked on the pages that need it.
  }
}

const mayBeSignedIn = () => {
  try {
    return localStorage.getItem(MAYBE) !== null;
  } catch {
    return true;
  }
};

/** Asks who is signed in, when it may be somebody. */
export async function findMe() {
  if (!mayBeSignedIn()) {
    me.value = null;
    return;
  }
  try {
    me.value = await ask('/api/me');
    speak(/** @type {Me} */ (me.value), false);
  } catch (refusal) {
    // Only "nobody" means that: a server that is away says nothing about it.
    if (/** @type {any} */ (refusal)?.kind !== 'not_allowed') return;
    remember(false);
    me.value = null;
  }
}

/** @returns {Promise<Ways>} */
export const waysToSignIn = () => ask('/api/sign-in');

/** @param {string} email @param {{ then?: string | null, add?: boolean }} [more] */
export const askForLink = (email, more = {}) => change('POST', '/api/sign-in/email', { email, ...more });

/** @param {{ token: string } | { code: string }} shown @returns {Promise<Confirmed>} */
export async function confirmSignIn(shown) {
  return enter(await change('POST', '/api/sign-in/email/confirm', shown));
}

/** @param {any} confirmed */
export function enter(confirmed) {
  if (confirmed.me) {
    remember(true);
    if (confirmed.fresh) made.value = true;
    me.value = confirmed.me;
    speak(confirmed.me, true);
  }
  return confirmed;
}

/**
 * The account's language is spoken where somebody signs in, and where this browser has chosen none.
 * One that was chosen here before there was an account becomes the account's.
 * @param {Me} person @param {boolean} entered whether they signed in just now
 */
function speak(person, entered) {
  const { language: here } = preferences.peek();
  if (person.language && (entered || here === null)) prefer({ language: person.language });
  else if (entered && here !== null) changeMe({ language: language.peek() }).catch(() => {});
}

/** Speaks it here; mails to whoever is signed in are written in it too. @param {string} picked */
export async function chooseLanguage(picked) {
  prefer({ language: picked });
  if (me.peek()) await changeMe({ language: picked });
}

export async function signOut() {
  await change('POST', '/api/sign-out');
  remember(false);
  me.value = null;
}

/** @param {Partial<{ handle: string, language: string | null, mails: object, frozen: boolean, counted: boolean }>} wish */
export async function changeMe(wish) {
  me.value = await change('PATCH', '/api/me', wish);
}

/** @param {string} id */
export async function removeWay(id) {
  await change('DELETE', `/api/me/ways/${encodeURIComponent(id)}`);
  await findMe();
}

export async function removeContact() {
  await change('DELETE', '/api/me/contact');
  await findMe();
}

/** @param {Blob} file */
export async function setPicture(file) {
  const { picture } = await ask('/api/me/picture', { method: 'PUT', body: file, headers: { 'content-type': 'application/octet-stream' } });
  if (me.value) me.value = { ...me.value, picture };
}

export async function removePicture() {
  await change('DELETE', '/api/me/picture');
  if (me.value) me.value = { ...me.value, picture: null };
}

/** @returns {Promise<AccountSession[]>} */
export const sessions = async () => (await ask('/api/me/sessions')).sessions;

/** @param {string | null} id null: all but this one */
export const endSession = (id) => change('DELETE', id === null ? '/api/me/sessions' : `/api/me/sessions/${id}`);

/** @param {string} id @param {string} label */
export const labelSession = (id, label) => change('PATCH', `/api/me/sessions/${id}`, { label });

/** A token for a program; it is shown once. @param {string} label @returns {Promise<{ token: string }>} */
export const makeToken = (label) => change('POST', '/api/me/sessions', { label });

/** @returns {Promise<import('../types.js').ListedRoom[]>} */
export const myRooms = async () => (await ask('/api/me/rooms')).rooms;

/** Keeps a temporary room: whoever holds its host's token may. @param {string} id @param {string | null} token */
export const keepRoom = (id, token) => change('PUT', `/api/me/rooms/${encodeURIComponent(id)}`, { token });

/** @param {string} id */
export const deleteRoom = (id) => change('DELETE', `/api/me/rooms/${encodeURIComponent(id)}`);

/** Reads an export of another server in, and says what came along. @param {Blob} file @returns {Promise<Imported>} */
export async function importExport(file) {
  const told = await ask('/api/me/import', { method: 'POST', body: file, headers: { 'content-type': 'application/zip' } });
  await findMe();
  return told;
}

/** Erases the account, everywhere. The page still shows the receipt to whoever it was. @param {string} handle typed by its owner */
export async function eraseMe(handle) {
  const receipt = await change('DELETE', '/api/me', { confirm: handle });
  remember(false);
  return receipt;
}

/** @param {string} id */
export const receipt = (id) => ask(`/api/receipts/${encodeURIComponent(id)}`);
