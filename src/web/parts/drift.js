// @ts-check
// How close together the room is, as measured. Nothing is shown that nobody measured.
import { html } from '../lib/html.js';
import { measured, signed, t } from '../lib/i18n.js';

/** @param {{ session: import('../lib/session.js').Session }} props */
export function Drift({ session }) {
  const { current, health, presence, playback } = session.state.value;
  const { status, drift_ms: mine } = session.playing.value;
  const word = waiting(status);
  const room = health && health.listeners > 1 && playback && !playback.paused && status !== 'asking' ? health : null;
  return html`<div class="drift">
    ${word && html`<p class="drift-word">${t(word)}</p>`}
    ${room &&
    html`<p class="drift-room" data-test="drift-room" title=${t('drift.detail', { median: measured(room.median_ms), count: room.listeners })}>
      ${t('drift.together', { ms: measured(Math.ceil(room.p95_ms * 10) / 10) })}
    </p>`}
    ${status === 'playing' &&
    mine !== null &&
    html`<p class="drift-you" data-test="drift-you">
      <span class="drift-dot" aria-hidden="true"></span>${t('drift.you', { ms: signed(mine) })}
    </p>`}
    ${current && !word && !room && presence.count === 1 && html`<p class="drift-word">${t('drift.alone')}</p>`}
  </div>`;
}

/** @param {import('../types.js').PlayerState['status']} status @returns {import('../lib/i18n.js').Key | null} */
function waiting(status) {
  if (status === 'loading' || status === 'waiting') return 'drift.loading';
  if (status === 'failed') return 'drift.failed';
  if (status === 'blocked') return 'drift.blocked';
  if (status === 'asking') return 'drift.asking';
  return null;
}
