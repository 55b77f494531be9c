// @ts-check
// Queue, chat and people in one column, for pages too narrow for three.
import { useSignal } from '@preact/signals';
import { html } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { Chat } from './chat.js';
import { People } from './people.js';
import { Queue, QueueSum, QueueTools } from './queue.js';

const NAMES = /** @type {const} */ (['queue', 'chat', 'people']);

/** @param {{ session: import('../lib/session.js').Session, onAdd: () => void, onShare: () => void, onSignIn: () => void }} props */
export function Tabs({ session, onAdd, onShare, onSignIn }) {
  const chosen = useSignal(/** @type {typeof NAMES[number]} */ ('queue'));
  const turn = (/** @type {KeyboardEvent} */ event) => {
    const by = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (by === 0) return;
    event.preventDefault();
    chosen.value = NAMES[(NAMES.indexOf(chosen.value) + by + NAMES.length) % NAMES.length];
    document.getElementById(`tab-${chosen.value}`)?.focus();
  };
  const name = chosen.value;
  return html`<section class="side side-tabs">
    <div class="tabs" role="tablist" aria-label=${t('dock.label')} onKeyDown=${turn}>
      ${NAMES.map(
        (one) => html`<button role="tab" id=${`tab-${one}`} key=${one} data-test=${`open-${one}`} aria-selected=${one === name} aria-controls="tab-panel"
          tabindex=${one === name ? 0 : -1} onClick=${() => (chosen.value = one)}>
          ${t(`${one}.title`)}
          ${one === 'chat' && one !== name && session.unread.value > 0 && html`<span class="dock-count is-new">${session.unread.value}</span>`}
        </button>`,
      )}
    </div>
    <div class=${`tab-panel tab-${name}`} role="tabpanel" id="tab-panel" aria-labelledby=${`tab-${name}`}>
      ${name === 'queue' && html`<div class="side-head sheet-sub"><${QueueSum} session=${session} /><${QueueTools} session=${session} /></div><${Queue} session=${session} onAdd=${onAdd} />`}
      ${name === 'chat' && html`<${Chat} session=${session} />`}
      ${name === 'people' && html`<${People} session=${session} onShare=${onShare} onSignIn=${onSignIn} />`}
    </div>
  </section>`;
}
