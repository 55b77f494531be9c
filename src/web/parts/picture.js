// @ts-check
// A person's picture, or the first letter of their handle.
import { html } from '../lib/html.js';

/** @param {{ person: import('../lib/account.js').Me, size: number }} props */
export function Picture({ person, size }) {
  const style = { '--size': `${size}px` };
  const { picture, handle } = person;
  if (!picture) return html`<span class="picture picture-none" style=${style} aria-hidden="true">${handle.slice(0, 1).toUpperCase()}</span>`;
  return html`<img class="picture" style=${style} src=${size > 96 ? picture.large : picture.small} alt="" width=${size} height=${size} />`;
}
