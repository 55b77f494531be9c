// @ts-check
// In the room: three columns on a desk, two on a tablet, the disc and a row of sheets on a phone.
import { useEffect } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { html } from '../lib/html.js';
import { number, t } from '../lib/i18n.js';
import { isMiddle, isWide } from '../lib/here.js';
import { announce } from '../lib/announce.js';
import { carryOn } from '../lib/carry_on.js';
import { keepFocus } from '../lib/focus.js';
import { isLight } from '../lib/preferences.js';
import { roomLight } from '../lib/color.js';
import { onSignedIn } from '../lib/tabs_of_one.js';
import { takeWayBack } from '../lib/way_back.js';
import { useTitle } from '../lib/title.js';
import { isLost, tellEvents } from '../lib/told.js';
import { AddSheet } from '../parts/add.js';
import { Chat } from '../parts/chat.js';
import { Disc } from '../parts/disc.js';
import { Drift } from '../parts/drift.js';
import { Foot } from '../parts/foot.js';
import { Icon } from '../parts/icon.js';
import { Now } from '../parts/now.js';
import { People } from '../parts/people.js';
import { Queue, QueueSum, QueueTools } from '../parts/queue.js';
import { Reactions } from '../parts/reactions.js';
import { SignInSheet } from '../parts/sign_in_sheet.js';
import { RoomHead } from '../parts/room_head.js';
import { RoomSettingsSheet } from '../parts/room_settings.js';
import { SettingsSheet } from '../parts/settings.js';
import { ShareSheet } from '../parts/share.js';
import { Sheet } from '../parts/sheet.js';
import { Tabs } from '../parts/tabs.js';
import { Transport } from '../parts/transport.js';

/** @typedef {import('../lib/session.js').Session} Session */
/** @typedef {'add' | 'share' | 'settings' | 'room' | 'queue' | 'chat' | 'people' | 'sign-in' | 'keep' | null} Over what lies over the page */

/** @param {{ session: Session, made: { copied: boolean } | null, back: import('../lib/way_back.js').WayBack | null }} props `back`: they come from signing in */
export function Inside({ session, made, back }) {
  const over = useSignal(/** @type {Over} */ (made ? 'share' : null));
  const state = session.state.value;
  useEffect(() => {
    keepFocus();
    announce(t('told.entered', { title: state.room?.title ?? '', count: state.presence.count }));
    if (back) carryOn(session, { keep: back.keep, joined: true });
    const ends = [tellEvents(session), onSignedIn(() => take(session))];
    return () => ends.forEach((end) => end());
  }, [session]);
  useTitle(state.room?.title);
  const { accent, fill, lamp } = roomLight(state.current?.track.accent, isLight());
  const show = (/** @type {Over} */ which) => (over.value = which);
  const layout = isWide.value ? 'is-wide' : isMiddle.value ? 'is-middle' : 'is-phone';
  return html`<div class=${`room ${layout}`} style=${{ '--accent': accent, '--fill': fill, '--lamp': lamp }}>
    <${RoomHead} session=${session} show=${show} />
    ${isLost(state) && html`<p class="connection" data-test="reconnecting"><span class="connection-dot" aria-hidden="true"></span>${t('connection.reconnecting')}</p>`}
    <main class="room-main" id="main" tabindex="-1">
      <${PlayerPart} session=${session} show=${show} />
      ${isWide.value && html`<${Side} name="queue" sum=${html`<${QueueSum} session=${session} />`} tools=${html`<${QueueTools} session=${session} />`}><${Queue} session=${session} onAdd=${() => show('add')} /><//>`}
      ${isWide.value && html`<div class="col-right"><${Side} name="people"><${People} session=${session} onShare=${() => show('share')} onSignIn=${() => show('sign-in')} /><//><${Side} name="chat"><${Chat} session=${session} /><//></div>`}
      ${!isWide.value && isMiddle.value && html`<${Tabs} session=${session} onAdd=${() => show('add')} onShare=${() => show('share')} onSignIn=${() => show('sign-in')} />`}
    </main>
    ${!isMiddle.value && html`<${Dock} session=${session} show=${show} />`}
    <${Over} session=${session} over=${over.value} made=${made} onClose=${() => (over.value = null)} show=${show} />
  </div>`;
}

/** Somebody signed in in another tab: it was from here, if the note says so. @param {Session} session */
function take(session) {
  const noted = takeWayBack(session.state.peek().room?.id ?? '');
  if (noted) carryOn(session, { keep: noted.keep, joined: false });
  return noted !== null;
}

/** @param {{ session: Session, show: (which: Over) => void }} props */
function PlayerPart({ session, show }) {
  const { current } = session.state.value;
  const add = () => show('add');
  return html`<section class="player" aria-label=${t('player.label')}>
    <div class="stage"><${Disc} session=${session} /></div>
    <${Drift} session=${session} />
    <${Now} session=${session} onAdd=${add} />
    ${current && html`<${Transport} session=${session} onAdd=${add} />`}
    ${current && isMiddle.value && html`<${Reactions} session=${session} />`}
    <${Foot} small=${true} />
  </section>`;
}

/** @param {{ name: 'queue' | 'people' | 'chat', children: any, sum?: any, tools?: any }} props */
function Side({ name, children, sum, tools }) {
  return html`<section class=${`side side-${name}`} aria-labelledby=${`side-${name}`}>
    <header class="side-head"><h2 id=${`side-${name}`}>${t(`${name}.title`)}${sum}</h2>${tools}</header>
    ${children}
  </section>`;
}

/** Under the thumb: what opens as sheets. @param {{ session: Session, show: (which: Over) => void }} props */
function Dock({ session, show }) {
  const state = session.state.value;
  const entries = /** @type {const} */ ([
    ['queue', state.queue.length],
    ['chat', session.unread.value],
    ['people', state.presence.count],
  ]);
  return html`<nav class="dock" aria-label=${t('dock.label')}>
    ${entries.map(
      ([name, count]) => html`<button key=${name} data-test=${`open-${name}`} onClick=${() => show(name)}>
        <span class="dock-icon"><${Icon} name=${name} />
          ${count > 0 && html`<span class=${`dock-count ${name === 'chat' ? 'is-new' : ''}`}>${number(count)}</span>`}</span>
        <span>${t(`${name}.title`)}</span>
      </button>`,
    )}
  </nav>`;
}

/** @param {{ session: Session, over: Over, made: { copied: boolean } | null, onClose: () => void, show: (which: Over) => void }} props */
function Over({ session, over, made, onClose, show }) {
  if (over === 'add') return html`<${AddSheet} session=${session} onClose=${onClose} />`;
  if (over === 'share') return html`<${ShareSheet} session=${session} copied=${made?.copied ?? false} onClose=${onClose} />`;
  if (over === 'settings') return html`<${SettingsSheet} session=${session} onClose=${onClose} />`;
  if (over === 'room') return html`<${RoomSettingsSheet} session=${session} onClose=${onClose} onKeep=${() => show('keep')} />`;
  if (over === 'sign-in' || over === 'keep') return html`<${SignInSheet} session=${session} keep=${over === 'keep'} onClose=${onClose} />`;
  if (over === 'queue') {
    return html`<${Sheet} title=${t('queue.title')} onClose=${onClose} test="queue-sheet" tall=${true}>
      <div class="side-head sheet-sub"><${QueueSum} session=${session} /><${QueueTools} session=${session} /></div>
      <${Queue} session=${session} onAdd=${() => show('add')} />
    <//>`;
  }
  if (over === 'chat') return html`<${Sheet} title=${t('chat.title')} onClose=${onClose} test="chat-sheet" tall=${true}><${Chat} session=${session} /><//>`;
  if (over === 'people') return html`<${Sheet} title=${t('people.title')} onClose=${onClose} test="people-sheet" tall=${true}><${People} session=${session} onShare=${() => show('share')} onSignIn=${() => show('sign-in')} /><//>`;
  return null;
}
