// @ts-check
// The policy of this server: which version holds, where its source is, and which version this
// browser has been told of. That is remembered here and nowhere else.
import { computed, effect, signal } from '@preact/signals';
import { made, me } from './account.js';
import { ask } from './api.js';

/**
 * @typedef {{ version: number, date: string, significant: boolean, text: { en: string, vi: string } }} Change
 * @typedef {object} PolicySummary
 * @property {number} version
 * @property {string} date
 * @property {Change[]} changes the newest first
 * @property {{ name: string | null, address: string | null, servers: string | null, complaints: string | null }} operator
 * @property {boolean} [direct] whether a track may be an address on somebody else's server
 * @property {{ by: 'us' } | { by: 'fathom', site: string } | null} [analytics] how visits are counted, if they are
 * @property {string} source
 * @property {string} commit
 *
 * @typedef {{ id: string, title: string, text: string[] }} PolicySection
 * @typedef {{ language: string, title: string, lead: string, sections: PolicySection[] }} PolicyText
 */

const KEY = 'stereo.policy';
/** Behind the version: nobody was told, it is what held when this browser came for the first time. */
const FIRST = ' first';

/** @type {import('@preact/signals').Signal<PolicySummary | null>} null: not known yet */
export const policy = signal(null);

function read() {
  try {
    const kept = localStorage.getItem(KEY) ?? '';
    return { version: Number.parseInt(kept, 10) || 0, first: kept.endsWith(FIRST) };
  } catch {
    return { version: 0, first: false };
  }
}

const told = signal(read());

/** @param {{ version: number, first: boolean }} now */
function keep(now) {
  told.value = now;
  try {
    localStorage.setItem(KEY, `${now.version}${now.first ? FIRST : ''}`);
  } catch {
    // A browser that refuses storage is told again next time.
  }
}

/** Remembers that this browser was told of everything up to the newest version. */
export const dismissPolicy = () => keep({ version: policy.peek()?.version ?? told.peek().version, first: false });

/**
 * The newest significant change that this browser has not been told of. An account that comes from
 * before this browser is told of it too: when it was last here is written nowhere, and once too often
 * is better than never.
 */
export const change = computed(() => {
  const newest = policy.value?.changes.find((one) => one.significant && one.version > 1);
  const { version, first } = told.value;
  if (!newest || version === 0) return null;
  return newest.version > version || (first && me.value) ? newest : null;
});

// Whoever makes an account here has the policy of now before them.
effect(() => {
  if (made.value && told.value.first) keep({ ...told.value, first: false });
});

/** Asks once for what every page needs. Who comes for the first time has nothing to be told. */
export async function findPolicy() {
  try {
    policy.value = await ask('/api/policy');
    if (told.peek().version === 0) keep({ version: policy.peek()?.version ?? 0, first: !made.peek() });
  } catch {
    // The pages stand without it; the next visit asks again.
  }
}

/** @param {string} language @returns {Promise<PolicyText>} */
export const policyText = (language) => ask(`/api/policy/text?language=${encodeURIComponent(language)}`);
