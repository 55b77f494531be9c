// @ts-check
// Turns what an operation was refused with into a sentence: what happened, what is kept, what to do.
import { toast } from './announce.js';
import { t } from './i18n.js';

/** @typedef {import('../types.js').Refusal} Refusal */

/** @type {Record<string, import('./i18n.js').Key>} */
const SENTENCES = {
  not_joined: 'error.not_joined',
  not_allowed: 'error.not_allowed',
  not_found: 'error.not_found',
  conflict: 'error.conflict',
  too_many: 'error.too_many',
  too_large: 'error.too_large',
  invalid: 'error.invalid',
  rate_limited: 'error.rate_limited',
  unavailable: 'error.unavailable',
  internal: 'error.internal',
};

/** @param {unknown} fault */
export function sentence(fault) {
  const { kind = 'unavailable', field = null, reference = null, retry_after_ms: wait = 0 } = /** @type {Refusal} */ (fault ?? {});
  if (kind === 'internal' && reference) return t('error.reference', { reference });
  if (kind === 'not_allowed' && field === 'account') return `${t('ended.frozen')}. ${t('ended.frozen_note')}`;
  if (kind === 'rate_limited' && wait > 1000) return t('error.wait', { count: Math.ceil(wait / 1000) });
  return t(SENTENCES[kind] ?? 'error.unavailable');
}

/**
 * Runs an operation, and says so when it is refused.
 * @template T
 * @param {Promise<T>} operation
 * @param {(fault: unknown) => string} [words] says why
 * @returns {Promise<T | undefined>} undefined when it was refused
 */
export async function attempt(operation, words = sentence) {
  try {
    return await operation;
  } catch (fault) {
    toast(words(fault), { tone: 'fault' });
    return undefined;
  }
}
