// @ts-check
// Words, numbers and times in the person's language. Catalogues live in messages/.
import { computed, effect } from '@preact/signals';
import { en } from '../messages/en.js';
import { vi } from '../messages/vi.js';
import { preferences } from './preferences.js';

/** @typedef {keyof typeof en} Key */
/** @typedef {Record<string, string | Partial<Record<Intl.LDMLPluralRule, string>>>} Catalogue */

/** @type {Record<string, Catalogue>} */
const CATALOGUES = { en, vi };

/** Languages there are, each under its own name. */
export const LANGUAGES = Object.entries({ en: 'English', vi: 'Tiếng Việt' });

const offered = () => navigator.languages.map((tag) => tag.split('-')[0]);

/** The language in use. */
export const language = computed(() => {
  const wished = [preferences.value.language, ...offered()];
  return wished.find((tag) => tag && tag in CATALOGUES) ?? 'en';
});

effect(() => {
  document.documentElement.lang = language.value;
});

const tools = computed(() => {
  const tag = language.value;
  return {
    plural: new Intl.PluralRules(tag),
    number: new Intl.NumberFormat(tag),
    tenths: new Intl.NumberFormat(tag, { maximumFractionDigits: 1 }),
    signed: new Intl.NumberFormat(tag, { maximumFractionDigits: 1, signDisplay: 'exceptZero' }),
    list: new Intl.ListFormat(tag, { type: 'conjunction' }),
    clock: new Intl.DateTimeFormat(tag, { hour: '2-digit', minute: '2-digit' }),
    day: new Intl.DateTimeFormat(tag, { dateStyle: 'medium', timeZone: 'UTC' }),
    two: new Intl.NumberFormat(tag, { minimumIntegerDigits: 2 }),
  };
});

/**
 * The message `key` in the language in use. `count` in `values` picks the plural form; numbers are
 * written the way the language writes them.
 * @param {Key} key
 * @param {Record<string, string | number>} [values]
 */
export function t(key, values = {}) {
  const message = CATALOGUES[language.value][key] ?? en[key] ?? key;
  const text = typeof message === 'string' ? message : pick(message, Number(values.count));
  return text.replace(/\{(\w+)\}/g, (_, name) => {
    const value = values[name];
    return typeof value === 'number' ? number(value) : (value ?? '');
  });
}

/** @param {Partial<Record<Intl.LDMLPluralRule, string>>} forms @param {number} count */
function pick(forms, count) {
  return forms[tools.value.plural.select(count)] ?? forms.other ?? '';
}

/** @param {number} value */
export const number = (value) => tools.value.number.format(value);

/** @param {number} value whole from 10 on, with one decimal below */
export const measured = (value) => tools.value.tenths.format(Math.abs(value) < 10 ? value : Math.round(value));

/** @param {number} value with its sign */
export const signed = (value) => tools.value.signed.format(Math.abs(value) < 10 ? value : Math.round(value));

/** @param {Iterable<string>} values */
export const list = (values) => tools.value.list.format(values);

/** @param {number} milliseconds Unix time */
export const timeOfDay = (milliseconds) => tools.value.clock.format(milliseconds);

/** @param {string} date as the server writes days, 2026-11-24 */
export const day = (date) => tools.value.day.format(new Date(date));

/** A length or position, as 1:03 or 1:02:03. @param {number} milliseconds */
export function duration(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const { two } = tools.value;
  const tail = `${two.format(Math.floor(seconds / 60) % 60)}:${two.format(seconds % 60)}`;
  const hours = Math.floor(seconds / 3600);
  return hours > 0 ? `${number(hours)}:${tail}` : `${number(Math.floor(seconds / 60))}:${tail.slice(-2)}`;
}
