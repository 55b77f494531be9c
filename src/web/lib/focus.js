// @ts-check
// Where the keyboard is, kept when the page changes under it: nobody has to start again from the top.

/** Whether the focus is nowhere. */
const lost = () => !document.activeElement || document.activeElement === document.body;

/**
 * Once the page is drawn anew, if the focus fell to nowhere: gives it to the first of `wanted` that is
 * there, and to the page's content if none is.
 * @param {...(HTMLElement | string | null | undefined)} wanted elements, or selectors to look for by then
 */
export function keepFocus(...wanted) {
  requestAnimationFrame(() =>
    requestAnimationFrame(() => {
      if (!lost()) return;
      for (const one of [...wanted, '#main']) {
        const element = typeof one === 'string' ? /** @type {HTMLElement | null} */ (document.querySelector(one)) : one;
        if (!element?.isConnected) continue;
        element.focus({ preventScroll: element.id === 'main' });
        if (!lost()) return;
      }
    }),
  );
}

/** A selector for what a test calls by this name, and people by its label. @param {string} name */
export const named = (name) => `[data-test="${name}"]`;

/** As a `ref`: what appears because it was asked for has the focus. @param {HTMLElement | null} element */
export function focusOnce(element) {
  element?.focus();
}
