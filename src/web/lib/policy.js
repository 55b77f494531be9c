// @ts-check
// The policy of this server: which version holds, where its source is, and which version this
// browser has been told of. That is remembered here and nowhere else.
import { computed, signal } from '@preact/signals';
import { ask } from './api.js';

/**
 * @typedef {{ version: number, date: string, significant: boolean, text: { en: string, vi: string } }} Change
 * @typedef {object} PolicySummary
 * @property {number} version
 * @property {string} date
 * @property {Change[]} changes the newest first
 * @property {string} source
 * @property {string} commit
 *
 * @typedef {{ id: string, title: string, text: string[] }} PolicySection
 * @typedef {{ language: string, title: string, lead: string, sections: PolicySection[] }} PolicyText
 */

const KEY = 'stereo.policy';

/** @type {import('@preact/signals').Signal<PolicySummary | null>} null: not known yet */
export const policy = signal(null);

function read() {
  try {
    return Number(localStorage.getItem(KEY) ?? 0);
  } catch {
    return 0;
  }
}

const told = signal(read());

/** Remembers that this browser was told of everything up to the newest version. */
export function dismissPolicy() {
  told.value = policy.peek()?.version ?? told.peek();
  try {
    localStorage.setItem(KEY, String(told.peek()));
  } catch {
    // A browser that refuses storage is told again next time.
  }
}

/** The newest significant change that this browser has not been told of. */
export const change = computed(() => {
  const since = policy.value?.changes.find((one) => one.significant);
  return since && told.value > 0 && since.version > told.value ? since : null;
});

/** Asks once for what every page needs. Who comes for the first time has nothing to be told. */
export async function findPolicy() {
  try {
    policy.value = await ask('/api/policy');
    if (told.peek() === 0) dismissPolicy();
  } catch {
    // The pages stand without it; the next visit asks again.
  }
}

/** @param {string} language @returns {Promise<PolicyText>} */
export const policyText = (language) => ask(`/api/policy/text?language=${encodeURIComponent(language)}`);
