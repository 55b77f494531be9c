// @ts-check
// What is coming, in play order.
import { useEffect } from 'preact/hooks';
import { html } from '../lib/html.js';
import { serverOf } from '../player/elsewhere.js';
import { duration, t } from '../lib/i18n.js';
import { may } from '../lib/may.js';
import { attempt } from '../lib/refusal.js';
import { toast } from '../lib/announce.js';
import { dropIfGone } from '../lib/drag.js';
import { Row } from './queue_row.js';
import { Starters } from './starters.js';
import { Icon } from './icon.js';

/** @param {{ session: import('../lib/session.js').Session, onAdd: () => void }} props */
export function Queue({ session, onAdd }) {
  const state = session.state.value;
  const { queue } = state;
  useEffect(() => {
    if (dropIfGone(queue)) toast(t('queue.gone_while_dragged'));
  }, [queue]);
  return html`<div class="queue">
    ${queue.length === 0
      ? html`<${Empty} session=${session} />`
      : html`<ol class="rows" aria-label=${t('queue.title')} data-test="queue">
          ${queue.map((item, index) => html`<${Row} key=${item.id} session=${session} item=${item} index=${index} />`)}
        </ol>`}
    ${may(state, 'add') &&
    html`<button class="adder" data-test="add-track" onClick=${onAdd}><${Icon} name="plus" size=${20} />${t('add.open')}</button>`}
  </div>`;
}

/** @param {{ session: import('../lib/session.js').Session }} props */
function Empty({ session }) {
  const state = session.state.value;
  if (!state.current && may(state, 'add')) return html`<${Starters} session=${session} count=${6} />`;
  return html`<p class="empty">${t(state.current ? 'queue.empty' : 'queue.empty_idle')}</p>`;
}

/** How many tracks wait, and how long they last. @param {{ session: import('../lib/session.js').Session }} props */
export function QueueSum({ session }) {
  const { queue } = session.state.value;
  if (queue.length === 0) return null;
  const time = duration(queue.reduce((sum, item) => sum + item.track.duration_ms, 0));
  return html`<span class="side-sum">${t('queue.sum', { count: queue.length, time })}</span>`;
}

/** Heading of the queue, with what concerns all of it. @param {{ session: import('../lib/session.js').Session }} props */
export function QueueTools({ session }) {
  const state = session.state.value;
  const { room } = session;
  if (!may(state, 'reorder') || state.queue.length < 2) return null;
  const clear = async () => {
    const { queue } = session.state.peek();
    // What others serve is deleted for good: nobody keeps its address.
    const ours = queue.filter((item) => serverOf(item.track) === null).length;
    const undo = ours > 0 ? () => attempt(room.undo()) : undefined;
    if (!(await attempt(room.clear().then(() => true)))) return;
    const told = t('queue.cleared', { count: queue.length });
    toast(ours < queue.length ? `${told} ${t('queue.cleared_elsewhere')}` : told, { undo });
  };
  return html`<div class="tools">
    <button class="quiet round small" aria-label=${t('queue.shuffle')} title=${t('queue.shuffle')} onClick=${() => attempt(room.shuffle())}>
      <${Icon} name="shuffle" size=${20} />
    </button>
    <button class="quiet round small" aria-label=${t('queue.clear')} title=${t('queue.clear')} onClick=${clear}>
      <${Icon} name="trash" size=${20} />
    </button>
  </div>`;
}
