// @ts-check
// Every word of the client stands in every catalogue, with the same blanks, and is used.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import test from 'node:test';
import { en } from '../../messages/en.js';
import { vi } from '../../messages/vi.js';

const WEB = new URL('../../', import.meta.url);
const OTHERS = Object.entries({ vi });

/** @param {string | Record<string, string>} message */
const forms = (message) => (typeof message === 'string' ? { other: message } : message);
/** @param {string | Record<string, string>} message */
const blanks = (message) => [...new Set(Object.values(forms(message)).flatMap((text) => text.match(/\{\w+\}/g) ?? []))].sort();

/** The source of everything that is drawn. */
const source = ['.', 'lib', 'pages', 'parts']
  .flatMap((folder) => readdirSync(new URL(`${folder}/`, WEB)).filter((name) => name.endsWith('.js')).map((name) => `${folder}/${name}`))
  .map((name) => readFileSync(new URL(name, WEB), 'utf8'))
  .join('\n');

for (const [name, catalogue] of OTHERS) {
  test(`${name} has the keys of en and no others`, () => {
    assert.deepEqual(Object.keys(catalogue).sort(), Object.keys(en).sort());
  });

  test(`${name} fills the same blanks as en`, () => {
    for (const [key, message] of Object.entries(en)) {
      const theirs = blanks(/** @type {any} */ (catalogue)[key]);
      for (const blank of blanks(message)) assert.ok(theirs.includes(blank) || blank === '{count}', `${key} lacks ${blank}`);
      for (const blank of theirs) assert.ok(blanks(message).includes(blank), `${key} fills ${blank}, which nobody gives`);
    }
  });
}

test('every plural has the forms of its language', () => {
  for (const [tag, catalogue] of [['en', en], ...OTHERS]) {
    const { pluralCategories } = new Intl.PluralRules(/** @type {string} */ (tag)).resolvedOptions();
    for (const [key, message] of Object.entries(/** @type {Record<string, any>} */ (catalogue))) {
      if (typeof message === 'object') assert.deepEqual(Object.keys(message).sort(), [...pluralCategories].sort(), `${tag} ${key}`);
    }
  }
});

test('every message is said somewhere, and everything said is a message', () => {
  // Keys that are put together: `role.${role}`, and the groups that options('preset', …) names.
  const built = [...source.matchAll(/`([a-z_]+[._][^`\s]*\$\{[^`]*)`/g)].map(([, text]) => new RegExp(`^${text.replaceAll('.', '\\.').replace(/\$\{[^}]*\}/g, '[a-z0-9_]+')}$`));
  built.push(/^(people|queue|chat)\.title$/);
  for (const [, group] of source.matchAll(/options\('(\w+)'/g)) built.push(new RegExp(`^${group}_[a-z]+(_note)?$`));
  for (const key of Object.keys(en)) {
    assert.ok(source.includes(`'${key}'`) || source.includes(`"${key}"`) || built.some((pattern) => pattern.test(key)), `${key} is said nowhere`);
  }
  for (const [, key] of source.matchAll(/\bt\('([a-z_]+(?:\.[a-z0-9_]+)?)'/g)) assert.ok(key in en, `${key} is no message`);
});
