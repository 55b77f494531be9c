// @ts-check
// Play and pause, skip or vote to skip, sound, reactions: one row under the thumb.
import { useSignal } from '@preact/signals';
import { html } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { may, maySkip } from '../lib/may.js';
import { attempt } from '../lib/refusal.js';
import { Icon } from './icon.js';
import { Reactions } from './reactions.js';
import { SoundButton } from './sound.js';

/** @typedef {import('../lib/session.js').Session} Session */

/** @param {{ session: Session, onAdd: () => void }} props */
export function Transport({ session, onAdd }) {
  const state = session.state.value;
  const open = useSignal(false);
  return html`<div class="transport">
    <div class="transport-row" role="group" aria-label=${t('transport.label')}>
      <${SoundButton} />
      <button
        class="quiet round"
        aria-expanded=${open.value}
        aria-label=${t('react.open')}
        disabled=${!state.current || !may(state, 'react')}
        data-test="react-open"
        onClick=${() => (open.value = !open.value)}
      >
        <${Icon} name="smile" />
      </button>
      <${PlayButton} session=${session} />
      <${SkipButton} session=${session} />
      <button class="quiet round" aria-label=${t('add.open')} disabled=${!may(state, 'add')} data-test="add-open" onClick=${onAdd}>
        <${Icon} name="plus" />
      </button>
    </div>
    <div class=${`transport-reactions ${open.value ? 'is-open' : ''}`}><${Reactions} session=${session} /></div>
  </div>`;
}

/** @param {{ session: Session }} props */
function PlayButton({ session }) {
  const state = session.state.value;
  const { current, playback } = state;
  const paused = !playback || playback.paused;
  const act = () => current && attempt(paused ? session.room.play(current.id) : session.room.pause(current.id));
  return html`<button
    class="play"
    data-test="play"
    data-paused=${paused}
    aria-label=${t(paused ? 'transport.play' : 'transport.pause')}
    disabled=${!current || !may(state, 'seek')}
    onClick=${act}
  >
    <${Icon} name=${paused ? 'play' : 'pause'} size=${30} />
  </button>`;
}

/** @param {{ session: Session }} props */
function SkipButton({ session }) {
  const state = session.state.value;
  const { current, vote } = state;
  const allowed = maySkip(state);
  const votes = !allowed && vote && vote.need > 0 ? vote : null;
  const possible = current && (allowed || (state.room?.vote_skip_percent ?? 0) > 0);
  const act = () => current && attempt(allowed ? session.room.skip(current.id) : session.room.voteSkip(current.id));
  return html`<button
    class="quiet round skip"
    data-test="skip"
    aria-label=${allowed ? t('transport.skip') : votes ? t('transport.vote_skip_count', { have: votes.have, count: votes.need }) : t('transport.vote_skip')}
    disabled=${!possible}
    onClick=${act}
  >
    <${Icon} name="skip" />
    ${votes && html`<span class="badge" aria-hidden="true">${votes.have}/${votes.need}</span>`}
  </button>`;
}
