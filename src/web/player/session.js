// @ts-check
/**
 * The keys and the lock screen (Media Session). Browsers show it only for a page with a media
 * element that plays: a silent one stands in for the audio context.
 */

/** Seconds of silence: shorter ones are not taken for media. */
const SECONDS = 8;

/** A WAV file of silence: 8 kHz, 8 bits. */
function silence() {
  const samples = 8_000 * SECONDS;
  const bytes = new Uint8Array(44 + samples).fill(128);
  const view = new DataView(bytes.buffer);
  const text = (/** @type {number} */ at, /** @type {string} */ word) => [...word].forEach((letter, place) => view.setUint8(at + place, letter.charCodeAt(0)));
  text(0, 'RIFF');
  view.setUint32(4, 36 + samples, true);
  text(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, 8_000, true);
  view.setUint32(28, 8_000, true);
  view.setUint16(32, 1, true);
  view.setUint16(34, 8, true);
  text(36, 'data');
  view.setUint32(40, samples, true);
  return URL.createObjectURL(new Blob([bytes], { type: 'audio/wav' }));
}

export class MediaKeys {
  /** @type {('play' | 'pause' | 'nexttrack')[]} */
  actions = ['play', 'pause', 'nexttrack'];

  /** @param {{ play: () => void, pause: () => void, nexttrack: () => void }} actions */
  constructor(actions) {
    this.session = globalThis.navigator?.mediaSession;
    this.shown = '';
    if (!this.session) return;
    this.url = silence();
    this.element = new Audio(this.url);
    this.element.loop = true;
    for (const action of this.actions) this.session.setActionHandler(action, actions[action]);
  }

  /** @param {import('./plan.js').Item | null} item @param {boolean} playing */
  show(item, playing) {
    if (!this.session || !this.element) return;
    const key = `${item?.id} ${playing}`;
    if (key === this.shown) return;
    this.shown = key;
    this.session.playbackState = item ? (playing ? 'playing' : 'paused') : 'none';
    this.session.metadata = item
      ? new MediaMetadata({
          title: item.track.title,
          artist: item.track.artists.join(', '),
          artwork: item.track.artwork ? [{ src: new URL(item.track.artwork, location.href).href, sizes: '600x600', type: 'image/svg+xml' }] : [],
        })
      : null;
    if (playing) this.element.play().catch(() => {});
    else this.element.pause();
  }

  dispose() {
    this.element?.pause();
    if (this.url) URL.revokeObjectURL(this.url);
    if (!this.session) return;
    this.session.metadata = null;
    for (const action of this.actions) this.session.setActionHandler(action, null);
  }
}
