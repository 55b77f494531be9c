// @ts-check
// Somebody's picture, or the first letter of the name.
import { html } from '../lib/html.js';
import { nameOf } from '../lib/here.js';

/** @param {{ state: import('../types.js').RoomState, id: string, big?: boolean }} props */
export function Face({ state, id, big = false }) {
  const person = state.people[id];
  const kind = `face ${id === state.you?.member ? 'face-you' : person?.role === 'host' ? 'face-host' : ''} ${big ? 'face-big' : ''}`;
  if (person?.picture) return html`<img class=${kind} src=${person.picture} alt="" />`;
  return html`<span class=${kind} aria-hidden="true">${[...nameOf(state, id)][0]?.toLocaleUpperCase()}</span>`;
}
