// @ts-check
// /rooms/{id}: the gate for who arrives, the room for who is in, a plain page when it is over.
import { useEffect } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { html } from '../lib/html.js';
import { openSession } from '../lib/session.js';
import { preferences } from '../lib/preferences.js';
import { takeFresh } from '../lib/start.js';
import { Gate } from './gate.js';
import { Missing, whatEnded } from './ended.js';
import { Inside } from './inside.js';
import { t } from '../lib/i18n.js';
import { Mark } from '../parts/icon.js';

/** The invitation in the fragment: `#invite=…`. Fragments reach no server. */
const invitation = () => new URLSearchParams(location.hash.slice(1)).get('invite') ?? undefined;

/** @param {{ id: string }} props */
export function RoomPage({ id }) {
  const session = useSignal(/** @type {import('../lib/session.js').Session | null} */ (null));
  const made = useSignal(/** @type {{ copied: boolean } | null} */ (null));
  const refused = useSignal(false);
  const enter = (/** @type {import('./gate.js').Entry} */ entry) => {
    session.value?.leave();
    session.value = openSession({ id, ...entry, invite: invitation() });
  };
  useEffect(() => {
    made.value = takeFresh(id);
    if (made.value) enter({ name: preferences.peek().name });
    return () => session.peek()?.leave();
  }, [id]);

  const open = session.value;
  const state = open?.state.value;
  const ended = state?.status === 'closed';
  useEffect(() => {
    if (!open || !ended) return;
    refused.value = whatEnded(state?.reason) === 'not_found' && !state?.room;
    if (!refused.value) return;
    open.leave();
    session.value = null;
  }, [ended]);

  if (!open || !state) return html`<${Gate} key=${String(refused.value)} id=${id} invited=${!refused.value && Boolean(invitation())} refused=${refused.value} onEnter=${enter} />`;
  if (ended) return html`<${Missing} what=${whatEnded(state.reason)} />`;
  if (!state.room) return html`<main class="gate" id="main" tabindex="-1" aria-busy="true"><${Mark} size=${56} /><p role="status">${t('room.coming_in')}</p></main>`;
  return html`<${Inside} session=${open} made=${made.value} />`;
}
