// @ts-check
// The way in for others: the link, and a code that a phone can read off a screen.
import { encode } from 'uqr';
import { useSignal } from '@preact/signals';
import { html } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { announce } from '../lib/announce.js';
import { may } from '../lib/may.js';
import { attempt } from '../lib/refusal.js';
import { copy, linkTo } from '../lib/start.js';
import { Icon } from './icon.js';
import { Sheet } from './sheet.js';

/** @param {{ text: string }} props */
export function Code({ text }) {
  const { size, data } = encode(text, { ecc: 'M', border: 2 });
  const cells = [];
  for (let y = 0; y < size; y += 1) {
    for (let x = 0; x < size; x += 1) if (data[y][x]) cells.push(`M${x} ${y}h1v1h-1z`);
  }
  return html`<svg class="code" viewBox=${`0 0 ${size} ${size}`} role="img" aria-label=${t('share.code')} shape-rendering="crispEdges">
    <rect width=${size} height=${size} class="code-ground" />
    <path d=${cells.join('')} class="code-cells" />
  </svg>`;
}

/** @param {{ session: import('../lib/session.js').Session, copied?: boolean, onClose: () => void }} props */
export function ShareSheet({ session, copied = false, onClose }) {
  const done = useSignal(copied);
  const { room } = session.state.value;
  const invite = useSignal(/** @type {string | null} */ (null));
  const closed = room?.visibility === 'private' || room?.password === true;
  const link = linkTo(room?.id ?? '', invite.value);
  const make = async () => {
    const made = await attempt(session.room.call('invite.create', { role: 'listener', uses: null, ends_ms: null }));
    if (!made) return;
    invite.value = made.token;
    done.value = await copy(linkTo(room?.id ?? '', made.token));
    announce(t('share.invited'));
  };
  const again = async () => {
    done.value = await copy(link);
    announce(t(done.value ? 'share.copied' : 'share.not_copied'));
  };
  const send = () => navigator.share({ title: room?.title, url: link }).catch(() => {});
  return html`<${Sheet} title=${t('share.title')} onClose=${onClose} test="share-sheet">
    <div class="share">
      <${Code} text=${link} />
      <div class="share-words">
        <p class="share-lead" role="status">${t(done.value ? 'share.copied_lead' : 'share.lead')}</p>
        <label class="share-link">
          <span class="unseen">${t('share.link')}</span>
          <input readonly value=${link} data-test="share-link" onFocus=${(/** @type {any} */ event) => event.target.select()} />
        </label>
        <div class="share-actions">
          <button class="primary" data-test="copy-link" onClick=${again}>
            <${Icon} name=${done.value ? 'check' : 'copy'} size=${20} />${t(done.value ? 'share.copied' : 'share.copy')}
          </button>
          ${'share' in navigator && html`<button class="secondary" onClick=${send}><${Icon} name="share" size=${20} />${t('share.send')}</button>`}
        </div>
        ${closed && may(session.state.value, 'invite') && !invite.value && html`<button class="secondary" data-test="invite" onClick=${make}><${Icon} name="lock" size=${20} />${t('share.invite')}</button>`}
        <p class="note">${t(invite.value ? 'share.note_invited' : closed ? 'share.note_private' : 'share.note')}</p>
      </div>
    </div>
  <//>`;
}
