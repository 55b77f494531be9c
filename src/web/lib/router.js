// @ts-check
// Which page is shown: the path, as a signal. Links inside the site are followed in place, so that
// sound and the right to make it are kept.
import { signal } from '@preact/signals';
import { keepFocus } from './focus.js';

export const path = signal(location.pathname);

/** @param {string} to path, may carry a fragment */
export function navigate(to) {
  history.pushState(null, '', to);
  path.value = location.pathname;
  scrollTo(0, 0);
  keepFocus();
}

/** The id in `/rooms/{id}`, or null. @param {string} at */
export function roomIn(at) {
  const match = /^\/rooms\/([A-Za-z0-9_-]{1,64})\/?$/.exec(at);
  return match ? match[1] : null;
}

/** Pages that this client draws, beside rooms. */
const PAGES = new Set(['/', '/settings', '/sign-in', '/sign-in/email', '/privacy', '/support']);

/** @param {MouseEvent} event */
function follow(event) {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target instanceof Element ? event.target.closest('a') : null;
  if (!link || link.target || link.hasAttribute('download') || link.origin !== location.origin) return;
  if (!PAGES.has(link.pathname) && !roomIn(link.pathname)) return;
  if (link.hash && link.pathname === location.pathname) return;
  event.preventDefault();
  navigate(link.pathname + link.hash);
}

export function startRouter() {
  addEventListener('popstate', () => (path.value = location.pathname));
  document.addEventListener('click', follow);
}
