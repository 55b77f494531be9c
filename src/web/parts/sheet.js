// @ts-check
// A sheet: from below on a phone, from the side on a desk. A modal dialog, so that the browser keeps
// focus inside, closes it on Escape and gives focus back to what opened it.
import { useEffect, useRef } from 'preact/hooks';
import { html } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { keepFocus, named } from '../lib/focus.js';
import { sheets } from '../lib/announce.js';
import { Icon } from './icon.js';
import { Toasts } from './toasts.js';

const PULLED = 90;

/**
 * @param {{ title: string, onClose: () => void, children: any, test?: string, tall?: boolean, lead?: any }} props `lead` stands before the title
 */
export function Sheet({ title, onClose, children, test, tall = false, lead }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const over = useRef(/** @type {object | null} */ (null));
  useEffect(() => {
    const opener = document.activeElement;
    const me = {};
    dialog.current?.showModal();
    sheets.value = [...sheets.peek(), (over.current = me)];
    return () => {
      sheets.value = sheets.peek().filter((one) => one !== me);
      // What opened it may be drawn anew meanwhile, under the same name.
      if (opener instanceof HTMLElement) keepFocus(opener, opener.dataset.test && named(opener.dataset.test));
    };
  }, []);
  const close = () => dialog.current?.close();
  return html`<dialog
    class=${`sheet ${tall ? 'sheet-tall' : ''}`}
    ref=${dialog}
    aria-label=${title}
    data-test=${test}
    onClose=${onClose}
    onClick=${(/** @type {MouseEvent} */ event) => event.target === dialog.current && close()}
  >
    <div class="sheet-inner">
      <header class="sheet-head" ...${pull(dialog)}>
        <span class="sheet-grip" aria-hidden="true"></span>
        ${lead}<h2>${title}</h2>
        <button class="quiet round" aria-label=${t('sheet.close')} data-test="sheet-close" onClick=${close}>
          <${Icon} name="close" />
        </button>
      </header>
      <div class="sheet-body">${children}</div>
    </div>
    <div class="unseen announcer" role="status" aria-live="polite"></div>
    ${over.current !== null && sheets.value.at(-1) === over.current && html`<${Toasts} />`}
  </dialog>`;
}

/** Pulling the head down closes it, on touch. @param {{ current: HTMLDialogElement | null }} dialog */
function pull(dialog) {
  let from = 0;
  const moved = (/** @type {PointerEvent} */ event) => Math.max(0, event.clientY - from);
  const shift = (/** @type {number} */ by) => dialog.current?.style.setProperty('--pull', `${by}px`);
  return {
    onPointerDown: (/** @type {PointerEvent} */ event) => {
      if (event.pointerType !== 'touch' || /** @type {Element} */ (event.target).closest('button')) return;
      from = event.clientY;
      /** @type {Element} */ (event.currentTarget).setPointerCapture(event.pointerId);
    },
    onPointerMove: (/** @type {PointerEvent} */ event) => from && shift(moved(event)),
    onPointerUp: (/** @type {PointerEvent} */ event) => {
      if (from && moved(event) > PULLED) dialog.current?.close();
      from = 0;
      shift(0);
    },
    onPointerCancel: () => ((from = 0), shift(0)),
  };
}
