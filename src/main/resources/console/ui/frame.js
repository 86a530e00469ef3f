// The frame around every page: where one can go, who one is, and in which language and light.
import { attempt } from './feedback.js';
import { choose as chooseLanguage, language, t } from '../i18n.js';
import { signOut } from '../session.js';
import { choose as chooseTheme, THEMES, theme } from '../theme.js';
import { html, useState } from '../view.js';
import { Icon } from './icons.js';

const PARTS = ['work', 'gateway', 'money', 'house'];

export function Frame({ user, pages, here, children }) {
  const [open, setOpen] = useState(false);
  const close = () => setOpen(false);
  return html`
    <a class="skip" href="#main" onClick=${skip}>${t('skip')}</a>
    <header class="top">
      <button class="bare menu-button" aria-label=${t('menu')} aria-expanded=${open ? 'true' : 'false'} aria-controls="menu" onClick=${() => setOpen(!open)}>
        <${Icon} name=${open ? 'close' : 'menu'} />
      </button>
      <a class="brand" href="#/overview"><${Mark} />Sluice</a>
      <span class="spring"></span>
      <${Preferences} />
      <a class="who" href="#/profile" aria-current=${here === 'profile' ? 'page' : undefined} title=${t('nav.profile')}>
        <${Icon} name="profile" /><span>${user.display_name || user.username}</span>
      </a>
      <button class="bare" title=${t('sign.out')} aria-label=${t('sign.out')} onClick=${() => attempt(signOut)}>
        <${Icon} name="out" />
      </button>
    </header>
    <div class="frame">
      <nav id="menu" class=${open ? 'open' : ''} aria-label=${t('menu')}>
        ${PARTS.map(
          (part) => html`<div class="nav-part">
            <p>${t('nav.part.' + part)}</p>
            <ul>
              ${Object.entries(pages)
                .filter(([, page]) => page.part === part && (!page.who || page.who(user)))
                .map(
                  ([name]) => html`<li>
                    <a href=${'#/' + name} aria-current=${here === name ? 'page' : undefined} onClick=${close}>
                      <${Icon} name=${name} />${t('nav.' + name)}
                    </a>
                  </li>`,
                )}
            </ul>
          </div>`,
        )}
        <p class="nav-foot"><a href="/api/docs" target="_blank" rel="noopener">${t('nav.docs')}</a></p>
      </nav>
      ${children}
    </div>
  `;
}

/** The address behind # is the page's; so the skip link moves the focus by hand. */
function skip(event) {
  event.preventDefault();
  document.querySelector('main h1')?.focus();
}

export function Mark() {
  return html`<svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
    <path class="gate" d="M9 6v20M23 6v20M9 10h14" />
    <path class="water" d="M4 18q3-2.8 6 0t6 0 6 0 6 0M4 23q3-2.8 6 0t6 0 6 0 6 0" />
  </svg>`;
}

/** Language and light, on every page and before the sign-in. */
export function Preferences() {
  const now = language.use();
  const light = theme.use();
  return html`<div class="preferences">
    <label class="unseen" for="language">${t('language')}</label>
    <select id="language" value=${now} onChange=${(event) => chooseLanguage(event.target.value)}>
      <option value="en" lang="en" selected=${now === 'en'}>English</option>
      <option value="zh" lang="zh-CN" selected=${now === 'zh'}>简体中文</option>
    </select>
    <label class="unseen" for="theme">${t('theme')}</label>
    <select id="theme" value=${light} onChange=${(event) => chooseTheme(event.target.value)}>
      ${THEMES.map((name) => html`<option value=${name} selected=${light === name}>${t('theme.' + name)}</option>`)}
    </select>
  </div>`;
}
