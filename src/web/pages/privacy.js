// @ts-check
// /privacy: what this server keeps, as the server itself words it, and what changed in it.
import { useEffect } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { html } from '../lib/html.js';
import { language, t } from '../lib/i18n.js';
import { policy, policyText } from '../lib/policy.js';
import { useTitle } from '../lib/title.js';
import { Mark } from '../parts/icon.js';
import { Missing } from './ended.js';

export function PrivacyPage() {
  const text = useSignal(/** @type {import('../lib/policy.js').PolicyText | null} */ (null));
  const away = useSignal(false);
  const wished = language.value;
  useTitle(t('foot.privacy'));
  useEffect(() => {
    policyText(wished).then((told) => (text.value = told), () => (away.value = true));
  }, [wished]);
  if (away.value && !text.value) return html`<${Missing} what="unavailable" />`;
  const { value: shown } = text;
  return html`<div class="policy-page">
    <header class="home-head"><a href="/" class="brand"><${Mark} size=${30} /><span>${t('app.name')}</span></a></header>
    <main class="policy" id="main" tabindex="-1" aria-busy=${!shown} data-test="policy">
      ${shown && html`
        <h1>${shown.title}</h1>
        <p class="policy-lead">${shown.lead}</p>
        ${shown.sections.map((section) => html`<section key=${section.id} id=${section.id}><h2>${section.title}</h2>${section.text.map((words, place) => html`<p key=${place}>${words}</p>`)}</section>`)}
        <${Changes} />
      `}
    </main>
  </div>`;
}

function Changes() {
  const known = policy.value;
  if (!known) return null;
  return html`<section id="versions"><h2>${t('policy.versions')}</h2><ol class="policy-versions" reversed>
    ${known.changes.map((one) => html`<li key=${one.version} value=${one.version}><time datetime=${one.date}>${one.date}</time> ${language.value === 'vi' ? one.text.vi : one.text.en}</li>`)}
  </ol></section>`;
}
