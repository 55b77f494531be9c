// @ts-check
// The door of the client: picks the page for the path, and holds what lies over every page.
import { render } from 'preact';
import { html } from './lib/html.js';
import { path, roomIn, startRouter } from './lib/router.js';
import { t } from './lib/i18n.js';
import { Home } from './pages/home.js';
import { RoomPage } from './pages/room.js';
import { SignIn } from './pages/sign_in.js';
import { SignInLink } from './pages/sign_in_link.js';
import { AccountPage } from './pages/account.js';
import { PrivacyPage } from './pages/privacy.js';
import { SupportPage } from './pages/support.js';
import { Missing } from './pages/ended.js';
import { sheets } from './lib/announce.js';
import { findMe } from './lib/account.js';
import { findPolicy } from './lib/policy.js';
import { tellVisits } from './lib/visits.js';
import { Foot } from './parts/foot.js';
import { PolicyNotice } from './parts/policy_notice.js';
import { Toasts } from './parts/toasts.js';

function Page() {
  const room = roomIn(path.value);
  if (room) return html`<${RoomPage} id=${room} key=${room} />`;
  if (path.value === '/') return html`<${Home} />`;
  if (path.value === '/sign-in') return html`<${SignIn} />`;
  if (path.value === '/sign-in/email') return html`<${SignInLink} />`;
  if (path.value === '/settings') return html`<${AccountPage} />`;
  if (path.value === '/privacy') return html`<${PrivacyPage} />`;
  if (path.value === '/support') return html`<${SupportPage} />`;
  return html`<${Missing} what="page" />`;
}

function App() {
  return html`
    <a class="skip-link" href="#main">${t('app.skip_to_content')}</a>
    <${Page} />
    ${!roomIn(path.value) && html`<${Foot} />`}
    <${PolicyNotice} />
    ${sheets.value.length === 0 && html`<${Toasts} />`}
  `;
}

startRouter();
findPolicy();
findMe();
tellVisits();
render(html`<${App} />`, /** @type {HTMLElement} */ (document.getElementById('app')));
