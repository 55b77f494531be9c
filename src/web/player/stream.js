// @ts-check
/**
 * One sounding of a track that is too long to be decoded at once: a media element. Where it is is
 * read from it; it starts and seeks late, and how late is learned. It has the face of a `Voice`.
 */

/** How late a first landing is, in milliseconds, before anything was learned. */
const LATE_MS = 150;
const LATE_MOST_MS = 600;
const FADE_MS = 30;
const FADE_STEPS = 4;

/** Learned on this page, whatever plays: it is the browser's and the machine's. */
let late = LATE_MS;

export class Stream {
  /**
   * @param {HTMLAudioElement} element
   * @param {{ local: () => number, volume: () => number, blocked: () => void, failed: (error: unknown) => void }} around
   * @param {{ item: string, url: string, origin: string | null, position_ms: number, at: number }} start as for a
   *   `Voice`; `origin` is the server it comes from when that is somebody else's
   */
  constructor(element, around, { item, url, origin, position_ms, at }) {
    this.item = item;
    this.origin = origin;
    this.element = element;
    this.around = around;
    this.ended = false;
    this.stopping = false;
    this.level = 0;
    /** The line that it is to be on. */
    this.line = { position_ms, at };
    /** Landed since the last seek: then the first reading says how late that was. */
    this.landed = true;
    // With it on, Chromium ignores small rates, and the position is not what is heard.
    element.preservesPitch = false;
    element.preload = 'auto';
    element.src = url;
    element.onended = () => this.end();
    element.onerror = () => !this.ended && this.around.failed(element.error);
    element.onseeked = () => this.start();
    element.onloadedmetadata = () => this.place();
    this.apply();
  }

  /** Where it should be at a time of the page, in milliseconds. @param {number} local */
  due(local) {
    return this.line.position_ms + Math.max(0, local - this.line.at);
  }

  /** Goes to where it should be once it has got there. */
  place() {
    if (this.ended) return;
    this.landed = false;
    const target = this.due(this.around.local() + late) / 1_000;
    if (Math.abs(this.element.currentTime - target) > 0.001) this.element.currentTime = target;
    else this.start();
  }

  start() {
    if (this.ended || this.stopping || !this.element.paused) return;
    const wait = this.line.at - this.around.local();
    clearTimeout(this.timer);
    if (wait > 0) {
      this.timer = setTimeout(() => this.start(), Math.max(1, wait - Math.min(late, 20)));
      if (wait > 20) return;
    }
    this.element.play().then(() => this.fade(1), (error) => (error?.name === 'NotAllowedError' ? this.around.blocked() : undefined));
  }

  /** Onto another line, without a new element. @param {{ position_ms: number, at: number }} line */
  seek(line) {
    this.line = line;
    this.place();
  }

  /** @param {number} local */
  positionAt(local) {
    return this.begun() ? this.element.currentTime * 1_000 + (local - this.around.local()) : this.due(local);
  }

  /** @param {number} local */
  heardAt(local) {
    if (this.ended || !this.begun() || this.element.seeking || this.element.readyState < 3) return null;
    const position = this.element.currentTime * 1_000;
    if (!this.landed) {
      this.landed = true;
      late = Math.max(0, Math.min(LATE_MOST_MS, late + (this.due(local) - position) / 2));
    }
    return position;
  }

  begun() {
    return !this.element.paused;
  }

  get rate() {
    return this.element.playbackRate;
  }

  /** @param {number} rate */
  setRate(rate) {
    if (rate !== this.element.playbackRate) this.element.playbackRate = rate;
  }

  /** The listener's volume has changed. */
  apply() {
    this.element.volume = this.level * this.around.volume();
  }

  /** @param {number} to */
  fade(to) {
    const [from, began] = [this.level, this.around.local()];
    clearInterval(this.fading);
    this.fading = setInterval(() => {
      const share = Math.min(1, (this.around.local() - began) / FADE_MS);
      this.level = from + (to - from) * share;
      this.apply();
      if (share < 1) return;
      clearInterval(this.fading);
      if (to === 0) this.end();
    }, FADE_MS / FADE_STEPS);
  }

  /** @param {number} [at] */
  stop(at) {
    if (this.ended || this.stopping) return;
    clearTimeout(this.leaving);
    const wait = at === undefined ? 0 : at - this.around.local();
    if (wait > 0) {
      this.leaving = setTimeout(() => this.stop(), wait);
      return;
    }
    this.stopping = true;
    if (this.begun()) this.fade(0);
    else this.end();
  }

  end() {
    if (this.ended) return;
    this.ended = true;
    clearTimeout(this.timer);
    clearTimeout(this.leaving);
    clearInterval(this.fading);
    this.element.pause();
    this.element.removeAttribute('src');
    this.element.load();
  }
}
