// @ts-check
// The middle of the room: the artwork as a disc, the groove with its two needles, people on the rim.
import { html } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { calledHere } from '../lib/here.js';
import { ARTWORK } from '../lib/geometry.js';
import { Groove } from './groove.js';
import { Dots } from './dots.js';
import { Rising } from './rising.js';
import { Arcs } from './rim.js';
import { Icon } from './icon.js';

/** @param {{ session: import('../lib/session.js').Session }} props */
export function Disc({ session }) {
  const state = session.state.value;
  const { current, playback } = state;
  const { status } = session.playing.value;
  const blocked = status === 'blocked';
  const turning = current && playback && !playback.paused && !blocked && status !== 'asking';
  return html`<div class=${`disc ${turning ? 'is-turning' : ''} ${current ? '' : 'is-empty'}`}>
    <div class="disc-plate" style=${{ '--plate': `${(1 - ARTWORK / 200) * 50}%` }}>
      ${current && html`<${Artwork} key=${current.id} track=${current.track} />`}
      ${!current && html`<${Arcs} />`}
    </div>
    <${Groove} session=${session} />
    <${Dots} session=${session} />
    <${Rising} session=${session} />
    ${blocked && html`<${Unblock} session=${session} />`}
    <p class="unseen">${current && t('disc.added_by', { name: calledHere(state, current.by) })}</p>
  </div>`;
}

/** @param {{ track: import('../types.js').Track }} props */
function Artwork({ track }) {
  return html`<div class="disc-art">
    ${track.artwork ? html`<img src=${track.artwork} alt="" draggable=${false} />` : html`<span class="disc-blank"><${Arcs} /></span>`}
    <span class="disc-hole"></span>
  </div>`;
}

/** The browser wants a click before it makes sound. @param {{ session: import('../lib/session.js').Session }} props */
function Unblock({ session }) {
  return html`<button class="disc-unblock" data-test="unblock" onClick=${() => session.player.unblock()}>
    <span class="disc-unblock-knob"><${Icon} name="volume" size=${36} /></span>
    <span>${t('disc.unblock')}</span>
  </button>`;
}
