// @ts-check
/**
 * The guest's token of one room: what makes the same browser the same guest next time. Kept for
 * the page even without a storage.
 *
 * @typedef {{ getItem(key: string): string | null, setItem(key: string, value: string): void, removeItem(key: string): void }} TokenStorage
 */
export class Tokens {
  /** @param {string} room @param {TokenStorage | null} [storage] the browser's when absent, none when null */
  constructor(room, storage) {
    this.room = room;
    this.storage = storage === undefined ? browserStorage() : storage;
    /** @type {string | null} */
    this.token = null;
  }

  get() {
    return this.token ?? this.tried(() => this.storage?.getItem(this.room)) ?? null;
  }

  /** @param {string} token */
  set(token) {
    this.token = token;
    this.tried(() => this.storage?.setItem(this.room, token));
  }

  forget() {
    this.token = null;
    this.tried(() => this.storage?.removeItem(this.room));
  }

  /** A storage may be full, or forbidden: then the guest is a new one next time. @template T @param {() => T} use */
  tried(use) {
    try {
      return use();
    } catch {
      return undefined;
    }
  }
}

/** @returns {TokenStorage | null} */
function browserStorage() {
  try {
    const storage = globalThis.localStorage;
    if (!storage) return null;
    const key = (/** @type {string} */ room) => `stereo.guest.${room}`;
    return {
      getItem: (room) => storage.getItem(key(room)),
      setItem: (room, token) => storage.setItem(key(room), token),
      removeItem: (room) => storage.removeItem(key(room)),
    };
  } catch {
    return null;
  }
}
