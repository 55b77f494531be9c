// @ts-check
// A track's artwork, small and round.
import { html } from '../lib/html.js';

/** @param {{ src: string | null | undefined, size?: number }} props */
export function Art({ src, size = 44 }) {
  const style = { width: `${size}px`, height: `${size}px` };
  return src
    ? html`<img class="art" src=${src} alt="" style=${style} loading="lazy" draggable=${false} />`
    : html`<span class="art art-blank" style=${style}></span>`;
}
