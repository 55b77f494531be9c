// @ts-check
/**
 * Decoded tracks: what is wanted is fetched and decoded once, kept while it is wanted, and tried
 * again ever more rarely when it fails.
 *
 * @typedef {{ state: 'loading', buffer: null, error: null } | { state: 'ready', buffer: AudioBuffer, error: null } | { state: 'failed', buffer: null, error: unknown }} Loaded
 */

/** Longest track that is decoded: seven minutes of stereo floats at 48 kHz are 160 MB. */
export const DECODED_MS = 7 * 60_000;
const RETRY_MS = 1_000;
const RETRY_MOST_MS = 30_000;

/** @type {Loaded} */
export const LOADING = { state: 'loading', buffer: null, error: null };

/** @param {unknown} error @returns {Loaded} */
export const failed = (error) => ({ state: 'failed', buffer: null, error });

export class Tracks {
  /** @param {{ fetch: typeof fetch, decode: (bytes: ArrayBuffer) => Promise<AudioBuffer>, local: () => number, changed: () => void }} means */
  constructor(means) {
    this.means = means;
    /** @type {Map<string, { loaded: Loaded, busy: boolean, failures: number, failedAt: number, abort: AbortController }>} */
    this.entries = new Map();
  }

  /** What there is of a track; begins to load it. @param {string} url @returns {Loaded} */
  get(url) {
    const known = this.entries.get(url);
    if (known && (known.busy || known.loaded.state !== 'failed' || this.resting(known))) return known.loaded;
    const entry = known ?? { loaded: LOADING, busy: false, failures: 0, failedAt: 0, abort: new AbortController() };
    this.entries.set(url, entry);
    this.load(url, entry);
    return entry.loaded;
  }

  /** @param {{ failures: number, failedAt: number }} entry */
  resting({ failures, failedAt }) {
    return this.means.local() - failedAt < Math.min(RETRY_MOST_MS, RETRY_MS * 2 ** (failures - 1));
  }

  /** @param {string} url @param {NonNullable<ReturnType<Tracks['entries']['get']>>} entry */
  async load(url, entry) {
    entry.busy = true;
    try {
      const response = await this.means.fetch(url, { signal: entry.abort.signal });
      if (!response.ok) throw new Error(`status ${response.status}`);
      const buffer = await this.means.decode(await response.arrayBuffer());
      entry.loaded = { state: 'ready', buffer, error: null };
    } catch (error) {
      entry.failures++;
      entry.failedAt = this.means.local();
      entry.loaded = failed(error);
    }
    entry.busy = false;
    if (this.entries.get(url) === entry) this.means.changed();
  }

  /** Lets go of everything else. @param {(string | undefined)[]} urls */
  keep(urls) {
    for (const [url, entry] of this.entries) {
      if (urls.includes(url)) continue;
      this.entries.delete(url);
      entry.abort.abort();
    }
  }
}
