// @ts-check
// The room's light stays readable whatever colour an artwork has.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { GROUNDS, ON_FILL, contrast, roomLight, toHex, toLch } from '../../lib/color.js';

const AA = 4.5;
/** Every hue, strong and weak, dark and bright. */
const ARTWORKS = [0.3, 0.6, 0.9].flatMap((l) => [0.02, 0.08, 0.2].flatMap((c) => Array.from({ length: 36 }, (_, i) => toHex({ l, c, h: i * 10 }))));

for (const light of [false, true]) {
  test(`words in the accent are readable on every ${light ? 'light' : 'dark'} ground`, () => {
    for (const art of [null, ...ARTWORKS]) {
      const { accent, fill } = roomLight(art, light);
      for (const ground of GROUNDS[light ? 'light' : 'dark']) assert.ok(contrast(accent, ground) >= AA, `${art}: ${accent} on ${ground}`);
      assert.ok(contrast(ON_FILL, fill) >= AA, `${art}: ${ON_FILL} on ${fill}`);
    }
  });

  test(`the ${light ? 'light' : 'dark'} accent stays between coral and gold`, () => {
    for (const art of ARTWORKS) {
      const { h } = toLch(roomLight(art, light).accent);
      assert.ok(h > 36 && h < 90, `${art}: hue ${h}`);
    }
  });
}

test('the grounds are the ones that the style has', () => {
  const style = readFileSync(new URL('../../app.css', import.meta.url), 'utf8');
  for (const ground of [...GROUNDS.dark, ...GROUNDS.light, ON_FILL]) assert.ok(style.includes(ground), ground);
});

test('a colour comes back from OKLCH as it was', () => {
  for (const hex of ['#14121a', '#f6f1e7', '#f2b46b', '#7fc7d9', '#2f6b4f']) assert.equal(toHex(toLch(hex)), hex);
});
