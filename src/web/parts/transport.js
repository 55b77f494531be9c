// @ts-check
// Play and pause, skip or vote to skip, sound, reactions: one row under the thumb. Who may not pause
// for everyone has their own sound in the middle instead.
import { useRef } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { html } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { isMiddle } from '../lib/here.js';
import { may, maySkip } from '../lib/may.js';
import { prefer, preferences } from '../lib/preferences.js';
import { attempt } from '../lib/refusal.js';
import { Icon } from './icon.js';
import { Reactions } from './reactions.js';
import { SoundButton, Volume } from './sound.js';

/** @typedef {import('../lib/session.js').Session} Session */

/** @param {{ session: Session, onAdd: () => void }} props */
export function Transport({ session, onAdd }) {
  const state = session.state.value;
  const leads = may(state, 'seek');
  return html`<div class="transport">
    <div class="transport-row" role="group" aria-label=${t('transport.label')}>
      <div class="transport-side">
        ${isMiddle.value && html`<div class="volume">${leads && html`<${SoundButton} />`}<${Volume} /></div>`}
        ${!isMiddle.value && leads && html`<${SoundButton} />`}
        ${!isMiddle.value && may(state, 'react') && html`<${React} session=${session} />`}
      </div>
      ${leads ? html`<${PlayButton} session=${session} />` : html`<${OwnSound} />`}
      <div class="transport-side">
        <${SkipButton} session=${session} />
        ${may(state, 'add') &&
        html`<button class="quiet round" aria-label=${t('add.open')} title=${t('add.open')} data-test="add-open" onClick=${onAdd}>
          <${Icon} name="plus" />
        </button>`}
      </div>
    </div>
  </div>`;
}

/** The reactions, a tap away: Escape and a tap elsewhere close them. @param {{ session: Session }} props */
function React({ session }) {
  const open = useSignal(false);
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const close = (/** @type {FocusEvent} */ event) => {
    if (!box.current?.contains(/** @type {Node | null} */ (event.relatedTarget))) open.value = false;
  };
  const keys = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== 'Escape' || !open.value) return;
    open.value = false;
    box.current?.querySelector('button')?.focus();
  };
  return html`<div ref=${box} onFocusOut=${close} onKeyDown=${keys}>
    <button class="quiet round" aria-expanded=${open.value} aria-label=${t('react.open')} data-test="react-open" onClick=${() => (open.value = !open.value)}>
      <${Icon} name="smile" />
    </button>
    ${open.value && html`<div class="transport-reactions" tabindex="-1"><${Reactions} session=${session} /></div>`}
  </div>`;
}

/** @param {{ session: Session }} props */
function PlayButton({ session }) {
  const { current, playback } = session.state.value;
  const paused = !playback || playback.paused;
  const act = () => current && attempt(paused ? session.room.play(current.id) : session.room.pause(current.id));
  const word = t(paused ? 'transport.play' : 'transport.pause');
  return html`<button class="play" data-test="play" data-paused=${paused} aria-label=${word} title=${word} disabled=${!current} onClick=${act}>
    <${Icon} name=${paused ? 'play' : 'pause'} size=${30} />
  </button>`;
}

function OwnSound() {
  const { muted } = preferences.value;
  const word = t(muted ? 'sound.unmute' : 'sound.mute');
  return html`<button class="play play-own" data-test="mute" aria-label=${word} title=${word} onClick=${() => prefer({ muted: !muted })}>
    <${Icon} name=${muted ? 'muted' : 'volume'} size=${30} />
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
  const word = t(allowed ? 'transport.skip' : 'transport.vote_skip');
  return html`<button
    class="quiet round skip"
    data-test="skip"
    title=${word}
    aria-label=${votes ? t('transport.vote_skip_count', { have: votes.have, count: votes.need }) : word}
    disabled=${!possible}
    onClick=${act}
  >
    <${Icon} name="skip" />
    ${votes && html`<span class="badge" aria-hidden="true">${votes.have}/${votes.need}</span>`}
  </button>`;
}
