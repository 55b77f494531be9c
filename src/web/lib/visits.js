// @ts-check
// Tells that a page is looked at, where the operator counts that: the kind of page and nothing else.
// Nothing is told by a browser whose owner objects: here, in their account, or by DNT or GPC.
import { effect } from '@preact/signals';
import { me } from './account.js';
import { change } from './api.js';
import { policy } from './policy.js';
import { preferences } from './preferences.js';
import { path, roomIn } from './router.js';

const PAGES = new Set(['/', '/settings', '/sign-in', '/privacy', '/support']);
const FATHOM = 'https://cdn.usefathom.com/script.js';

/** Whether the browser itself says no. */
export const browserObjects = () => navigator.doNotTrack === '1' || /** @type {any} */ (navigator).globalPrivacyControl === true;

/** Whether visits are counted on this server. */
export const isCounted = () => Boolean(policy.value?.analytics);

/** The kind of page, as it is counted: which room it is, nobody is told. @param {string} at @returns {string | null} */
export const kindOf = (at) => (roomIn(at) ? '/rooms/{room}' : PAGES.has(at) ? at : null);

export function tellVisits() {
  effect(() => {
    const { analytics } = policy.value ?? {};
    const page = kindOf(path.value);
    if (!page || !analytics || browserObjects() || !preferences.peek().counted || me.peek()?.counted === false) return;
    // Lost is lost: it is a count.
    if (analytics.by === 'us') change('POST', '/api/visits', { page }).catch(() => {});
    else tellFathom(analytics.site, page);
  });
}

/** Done when it is known who is signed in, or that nobody is. */
const known = new Promise((resolve) => {
  effect(() => {
    if (me.value !== undefined) resolve(undefined);
  });
});

/** The server knows who objects, Fathom does not: it is told when it is known that nobody does. @param {string} site @param {string} page */
async function tellFathom(site, page) {
  await known;
  const person = me.peek();
  if (person?.counted === false || person?.frozen) return;
  const it = await fathom(site).catch(() => null);
  it?.trackPageview({ url: location.origin + page.replace(/[{}]/g, '') });
}

/** @type {Promise<any> | null} */
let coming = null;

/** The one third party that an operator can let in. By itself it would tell the path: it tells nothing by itself. @param {string} site */
function fathom(site) {
  coming ??= new Promise((resolve, reject) => {
    // It answers only when told which site it is for: the host, and no path.
    document.querySelector('meta[name="referrer"]')?.setAttribute('content', 'strict-origin');
    const script = Object.assign(document.createElement('script'), { src: FATHOM, defer: true, onload: () => resolve(/** @type {any} */ (globalThis).fathom), onerror: reject });
    Object.assign(script.dataset, { site, auto: 'false', honorDnt: 'true' });
    document.head.append(script);
  });
  return coming;
}
