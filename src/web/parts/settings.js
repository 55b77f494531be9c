// @ts-check
// What concerns only this browser: looks, language, sound, and being forgotten.
import { html } from '../lib/html.js';
import { LANGUAGES, language, signed, t } from '../lib/i18n.js';
import { chooseLanguage } from '../lib/account.js';
import { forgetPreferences, prefer, preferences } from '../lib/preferences.js';
import { attempt } from '../lib/refusal.js';
import { toast } from '../lib/announce.js';
import { navigate } from '../lib/router.js';
import { guestTokens } from '../lib/tokens.js';
import { Choice } from './choice.js';
import { AllowedHosts } from './elsewhere.js';
import { Sheet } from './sheet.js';
import { SoundButton, Volume } from './sound.js';
import { Sure } from './sure.js';

/** @param {{ session?: import('../lib/session.js').Session, onClose: () => void }} props */
export function SettingsSheet({ session, onClose }) {
  return html`<${Sheet} title=${t('settings.title')} onClose=${onClose} test="settings-sheet">
    <${Looks} />
    ${session && html`<${Sound} />`}
    <${AllowedHosts} />
    ${session && html`<${Forget} session=${session} />`}
  <//>`;
}

export function Looks() {
  const themes = /** @type {const} */ (['system', 'dark', 'light']);
  return html`
    <${Choice}
      label=${t('settings.theme')}
      value=${preferences.value.theme}
      test="theme"
      options=${themes.map((value) => ({ value, word: t(`settings.theme_${value}`) }))}
      onPick=${(/** @type {any} */ theme) => prefer({ theme })}
    />
    <${Choice}
      label=${t('settings.language')}
      value=${language.value}
      test="language"
      options=${LANGUAGES.map(([value, word]) => ({ value, word }))}
      onPick=${(/** @type {string} */ picked) => attempt(chooseLanguage(picked))}
    />
  `;
}

function Sound() {
  const { nudge } = preferences.value;
  return html`
    <div class="setting">
      <h3>${t('sound.volume')}</h3>
      <div class="setting-row"><${SoundButton} /><${Volume} /></div>
    </div>
    <div class="setting">
      <h3 id="nudge-label">${t('settings.nudge')}</h3>
      <div class="setting-row">
        <input
          type="range"
          class="range range-middle"
          min="-500"
          max="500"
          step="5"
          data-test="nudge"
          aria-labelledby="nudge-label"
          aria-valuetext=${t('settings.nudge_value', { ms: signed(nudge) })}
          value=${nudge}
          onInput=${(/** @type {any} */ event) => prefer({ nudge: Number(event.target.value) })}
        />
        <output class="time">${t('settings.nudge_value', { ms: signed(nudge) })}</output>
      </div>
      <p class="note">${t('settings.nudge_note')}</p>
    </div>
  `;
}

/** @param {{ session: import('../lib/session.js').Session }} props */
function Forget({ session }) {
  const forget = async () => {
    const id = session.state.peek().room?.id;
    if ((await attempt(session.room.forget().then(() => true))) !== true) return;
    if (id) guestTokens.removeItem(id);
    forgetPreferences();
    navigate('/');
    toast(t('settings.forgotten'));
  };
  return html`<div class="setting">
    <h3>${t('settings.forget')}</h3>
    <p class="note">${t('settings.forget_note')}</p>
    <${Sure} word=${t('settings.forget_button')} question=${t('settings.forget_sure')} act=${forget} grave=${true} plain=${true} test="forget" />
  </div>`;
}
