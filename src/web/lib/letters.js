// @ts-check
// Letters to whoever runs the server, their answers, and what they may look at.
import { ask, change } from './api.js';

/**
 * @typedef {{ id: string, subject: string, closed: boolean, waits: boolean, letters: number, day: string }} ThreadBrief
 *
 * @typedef {'account' | 'rooms'} Look what may be looked at
 *
 * @typedef {object} Thread
 * @property {string} id
 * @property {string} subject
 * @property {boolean} closed
 * @property {boolean} waits for an answer
 * @property {{ id: string, by: 'you' | 'support', day: string, text: string }[]} letters
 * @property {{ what: Look, ends_in_ms: number } | null} grant the consent that holds
 * @property {{ what: Look, day: string }[]} read what was looked at
 */

const at = (/** @type {string[]} */ ...parts) => ['/api/me/correspondence', ...parts.map(encodeURIComponent)].join('/');

/** @returns {Promise<ThreadBrief[]>} */
export const threads = async () => (await ask(at())).threads;

/** @param {string} id @returns {Promise<Thread>} */
export const thread = (id) => ask(at(id));

/** @param {{ subject: string, text: string }} letter @returns {Promise<Thread>} */
export const write = (letter) => change('POST', at(), letter);

/** @param {string} id @param {string} text @returns {Promise<Thread>} */
export const writeOn = (id, text) => change('POST', at(id), { text });

/** @param {string} id */
export const deleteThread = (id) => change('DELETE', at(id));

/** @param {string} id @param {string} letter */
export const deleteLetter = (id, letter) => change('DELETE', at(id, letter));

/** For an hour. @param {string} id @param {Look} what */
export const allowLook = (id, what) => change('POST', at(id, 'grant'), { what });

/** @param {string} id */
export const forbidLook = (id) => change('DELETE', at(id, 'grant'));
