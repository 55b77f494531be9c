// @ts-check
/** What a request is refused with. Nothing has changed then. */
export class StereoError extends Error {
  /** @param {{ code?: number, message: string, data?: { kind?: string, retry?: boolean, field?: string | null, reference?: string | null, retry_after_ms?: number } }} error */
  constructor(error) {
    super(error.message);
    this.name = 'StereoError';
    const data = error.data ?? {};
    this.code = error.code ?? 0;
    /** What went wrong, for programs. */
    this.kind = data.kind ?? 'internal';
    this.retry = data.retry ?? false;
    this.field = data.field ?? null;
    this.reference = data.reference ?? null;
    /** Milliseconds from now. */
    this.retry_after_ms = data.retry_after_ms ?? 0;
  }

  /** @param {import('./types.js').ErrorKind} kind @param {string} message @param {boolean} [retry] */
  static of(kind, message, retry = false) {
    return new StereoError({ message, data: { kind, retry } });
  }
}
