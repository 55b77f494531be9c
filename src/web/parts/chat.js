// @ts-check
// What is said. In memory on the server, gone when the room is.
import { useEffect, useRef } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { html } from '../lib/html.js';
import { t, timeOfDay } from '../lib/i18n.js';
import { calledHere } from '../lib/here.js';
import { mayChat, mayUnsay } from '../lib/may.js';
import { attempt } from '../lib/refusal.js';
import { announce } from '../lib/announce.js';
import { keepFocus, named } from '../lib/focus.js';
import { Icon } from './icon.js';

const NEAR = 80;
const PAUSE = 5 * 60_000;

/** @typedef {import('../lib/session.js').Session} Session */
/** @typedef {import('../types.js').Message} Message */

/** How far the end is below what is seen, in pixels. @param {HTMLElement | null} box */
const away = (box) => (box ? box.scrollHeight - box.scrollTop - box.clientHeight : 0);

/** @param {{ session: Session }} props */
export function Chat({ session }) {
  const state = session.state.value;
  const log = useRef(/** @type {HTMLElement | null} */ (null));
  const behind = useSignal(false);
  const last = state.chat.at(-1);
  const toEnd = () => {
    const box = log.current;
    if (box) box.scrollTop = box.scrollHeight;
    behind.value = false;
  };
  useEffect(toEnd, []);
  useEffect(() => {
    session.unread.value = 0;
    // Who reads further up is not torn away, but told.
    if (last?.by === state.you?.member || away(log.current) < NEAR * 2) toEnd();
    else behind.value = true;
  }, [last?.id]);
  return html`<div class="chat">
    <div class="chat-log" role="log" aria-live="polite" aria-label=${t('chat.title')} tabindex="0" data-test="chat-log" ref=${log} onScroll=${() => away(log.current) < NEAR && (behind.value = false)}>
      ${state.chat.length === 0 && html`<p class="empty">${t('chat.empty')}</p>`}
      ${state.chat.map((message, index) => html`<${Said} key=${message.id} session=${session} message=${message} before=${state.chat[index - 1]} />`)}
    </div>
    ${behind.value && html`<button class="primary chat-new" onClick=${toEnd}><${Icon} name="down" size=${18} />${t('chat.new')}</button>`}
    ${mayChat(state) ? html`<${Say} session=${session} />` : html`<p class="chat-closed">${t('chat.not_allowed')}</p>`}
  </div>`;
}

/** @param {{ session: Session, message: Message, before?: Message }} props */
function Said({ session, message, before }) {
  const state = session.state.value;
  const follows = before !== undefined && before.by === message.by && message.at - before.at < PAUSE;
  const you = message.by === state.you?.member;
  const remove = async () => {
    if (!(await attempt(session.room.unsay(message.id).then(() => true)))) return;
    announce(t('chat.removed'));
    keepFocus(named('chat-log'));
  };
  const open = useSignal(false);
  return html`<div class=${`said ${follows ? 'said-on' : ''} ${you ? 'said-you' : ''} ${open.value ? 'is-open' : ''}`} data-test="message" onClick=${() => (open.value = !open.value)}>
    <p class=${follows ? 'unseen' : 'said-head'}>
      <span class="said-name">${calledHere(state, message.by)}</span>
      <time class="time">${timeOfDay(message.at)}</time>
    </p>
    <p class="said-text" dir="auto">${message.text}</p>
    ${mayUnsay(state, message) &&
    html`<button class="quiet round small said-remove" data-test="unsay" aria-label=${t('chat.remove', { text: message.text.slice(0, 40) })} title=${t('chat.remove_short')} onClick=${remove}>
      <${Icon} name="trash" size=${18} />
    </button>`}
  </div>`;
}

/** @param {{ session: Session }} props */
function Say({ session }) {
  const text = session.draft;
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  const send = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const said = text.value.trim();
    if (!said) return;
    text.value = '';
    // What was refused is given back rather than lost.
    if ((await attempt(session.room.say(said).then(() => true))) !== true && text.value === '') text.value = said;
    field.current?.focus();
  };
  return html`<form class="say" onSubmit=${send}>
    <input
      ref=${field}
      data-test="chat-input"
      aria-label=${t('chat.say')}
      placeholder=${t('chat.say')}
      maxlength=${session.state.value.limits?.chat ?? 500}
      autocomplete="off"
      enterkeyhint="send"
      value=${text.value}
      onInput=${(/** @type {any} */ event) => (text.value = event.target.value)}
    />
    <button class="tinted round" data-test="chat-send" aria-label=${t('chat.send')} disabled=${!text.value.trim()}><${Icon} name="send" size=${20} /></button>
  </form>`;
}
