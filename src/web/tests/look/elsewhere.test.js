// @ts-check
// Which servers elsewhere were allowed: kept in this browser, whatever state that is in.
import assert from 'node:assert/strict';
import { register } from 'node:module';
import test from 'node:test';

register('../alias.js', import.meta.url);

const KEY = 'stereo.preferences';
/** What the browser keeps from visit to visit. @type {Map<string, string>} */
const kept = new Map();
/** @type {((event: { key: string | null }) => void)[]} */
let heard = [];
const BROWSER = {
  localStorage: {
    getItem: (/** @type {string} */ key) => kept.get(key) ?? null,
    setItem: (/** @type {string} */ key, /** @type {string} */ value) => kept.set(key, value),
    removeItem: (/** @type {string} */ key) => kept.delete(key),
  },
  addEventListener: (/** @type {string} */ _, /** @type {any} */ handler) => heard.push(handler),
  matchMedia: () => ({ matches: false, addEventListener() {} }),
  document: { documentElement: { dataset: {} }, querySelector: () => null },
};
for (const [name, value] of Object.entries(BROWSER)) Object.defineProperty(globalThis, name, { value, configurable: true });

let visits = 0;
/** A visit, to a browser that keeps this. @param {unknown} what */
async function visit(what) {
  if (what !== undefined) kept.set(KEY, typeof what === 'string' ? what : JSON.stringify(what));
  heard = [];
  return import(`../../lib/preferences.js?visit=${visits++}`);
}

test('what was kept and names no server allows nothing, and breaks nothing', async () => {
  for (const elsewhere of [null, 7, 'https://music.example.org', {}, [null, 7, {}, ['x'], 'music.example.org', 'https://music.example.org/a.mp3', 'javascript:alert(1)']]) {
    const { preferences } = await visit({ theme: 'dark', elsewhere });
    assert.deepEqual(preferences.value.elsewhere, [], JSON.stringify(elsewhere));
    assert.equal(preferences.value.theme, 'dark', 'the rest is kept');
  }
  for (const broken of ['null', '[]', '{', '"x"']) assert.deepEqual((await visit(broken)).preferences.value.elsewhere, []);
});

test('what was allowed is known on the next visit, once each', async () => {
  kept.clear();
  const { prefer } = await visit(undefined);
  prefer({ elsewhere: ['https://music.example.org', 'http://127.0.0.1:8000', 'https://music.example.org'] });
  assert.deepEqual((await visit(undefined)).preferences.value.elsewhere, ['https://music.example.org', 'http://127.0.0.1:8000']);
});

test('forgotten with everything else that this browser kept', async () => {
  const { preferences, forgetPreferences } = await visit({ elsewhere: ['https://music.example.org'] });
  forgetPreferences();
  assert.deepEqual([preferences.value.elsewhere, kept.has(KEY)], [[], false]);
});

test('what is taken back in another tab is taken back here, and stays so', async () => {
  const { preferences, prefer } = await visit({ volume: 0.3, elsewhere: ['https://music.example.org'] });
  kept.set(KEY, JSON.stringify({ volume: 1, elsewhere: [] }));
  for (const hear of heard) hear({ key: KEY });
  assert.deepEqual([preferences.value.elsewhere, preferences.value.volume], [[], 0.3]);
  prefer({ muted: true });
  assert.deepEqual(JSON.parse(kept.get(KEY) ?? '').elsewhere, []);
});
