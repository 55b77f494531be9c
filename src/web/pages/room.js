// @ts-check
// /rooms/{id}: the gate for who arrives, the room for who is in, a plain page when it is over.
import { useEffect } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { html } from '../lib/html.js';
import { findMe, me } from '../lib/account.js';
import { openSession } from '../lib/session.js';
import { preferences } from '../lib/preferences.js';
import { takeFresh } from '../lib/start.js';
import { takeWayBack } from '../lib/way_back.js';
import { Gate } from './gate.js';
import { Missing, whatEnded } from './ended.js';
import { Inside } from './inside.js';
import { t } from '../lib/i18n.js';
import { Mark } from '../parts/icon.js';
import { ForgetFromOutside } from '../parts/forget.js';

/** The invitation in the fragment: `#invite=…`. Fragments reach no server. */
const invitation = () => new URLSearchParams(location.hash.slice(1)).get('invite') ?? undefined;

/** @param {{ id: string }} props */
export function RoomPage({ id }) {
  const session = useSignal(/** @type {import('../lib/session.js').Session | null} */ (null));
  const made = useSignal(/** @type {{ copied: boolean } | null} */ (null));
  const refused = useSignal(false);
  const back = useSignal(/** @type {import('../lib/way_back.js').WayBack | null} */ (null));
  const enter = (/** @type {import('./gate.js').Entry} */ entry) => {
    session.value?.leave();
    session.value = openSession({ id, ...entry, invite: invitation() });
  };
  /** Who signed in from this room comes back into it, as the same member, without another press. */
  const goBackIn = async () => {
    back.value = takeWayBack(id);
    if (!back.value) return;
    await findMe();
    if (me.peek()) enter({ name: '' });
    else back.value = null;
  };
  useEffect(() => {
    made.value = takeFresh(id);
    if (made.value) enter({ name: preferences.peek().name });
    else goBackIn();
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

  if (back.value && !open) return html`<${ComingIn} />`;
  if (!open || !state) return html`<${Gate} key=${String(refused.value)} id=${id} invited=${!refused.value && Boolean(invitation())} refused=${refused.value} onEnter=${enter} />`;
  if (ended) return html`<${Over} id=${id} what=${whatEnded(state.reason)} again=${() => enter({ name: preferences.peek().name })} />`;
  if (!state.room) return html`<${ComingIn} />`;
  return html`<${Inside} session=${open} made=${made.value} back=${back.value} />`;
}

function ComingIn() {
  return html`<main class="gate" id="main" tabindex="-1" aria-busy="true"><${Mark} size=${56} /><p role="status">${t('room.coming_in')}</p></main>`;
}

/** Why they are not in the room any more, and what can be done about it. @param {{ id: string, what: import('./ended.js').What, again: () => void }} props */
function Over({ id, what, again }) {
  return html`<${Missing} what=${what}>
    ${what === 'kicked' && html`<${ForgetFromOutside} id=${id} />`}
    ${what === 'frozen' && html`<a class="primary" href="/settings" data-test="to-settings">${t('settings.title')}</a>`}
    ${what === 'signed_out' && html`<button class="primary" data-test="as-guest" onClick=${again}>${t('ended.as_guest')}</button>`}
  <//>`;
}
