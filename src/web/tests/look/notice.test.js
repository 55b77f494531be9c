// @ts-check
// The notice of a change of the policy: to whom it is shown, and for how long.
import assert from 'node:assert/strict';
import { register } from 'node:module';
import test from 'node:test';

register('../alias.js', import.meta.url);

/** What the browser keeps from visit to visit. @type {Map<string, string>} */
const kept = new Map();
const BROWSER = {
  localStorage: { getItem: (/** @type {string} */ key) => kept.get(key) ?? null, setItem: (/** @type {string} */ key, /** @type {string} */ value) => kept.set(key, value) },
  addEventListener() {},
  matchMedia: () => ({ matches: false, addEventListener() {} }),
  document: { documentElement: { dataset: {} }, querySelector: () => null },
  navigator: { languages: ['en'] },
};
for (const [name, value] of Object.entries(BROWSER)) Object.defineProperty(globalThis, name, { value, configurable: true });

/** @param {number} version @param {boolean} significant */
const change = (version, significant) => ({ version, date: '2027-01-01', significant, text: { en: 'It is different.', vi: 'Có thay đổi.' } });
const SECOND = change(2, true);

let visits = 0;
/** A visit, on which the server tells of these versions, the newest first. @param {...ReturnType<typeof change>} changes */
async function visit(...changes) {
  globalThis.fetch = async () => Response.json({ version: changes[0].version, changes });
  const page = await import(`../../lib/policy.js?visit=${visits++}`);
  await page.findPolicy();
  return page;
}

test('a significant change is shown until it is dismissed, and never again', async () => {
  kept.clear();
  assert.equal((await visit(SECOND)).change.value, null, 'who comes for the first time has nothing to be told');
  assert.equal((await visit(change(3, true), SECOND)).change.value?.version, 3);
  const page = await visit(change(3, true), SECOND);
  assert.equal(page.change.value?.version, 3, 'on the next visit, too');
  page.dismissPolicy();
  assert.equal(page.change.value, null);
  assert.equal((await visit(change(3, true), SECOND)).change.value, null);
  assert.equal((await visit(change(4, true), change(3, true), SECOND)).change.value?.version, 4, 'the next one is');
});

test('a change that is not significant is shown to nobody', async () => {
  kept.clear();
  await visit(SECOND);
  assert.equal((await visit(change(3, false), SECOND)).change.value, null);
});
