// @ts-check
// The drawn icon set: 24 × 24, strokes of 1.5, round ends. The only pictures in the client.
import { html } from '../lib/html.js';

const PATHS = {
  play: 'M8 5.4v13.2a.6.6 0 0 0 .92.5l10.1-6.6a.6.6 0 0 0 0-1L8.92 4.9a.6.6 0 0 0-.92.5Z',
  pause: 'M8.5 5v14M15.5 5v14',
  skip: 'M5.5 5.9v12.2a.5.5 0 0 0 .78.42L15 12.4a.5.5 0 0 0 0-.82L6.28 5.48a.5.5 0 0 0-.78.42ZM18.5 5v14',
  plus: 'M12 5v14M5 12h14',
  close: 'm6 6 12 12M18 6 6 18',
  check: 'm5 12.5 4.5 4.5L19 7.5',
  up: 'm6 14.5 6-6 6 6',
  down: 'm6 9.5 6 6 6-6',
  vote: 'M12 19V5.5M6 11.5l6-6 6 6',
  grip: 'M9 6.5h.01M15 6.5h.01M9 12h.01M15 12h.01M9 17.5h.01M15 17.5h.01',
  trash: 'M4.5 7h15M9.5 7V4.5h5V7M6.5 7l.8 12a1 1 0 0 0 1 .94h7.4a1 1 0 0 0 1-.94L17.5 7M10 11v5M14 11v5',
  jump: 'M4 7h9M4 12h6M4 17h6M15 11.2v7.6a.4.4 0 0 0 .62.33l5.5-3.8a.4.4 0 0 0 0-.66l-5.5-3.8a.4.4 0 0 0-.62.33Z',
  queue: 'M4 6.5h16M4 12h16M4 17.5h9',
  chat: 'M4.5 5.5h15a1 1 0 0 1 1 1v9a1 1 0 0 1-1 1H11l-4.5 3.5v-3.5h-2a1 1 0 0 1-1-1v-9a1 1 0 0 1 1-1Z',
  people: 'M9 11.5a3.25 3.25 0 1 0 0-6.5 3.25 3.25 0 0 0 0 6.5ZM3 19.5c.4-3.2 2.8-5 6-5s5.6 1.8 6 5M15.5 5.3a3.25 3.25 0 0 1 0 5.9M17.5 14.9c2 .6 3.25 2.2 3.5 4.6',
  share: 'M12 15V3.5M7.8 7.2 12 3l4.2 4.2M6 11.5H5v8.5h14v-8.5h-1',
  copy: 'M9 9h10.5v11.5H9zM15 9V4H4.5v11.5H9',
  settings: 'M4 7h9M18 7h2M4 17h2M11 17h9M15.5 9.25a2.25 2.25 0 1 0 0-4.5 2.25 2.25 0 0 0 0 4.5ZM8.5 19.25a2.25 2.25 0 1 0 0-4.5 2.25 2.25 0 0 0 0 4.5Z',
  room: 'M5 20.5V5.2a1 1 0 0 1 .8-.98l9-1.7a1 1 0 0 1 1.2.980v17M3 20.5h18M16 6h2.5a.5.500 0 0 1 .5.500v14M12.5 12v1',
  volume: 'M4 9.5v5h3.5L12 18.5v-13L7.5 9.5H4ZM15.5 9a4.2 4.2 0 0 1 0 6M18 6.5a7.8 7.8 0 0 1 0 11',
  muted: 'M4 9.5v5h3.5L12 18.5v-13L7.5 9.5H4ZM16 9.5l5 5M21 9.5l-5 5',
  send: 'm4.5 12 15.5-7-4.5 15-3.5-6.5L4.5 12ZM12 13.5l3.5-3.5',
  more: 'M6 12h.01M12 12h.01M18 12h.01',
  search: 'M10.75 17.5a6.75 6.75 0 1 0 0-13.5 6.75 6.75 0 0 0 0 13.5ZM15.7 15.7 20 20',
  pencil: 'm5 19 .9-3.9L16.2 4.8a1.4 1.4 0 0 1 2 0l1 1a1.4 1.4 0 0 1 0 2L8.9 18.1 5 19ZM14.5 6.5l3 3',
  moon: 'M19.5 14.2A8 8 0 0 1 9.8 4.5a8 8 0 1 0 9.7 9.7Z',
  sun: 'M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM12 2.5v2M12 19.5v2M21.5 12h-2M4.5 12h-2M18.7 5.3l-1.4 1.4M6.7 17.3l-1.4 1.4M18.7 18.7l-1.4-1.4M6.7 6.7 5.3 5.3',
  undo: 'M8.5 5 4.5 9l4 4M5 9h9a5 5 0 0 1 0 10h-4',
  shuffle: 'M4 7.5h3.2c4.3 0 5.3 9 9.6 9H20M4 16.5h3.2c1.6 0 2.7-1.2 3.6-2.7M13.3 10.2c.9-1.5 1.9-2.7 3.5-2.7H20M17.5 5 20 7.5 17.5 10M17.5 14l2.5 2.5-2.5 2.5',
  smile: 'M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17ZM8.5 14c.9 1.4 2 2 3.5 2s2.6-.6 3.5-2M9 9.5v.6M15 9.5v.6',
  arrow: 'M5 12h14M13 6l6 6-6 6',
  needles: 'M12 3.5a8.500 8.500 0 1 0 0 17 8.500 8.500 0 0 0 0-17ZM12 12l5-6.500M12 12l3.600-7.300M12 13.100a1.100 1.100 0 1 0 0-2.200 1.100 1.100 0 0 0 0 2.200Z',
  lock: 'M6 10.5h12v9.5H6zM8.5 10.5V8a3.5 3.5 0 0 1 7 0v2.5',
  heart: 'M12 20S4 15.2 4 9.5A4.3 4.3 0 0 1 12 7.4a4.3 4.3 0 0 1 8 2.1C20 15.2 12 20 12 20Z',
  fire: 'M12 21c-3.7 0-6.3-2.5-6.3-6 0-4.6 4.6-6.2 4.6-11.5 3 1.3 4.6 3.7 4.6 6.2 0 .9-.2 1.7-.5 2.3 1-.3 1.7-1 2-1.9 1.1 1.4 1.9 3 1.9 4.9 0 3.5-2.6 6-6.3 6ZM12 21c-1.5 0-2.5-1.1-2.5-2.6 0-1.8 1.7-2.6 2.5-4.4.8 1.8 2.5 2.6 2.5 4.4 0 1.5-1 2.6-2.5 2.6Z',
  clap: 'm7.5 12.5-2.3-3a1.2 1.2 0 0 1 1.9-1.5l3.4 4.2M10.5 12.2 6.9 7.5a1.2 1.2 0 0 1 1.9-1.5l3.9 5M12.7 11 9.7 7.2a1.2 1.2 0 0 1 1.9-1.5l4.4 5.6.2-2.5a1.3 1.3 0 0 1 2.6.1l.2 5c.1 2.5-1.2 4.9-3.3 6.2-2.6 1.6-5.9 1-7.8-1.4L4.6 14.5a1.2 1.2 0 0 1 1.9-1.5M15 2.5v2M19.5 4.2l-1.4 1.4M11.2 3.2l.6 1.2',
  laugh: 'M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17ZM7.3 13h9.4c-.2 2.6-2.1 4.2-4.7 4.2S7.5 15.6 7.3 13ZM7.5 10c.4-.9 1-1.3 1.6-1.3s1.2.4 1.6 1.3M13.3 10c.4-.9 1-1.3 1.6-1.3s1.2.4 1.6 1.3',
  wow: 'M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17ZM12 17.2a2 2.3 0 1 0 0-4.6 2 2.3 0 0 0 0 4.6ZM9 8.8v.9M15 8.8v.9',
  sleep: 'M4 12.5h6.5L4 20h6.5M13 4h7l-7 8h7M14 16h4l-4 4.5h4',
};

/** @typedef {keyof typeof PATHS} IconName */

/** What the wire calls a reaction, and how it is drawn and named here. */
export const REACTIONS = /** @type {const} */ ([
  { code: '❤️', icon: 'heart', key: 'react.heart' },
  { code: '🔥', icon: 'fire', key: 'react.fire' },
  { code: '👏', icon: 'clap', key: 'react.clap' },
  { code: '😂', icon: 'laugh', key: 'react.laugh' },
  { code: '😮', icon: 'wow', key: 'react.wow' },
  { code: '💤', icon: 'sleep', key: 'react.sleep' },
]);

const FILLED = new Set(['play']);

/** @param {{ name: IconName, size?: number }} props */
export function Icon({ name, size = 24 }) {
  return html`<svg
    class=${`icon ${FILLED.has(name) ? 'icon-filled' : ''}`}
    width=${size}
    height=${size}
    viewBox="0 0 24 24"
    aria-hidden="true"
  >
    <path d=${PATHS[name]} />
  </svg>`;
}

/** The mark: two arcs that meet, round one point. @param {{ size?: number }} props */
export function Mark({ size = 28 }) {
  return html`<svg class="mark" width=${size} height=${size} viewBox="0 0 32 32" aria-hidden="true">
    <path class="mark-left" d="M14.3 28.2A12.3 12.3 0 0 1 14.3 3.8" />
    <path class="mark-right" d="M17.7 3.8A12.3 12.3 0 0 1 17.7 28.2" />
    <circle cx="16" cy="16" r="3.4" />
  </svg>`;
}
