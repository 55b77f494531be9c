// @ts-check
// One item of the queue. The handle drags with a pointer and moves with the arrow keys; the same
// moves are buttons too, and each result is read aloud.
import { useSignal } from '@preact/signals';
import { html } from '../lib/html.js';
import { duration, number, t } from '../lib/i18n.js';
import { calledHere, credits } from '../lib/here.js';
import { may, mayRemove } from '../lib/may.js';
import { attempt } from '../lib/refusal.js';
import { announce } from '../lib/announce.js';
import { keepFocus, named } from '../lib/focus.js';
import { afterFor } from '../lib/order.js';
import { drag, handle, shiftOf } from '../lib/drag.js';
import { Art } from './art.js';
import { Icon } from './icon.js';

/** @typedef {import('../lib/session.js').Session} Session */
/** @typedef {import('../types.js').Item} Item */
/** @typedef {import('../lib/i18n.js').Key} Key */

/** @param {{ session: Session, item: Item, index: number }} props */
export function Row({ session, item, index }) {
  const state = session.state.value;
  const open = useSignal(false);
  const movable = may(state, 'reorder');
  const shift = shiftOf(index, item.id);
  const held = drag.value?.id === item.id;
  return html`<li
    class=${`row ${open.value ? 'is-open' : ''} ${held ? 'is-held' : ''} ${movable ? '' : 'is-fixed'}`}
    data-row
    data-test="queue-item"
    data-item=${item.id}
    style=${{ transform: shift ? `translateY(${shift}px)` : '' }}
  >
    ${movable && html`<${Handle} session=${session} item=${item} />`}
    <${Art} src=${item.track.artwork} />
    <button class="row-main" aria-expanded=${open.value} onClick=${() => (open.value = !open.value)}>
      <span class="row-title">${item.track.title}</span>
      <span class="row-sub">${credits(item.track).map((one) => html`${one}<span class="dividing"></span>`)}${t('queue.by', { name: calledHere(state, item.by) })}</span>
    </button>
    <span class="time row-time">${duration(item.track.duration_ms)}</span>
    <${Quick} session=${session} item=${item} />
    <${Vote} session=${session} item=${item} />
    <${Actions} session=${session} item=${item} index=${index} />
  </li>`;
}

/** Asks for the place, then says where it came to be. @param {Session} session @param {Item} item @param {number} to */
async function moveTo(session, item, to) {
  const { queue } = session.state.peek();
  const from = document.activeElement;
  if (to < 0 || to >= queue.length) return announce(t(to < 0 ? 'queue.is_first' : 'queue.is_last', { title: item.track.title }));
  const done = await attempt(session.room.move(item.id, afterFor(queue, item.id, to)).then(() => true));
  if (from instanceof HTMLElement) keepFocus(from);
  if (!done) return;
  const now = session.state.peek().queue;
  const place = now.findIndex((one) => one.id === item.id) + 1;
  if (place > 0) announce(t('queue.moved', { title: item.track.title, place, total: now.length }));
}

/** @param {{ session: Session, item: Item }} props */
function Handle({ session, item }) {
  const now = () => session.state.peek().queue;
  const place = () => now().findIndex((one) => one.id === item.id);
  const keys = (/** @type {KeyboardEvent} */ event) => {
    const by = event.key === 'ArrowUp' ? -1 : event.key === 'ArrowDown' ? 1 : 0;
    if (by === 0) return;
    event.preventDefault();
    moveTo(session, item, place() + by);
  };
  return html`<button
    class="row-handle"
    data-test="drag"
    aria-label=${t('queue.handle', { title: item.track.title })}
    onKeyDown=${keys}
    ...${handle(item.id, now, (to) => moveTo(session, item, to))}
  >
    <${Icon} name="grip" size=${20} />
  </button>`;
}

/** @param {{ session: Session, item: Item }} props */
function Vote({ session, item }) {
  const voted = session.voted.value.has(item.id);
  const vote = async () => {
    if ((await attempt(session.room.vote(item.id, voted ? 0 : 1).then(() => true))) !== true) return;
    const next = new Set(session.voted.peek());
    if (voted) next.delete(item.id);
    else next.add(item.id);
    session.voted.value = next;
  };
  return html`<button
    class="vote"
    data-test="vote"
    aria-pressed=${voted}
    aria-label=${t('queue.vote', { title: item.track.title, count: item.votes })}
    onClick=${vote}
  >
    <${Icon} name="vote" size=${18} />
    <span class="vote-count" aria-hidden="true">${item.votes !== 0 ? number(item.votes) : ''}</span>
  </button>`;
}

/** What is done to one item: who may do what is decided here, once. @param {Session} session @param {Item} item */
function deeds(session, item) {
  const state = session.state.value;
  const { title } = item.track;
  const remove = async () => {
    const place = session.state.peek().queue.findIndex((one) => one.id === item.id);
    if (!(await attempt(session.room.remove(item.id).then(() => true)))) return;
    announce(t('queue.removed', { title }));
    keepFocus(`[data-row]:nth-child(${place + 1}) .row-main`, `[data-row]:nth-child(${place}) .row-main`, named('add-track'));
  };
  return {
    jump: may(state, 'skip') ? () => attempt(session.room.jump(item.id)) : null,
    remove: mayRemove(state, item) ? remove : null,
  };
}

/** For the mouse; keys and touch have the same in the row's own actions. @param {{ session: Session, item: Item }} props */
function Quick({ session, item }) {
  const { jump, remove } = deeds(session, item);
  if (!jump && !remove) return null;
  const one = (/** @type {import('./icon.js').IconName} */ icon, /** @type {Key} */ word, /** @type {() => void} */ act) =>
    html`<button class="quiet round small" tabindex="-1" title=${t(word)} onClick=${act}><${Icon} name=${icon} size=${20} /></button>`;
  return html`<span class="row-quick" aria-hidden="true">${jump && one('jump', 'queue.play_now', jump)}${remove && one('trash', 'queue.remove', remove)}</span>`;
}

/** @param {{ session: Session, item: Item, index: number }} props */
function Actions({ session, item, index }) {
  const state = session.state.value;
  const last = state.queue.length - 1;
  const { title } = item.track;
  const { jump, remove } = deeds(session, item);
  const movable = may(state, 'reorder');
  return html`<div class="row-actions">
    ${movable && html`<${Act} test="move-up" icon="up" word="queue.move_up" title=${title} off=${index === 0} act=${() => moveTo(session, item, index - 1)} />`}
    ${movable && html`<${Act} test="move-down" icon="down" word="queue.move_down" title=${title} off=${index === last} act=${() => moveTo(session, item, index + 1)} />`}
    ${jump && html`<${Act} test="jump" icon="jump" word="queue.play_now" title=${title} act=${jump} />`}
    ${remove && html`<${Act} test="remove" icon="trash" word="queue.remove" title=${title} act=${remove} />`}
    ${!movable && !jump && !remove && html`<p class="note">${t('queue.no_actions', { name: calledHere(state, item.by) })}</p>`}
  </div>`;
}

/** @param {{ test: string, icon: import('./icon.js').IconName, word: Key, title: string, off?: boolean, act: () => void }} props */
function Act({ test, icon, word, title, off = false, act }) {
  return html`<button class="row-act" data-test=${test} aria-label=${`${t(word)}: ${title}`} aria-disabled=${off} onClick=${() => !off && act()}>
    <${Icon} name=${icon} size=${20} />${t(word)}
  </button>`;
}
