// @ts-check
// The way to other people's servers, for tracks that are there. Each that was allowed in this browser
// has a frame of its own, whose policy lets it reach that one server; the page's own policy lets it
// reach none. No frame, no way.
import { signal } from '@preact/signals';
import { prefer, preferences } from './preferences.js';

/** A frame that could not be loaded is tried again after this, in milliseconds. */
const AGAIN_MS = 5_000;

/** @typedef {{ frame: HTMLIFrameElement, state: 'loading' | 'ready' | 'failed', at: number }} Way */

/** Servers that were not allowed for now, on this visit. @type {import('@preact/signals').Signal<ReadonlySet<string>>} */
export const putOff = signal(new Set());

/** @param {string} origin */
export const isAllowed = (origin) => preferences.peek().elsewhere.includes(origin);

/** @param {string} origin */
export function allow(origin) {
  askAgain(origin);
  if (!isAllowed(origin)) prefer({ elsewhere: [...preferences.peek().elsewhere, origin] });
}

/** Takes it back. Whoever did that is not asked again at once. @param {string} origin */
export function withdraw(origin) {
  notNow(origin);
  prefer({ elsewhere: preferences.peek().elsewhere.filter((one) => one !== origin) });
}

/** @param {string} origin */
export const notNow = (origin) => void (putOff.value = new Set([...putOff.peek(), origin]));

/** @param {string} origin */
export const askAgain = (origin) => void (putOff.value = new Set([...putOff.peek()].filter((one) => one !== origin)));

/** @typedef {import('../player/elsewhere.js').Elsewhere} Elsewhere */

/** The ways of one player. @implements {Elsewhere} */
export class Ways {
  /** By origin. @type {Map<string, Way>} */
  ways = new Map();
  /** @type {Set<() => void>} */
  listeners = new Set();

  constructor() {
    let before = preferences.peek().elsewhere;
    this.end = preferences.subscribe(({ elsewhere }) => {
      if (elsewhere !== before) this.follow();
      before = elsewhere;
    });
  }

  /** @param {() => void} changed */
  subscribe(changed) {
    this.listeners.add(changed);
    return () => void this.listeners.delete(changed);
  }

  changed() {
    for (const changed of [...this.listeners]) changed();
  }

  /** Something was allowed, or taken back: what plays ends by itself first. */
  follow() {
    this.changed();
    for (const origin of [...this.ways.keys()]) if (!isAllowed(origin)) this.close(origin);
  }

  /** @param {string} origin */
  allowed(origin) {
    return isAllowed(origin);
  }

  /** @param {string} origin @returns {Way['state']} */
  way(origin) {
    if (!isAllowed(origin)) return 'failed';
    const known = this.ways.get(origin);
    if (known && !(known.state === 'failed' && performance.now() - known.at > AGAIN_MS)) return known.state;
    this.close(origin);
    this.open(origin);
    return 'loading';
  }

  /** @param {string} origin */
  element(origin) {
    const page = this.way(origin) === 'ready' ? inside(this.ways.get(origin)?.frame) : null;
    return page?.createElement('audio') ?? null;
  }

  /** @param {string} origin */
  open(origin) {
    const frame = frameFor(origin);
    /** @type {Way} */
    const way = { frame, state: 'loading', at: performance.now() };
    frame.onload = () => {
      Object.assign(way, { state: inside(frame) ? 'ready' : 'failed', at: performance.now() });
      this.changed();
    };
    this.ways.set(origin, way);
    document.body.append(frame);
  }

  /** @param {string} origin */
  close(origin) {
    this.ways.get(origin)?.frame.remove();
    this.ways.delete(origin);
  }

  dispose() {
    this.end();
    this.listeners.clear();
    for (const origin of [...this.ways.keys()]) this.close(origin);
  }
}

/** @param {string} origin */
function frameFor(origin) {
  const frame = document.createElement('iframe');
  // There is nothing to be seen in it; said twice, because what checks pages looks into what is only hidden.
  frame.hidden = true;
  frame.ariaHidden = 'true';
  // Where browsers know it: whatever that server may have left in this browser stays where it is.
  frame.setAttribute('credentialless', '');
  frame.src = `/elsewhere?origin=${encodeURIComponent(origin)}`;
  return frame;
}

/** The document of a frame; null: what it shows is not ours, an error of the browser for one. @param {HTMLIFrameElement | undefined} frame */
function inside(frame) {
  return frame?.contentDocument?.location.pathname === '/elsewhere' ? frame.contentDocument : null;
}
