// @ts-check
// A track's artwork, small.
import { html } from '../lib/html.js';

/** @param {{ src: string | null | undefined, size?: number | null }} props `size` in pixels; null: the style decides */
export function Art({ src, size = 44 }) {
  const style = size === null ? {} : { width: `${size}px`, height: `${size}px` };
  return src
    ? html`<img class="art" src=${src} alt="" style=${style} loading="lazy" draggable=${false} />`
    : html`<span class="art art-blank" style=${style}></span>`;
}
