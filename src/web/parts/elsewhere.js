// @ts-check
// Tracks on other people's servers: asks whoever listens before one is reached, and lists those that
// were allowed, each to be taken back.
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { html } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { announce, sheets } from '../lib/announce.js';
import { allow, askAgain, notNow, putOff, withdraw } from '../lib/elsewhere.js';
import { keepFocus, named } from '../lib/focus.js';
import { preferences } from '../lib/preferences.js';
import { hostIn } from '../player/elsewhere.js';

/** @typedef {import('../lib/session.js').Session} Session */

/** Under what plays, where its listener has not allowed its server. @param {{ session: Session }} props */
export function AskElsewhere({ session }) {
  const { status, origin, host } = session.playing.value;
  if (status !== 'asking' || !origin || !host) return null;
  const Part = putOff.value.has(origin) ? PutOff : Ask;
  return html`<${Part} key=${origin} session=${session} origin=${origin} host=${host} />`;
}

/** As a `ref`: the keyboard does not get lost in what goes away, because it was answered or the track is over. */
function useWayOut() {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  // Before it is gone: afterwards nobody knows where the keyboard was.
  useLayoutEffect(() => () => {
    if (box.current?.contains(document.activeElement)) keepFocus('.now-title');
  }, []);
  return box;
}

/** Said once an item, and when it can be answered: not while a sheet lies over it. @param {string} text @param {string | undefined} item */
function useSaid(text, item) {
  const covered = sheets.value.length > 0;
  useEffect(() => {
    if (!covered) announce(text);
  }, [item, covered]);
}

/** @param {{ session: Session, origin: string, host: string }} props */
function Ask({ session, origin, host }) {
  const item = session.state.value.current;
  const box = useWayOut();
  useSaid(t('elsewhere.told', { title: item?.track.title ?? '', host }), item?.id);
  const listen = () => {
    allow(origin);
    // It is a press all the same: that is what lets the browser make sound.
    session.player.unblock();
    announce(t('elsewhere.allowed_now', { host }));
  };
  const later = () => {
    notNow(origin);
    keepFocus(named('ask-again-elsewhere'));
  };
  return html`<div class="elsewhere" ref=${box} role="group" aria-labelledby="elsewhere-from" data-test="ask-elsewhere">
    <p class="elsewhere-from" id="elsewhere-from">${t('elsewhere.from', { host })}</p>
    <p class="elsewhere-note" id="elsewhere-note">${t('elsewhere.note')}</p>
    <div class="elsewhere-acts">
      <button class="primary" data-test="allow-elsewhere" aria-describedby="elsewhere-note" onClick=${listen}>${t('elsewhere.listen')}</button>
      <button class="quiet elsewhere-later" data-test="not-now-elsewhere" onClick=${later}>${t('elsewhere.not_now')}</button>
    </div>
  </div>`;
}

/** @param {{ session: Session, origin: string, host: string }} props */
function PutOff({ session, origin, host }) {
  const item = session.state.value.current;
  const box = useWayOut();
  useSaid(t('elsewhere.unavailable', { host }), item?.id);
  const ask = () => {
    askAgain(origin);
    keepFocus(named('allow-elsewhere'));
  };
  return html`<div class="elsewhere-off" ref=${box}>
    <p>${t('elsewhere.unavailable', { host })}</p>
    <button class="chip" data-test="ask-again-elsewhere" onClick=${ask}>${t('elsewhere.ask_again')}</button>
  </div>`;
}

/** The servers that were allowed in this browser. Nothing is shown where there is none. */
export function AllowedHosts() {
  const { elsewhere } = preferences.value;
  if (elsewhere.length === 0) return null;
  return html`<div class="setting allowed-hosts">
    <h3>${t('elsewhere.allowed')}</h3>
    <p class="note">${t('elsewhere.allowed_note')}</p>
    <ul class="plain-list">${elsewhere.map((origin) => html`<${Allowed} key=${origin} origin=${origin} />`)}</ul>
  </div>`;
}

/** @param {{ origin: string }} props */
function Allowed({ origin }) {
  const host = hostIn(origin);
  const back = () => {
    withdraw(origin);
    announce(t('elsewhere.withdrawn', { host }));
    keepFocus(named('withdraw-host'), `dialog[open] ${named('sheet-close')}`);
  };
  return html`<li data-test="allowed-host">
    <span><b>${host}</b></span>
    <button class="chip" data-test="withdraw-host" aria-label=${t('elsewhere.withdraw_host', { host })} onClick=${back}>${t('elsewhere.withdraw')}</button>
  </li>`;
}
