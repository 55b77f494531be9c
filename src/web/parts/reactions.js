// @ts-check
// The six reactions, drawn, with how many people feel so about what plays.
import { useEffect } from 'preact/hooks';
import { html } from '../lib/html.js';
import { number, t } from '../lib/i18n.js';
import { may } from '../lib/may.js';
import { attempt } from '../lib/refusal.js';
import { Icon, REACTIONS } from './icon.js';

/** @param {import('../types.js').RoomState} state @returns {Record<string, number>} */
const counts = ({ tally }) => /** @type {any} */ (tally)?.counts ?? tally ?? {};

/** @param {{ session: import('../lib/session.js').Session }} props */
export function Reactions({ session }) {
  const state = session.state.value;
  const item = state.current?.id;
  useEffect(() => {
    session.reaction.value = null;
  }, [item]);
  const react = (/** @type {string} */ code) => {
    const next = session.reaction.value === code ? null : code;
    session.reaction.value = next;
    if (item) attempt(session.room.react(item, next));
  };
  return html`<div class="reactions" role="group" aria-label=${t('react.label')}>
    ${REACTIONS.map(({ code, icon, key }) => {
      const count = counts(state)[code] ?? 0;
      return html`<button
        class="reaction"
        key=${icon}
        data-test="react"
        data-reaction=${icon}
        aria-pressed=${session.reaction.value === code}
        aria-label=${t('react.one', { name: t(key), count })}
        disabled=${!item || !may(state, 'react')}
        onClick=${() => react(code)}
      >
        <${Icon} name=${icon} size=${22} />
        ${count > 0 && html`<span class="reaction-count" aria-hidden="true">${number(count)}</span>`}
      </button>`;
    })}
  </div>`;
}
