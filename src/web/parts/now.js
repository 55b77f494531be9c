// @ts-check
// What plays: title, artists, who added it, how far it is.
import { useRef } from 'preact/hooks';
import { html } from '../lib/html.js';
import { duration, t } from '../lib/i18n.js';
import { artists, calledHere, credits, isMiddle } from '../lib/here.js';
import { may } from '../lib/may.js';
import { useFrames } from '../lib/frame.js';
import { AskElsewhere } from './elsewhere.js';
import { Icon } from './icon.js';
import { Starters } from './starters.js';

/** @param {{ session: import('../lib/session.js').Session, onAdd: () => void }} props */
export function Now({ session, onAdd }) {
  const state = session.state.value;
  const { current } = state;
  if (!current) return html`<${Idle} session=${session} onAdd=${onAdd} />`;
  // Where its server is asked about, that says where it is from.
  const asking = session.playing.value.status === 'asking';
  return html`<div class="now" key=${current.id}>
    <h2 class="now-title" tabindex="-1" data-test="now-title">${current.track.title}</h2>
    <p class="now-artists">${asking ? artists(current.track) : credits(current.track).join(' · ')}</p>
    <p class="now-by">
      <${Elapsed} session=${session} total=${current.track.duration_ms} />
      <span class="dividing" aria-hidden="true"></span>
      <span class="now-adder">${t('now.added_by', { name: calledHere(state, current.by) })}</span>
    </p>
    <${AskElsewhere} session=${session} />
  </div>`;
}

/** Nothing plays: what to do about it. Where the queue is out of sight, what to begin with stands here. @param {{ session: import('../lib/session.js').Session, onAdd: () => void }} props */
function Idle({ session, onAdd }) {
  const allowed = may(session.state.value, 'add');
  return html`<div class="now now-idle">
    <h2 class="now-title">${t('now.nothing')}</h2>
    <p class="now-artists">${t(allowed ? 'now.add_first' : 'now.wait_for_host')}</p>
    ${allowed &&
    html`<button class="primary" data-test="add-open" onClick=${onAdd}><${Icon} name="plus" size=${20} />${t('now.add_button')}</button>`}
    ${allowed && !isMiddle.value && html`<${Starters} session=${session} count=${3} />`}
  </div>`;
}

/** @param {{ session: import('../lib/session.js').Session, total: number }} props */
function Elapsed({ session, total }) {
  const text = useRef(/** @type {HTMLSpanElement | null} */ (null));
  useFrames(() => {
    const at = duration(Math.max(0, Math.min(total, session.room.position() ?? 0)));
    if (text.current && text.current.textContent !== at) text.current.textContent = at;
  });
  return html`<span class="time"><span ref=${text} data-test="elapsed"></span><span class="time-total"> / ${duration(total)}</span></span>`;
}
