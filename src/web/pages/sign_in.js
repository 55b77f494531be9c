// @ts-check
// /sign-in: the steps on a page of their own, and where they lead to.
import { useEffect } from 'preact/hooks';
import { html } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { keepFocus } from '../lib/focus.js';
import { navigate } from '../lib/router.js';
import { useTitle } from '../lib/title.js';
import { wayBack } from '../lib/way_back.js';
import { Mark } from '../parts/icon.js';
import { Asked, Ways, broughtBack, useSignIn } from '../parts/sign_in_steps.js';

/** Where to go once somebody is signed in: a new account chooses its handle first. @param {{ fresh: boolean, then: string | null }} told */
export function goOn({ fresh, then }) {
  const back = then ?? wayBack();
  navigate(fresh && !back ? '/settings#fresh' : (back ?? '/'));
}

/** @param {{ title: string, children: any, test: string }} props */
export function Card({ title, children, test }) {
  return html`<main class="gate" id="main" tabindex="-1" data-test=${test}>
    <a href="/" class="brand"><${Mark} size=${30} /><span>${t('app.name')}</span></a>
    <div class="gate-card sign-in"><h1 class="gate-title">${title}</h1>${children}</div>
  </main>`;
}


export function SignIn() {
  const steps = useSignIn({ then: wayBack, entered: (told) => goOn(told), fault: broughtBack() });
  useTitle(t('sign_in.title'));
  useEffect(() => {
    if (location.hash) history.replaceState(null, '', location.pathname);
  }, []);
  const asked = Boolean(steps.asked.value);
  useEffect(() => {
    if (asked) keepFocus('[data-test="code"]');
  }, [asked]);
  if (asked) return html`<${Card} title=${t('sign_in.look')} test="sign-in-page"><${Asked} steps=${steps} /><//>`;
  return html`<${Card} title=${t('sign_in.title')} test="sign-in-page"><p class="gate-now">${t('sign_in.lead')}</p><${Ways} steps=${steps} /><//>`;
}
