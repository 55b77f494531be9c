// @ts-check
// Being forgotten by a room that does not let you in any more: the token that this browser kept of
// it is enough.
import { useSignal } from '@preact/signals';
import { change } from '../lib/api.js';
import { toast } from '../lib/announce.js';
import { html } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { attempt } from '../lib/refusal.js';
import { guestTokens } from '../lib/tokens.js';
import { Sure } from './sure.js';

/** @param {{ id: string }} props */
export function ForgetFromOutside({ id }) {
  const token = useSignal(guestTokens.getItem(id));
  if (!token.value) return null;
  const forget = async () => {
    const path = `/api/rooms/${encodeURIComponent(id)}/me`;
    if ((await attempt(change('DELETE', path, { token: token.value }).then(() => true))) !== true) return;
    guestTokens.removeItem(id);
    token.value = null;
    toast(t('settings.forgotten'));
  };
  return html`<${Sure} word=${t('settings.forget_button')} question=${t('settings.forget_sure')} act=${forget} grave=${true} plain=${true} test="forget" />`;
}
