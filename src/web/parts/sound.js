// @ts-check
// How loud it is here. It concerns this browser only.
import { html } from '../lib/html.js';
import { number, t } from '../lib/i18n.js';
import { prefer, preferences } from '../lib/preferences.js';
import { Icon } from './icon.js';

export function SoundButton() {
  const { muted } = preferences.value;
  return html`<button
    class="quiet round"
    data-test="mute"
    aria-label=${t(muted ? 'sound.unmute' : 'sound.mute')}
    title=${t(muted ? 'sound.unmute' : 'sound.mute')}
    onClick=${() => prefer({ muted: !muted })}
  >
    <${Icon} name=${muted ? 'muted' : 'volume'} />
  </button>`;
}

export function Volume() {
  const { volume, muted } = preferences.value;
  const percent = Math.round((muted ? 0 : volume) * 100);
  return html`<input
    type="range"
    class="range"
    min="0"
    max="100"
    data-test="volume"
    aria-label=${t('sound.volume')}
    aria-valuetext=${t('sound.percent', { percent: number(percent) })}
    value=${percent}
    style=${{ '--filled': `${percent}%` }}
    onInput=${(/** @type {any} */ event) => prefer({ volume: Number(event.target.value) / 100, muted: false })}
  />`;
}
