// @ts-check
// The title of the page, in the browser's tabs and for those who hear it read: the room's, while there is one.
import { useEffect } from 'preact/hooks';
import { t } from './i18n.js';

/** @param {string | undefined} title the room's */
export function useTitle(title) {
  useEffect(() => {
    document.title = title ? t('room.page_title', { title }) : t('app.name');
    return () => void (document.title = t('app.name'));
  }, [title]);
}
