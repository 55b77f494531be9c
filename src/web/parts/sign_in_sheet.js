// @ts-check
// Signing in without leaving the room: the music goes on, and so does the same member.
import { useEffect } from 'preact/hooks';
import { html } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { me } from '../lib/account.js';
import { carryOn } from '../lib/carry_on.js';
import { keepFocus } from '../lib/focus.js';
import { rememberWayBack, takeWayBack } from '../lib/way_back.js';
import { Sheet } from './sheet.js';
import { Asked, Ways, useSignIn } from './sign_in_steps.js';

/** @param {{ session: import('../lib/session.js').Session, keep: boolean, onClose: () => void }} props `keep`: the room is to stay */
export function SignInSheet({ session, keep, onClose }) {
  const id = session.state.value.room?.id ?? '';
  const steps = useSignIn({
    then: () => `/rooms/${id}`,
    away: () => rememberWayBack(id, { keep }),
    entered() {
      takeWayBack(id);
      onClose();
      carryOn(session, { keep, joined: false });
    },
  });
  // By a link in another tab, it may be.
  const person = me.value;
  useEffect(() => {
    if (person) onClose();
  }, [person]);
  const asked = Boolean(steps.asked.value);
  useEffect(() => {
    if (asked) keepFocus('[data-test="code"]');
  }, [asked]);
  return html`<${Sheet} title=${t(asked ? 'sign_in.look' : keep ? 'keep.title' : 'sign_in.title')} onClose=${onClose} test="sign-in-sheet">
    ${asked
      ? html`<${Asked} steps=${steps} /><p class="note">${t('keep.here_note')}</p>`
      : html`<p>${t(keep ? 'keep.note' : 'keep.guest_note')}</p><${Ways} steps=${steps} />`}
  <//>`;
}
