// The console as a whole: who is signed in, which page is open, and the frame around it.
import { language, t } from './i18n.js';
import { go, place } from './router.js';
import { administers, expired, load, session } from './session.js';
import './theme.js';
import { html, render, useEffect, useErrorBoundary, useRef, useState } from './view.js';
import { Loading, Questions, Toasts, Trouble } from './ui/feedback.js';
import { Frame } from './ui/frame.js';
import { FirstPassword, SignIn, SignInAgain } from './pages/sign-in.js';
import { AccessTokens } from './pages/access-tokens.js';
import { Audit } from './pages/audit.js';
import { Balance } from './pages/balance.js';
import { Books } from './pages/books.js';
import { CallStory } from './pages/call.js';
import { Calls } from './pages/calls.js';
import { ChannelForm } from './pages/channel.js';
import { Channels } from './pages/channels.js';
import { Codes } from './pages/codes.js';
import { Groups } from './pages/groups.js';
import { Overview } from './pages/overview.js';
import { Playground } from './pages/playground.js';
import { Prices } from './pages/prices.js';
import { Profile } from './pages/profile.js';
import { Settings } from './pages/settings.js';
import { Tokens } from './pages/tokens.js';
import { Usage } from './pages/usage.js';
import { Users } from './pages/users.js';

/** Each page by the first part of its path; `one` is the page of a single thing. `who` may open it, everybody unless said. */
const PAGES = {
  overview: { page: Overview, part: 'work' },
  playground: { page: Playground, part: 'work' },
  channels: { page: Channels, one: ChannelForm, who: administers, part: 'gateway' },
  tokens: { page: Tokens, part: 'gateway' },
  calls: { page: Calls, one: CallStory, part: 'gateway' },
  usage: { page: Usage, part: 'gateway' },
  users: { page: Users, who: administers, part: 'money' },
  groups: { page: Groups, who: administers, part: 'money' },
  prices: { page: Prices, who: administers, part: 'money' },
  codes: { page: Codes, who: administers, part: 'money' },
  balance: { page: Balance, part: 'money' },
  access: { page: AccessTokens, part: 'house' },
  audit: { page: Audit, who: administers, part: 'house' },
  books: { page: Books, who: administers, part: 'house' },
  settings: { page: Settings, who: (user) => user.role === 'root', part: 'house' },
  profile: { page: Profile },
};

function App() {
  language.use();
  const user = session.use();
  const [trouble, setTrouble] = useState(null);
  const begin = () => {
    setTrouble(null);
    load().catch(setTrouble);
  };
  useEffect(begin, []);
  return html`
    ${trouble ? html`<main class="alone"><${Trouble} problem=${trouble} retry=${begin} /></main>` : html`<${Inside} user=${user} />`}
    <${Questions} />
    <${Toasts} />
  `;
}

function Inside({ user }) {
  const again = expired.use();
  const [later, setLater] = useState(false);
  if (user === undefined) return html`<main class="alone"><${Loading} /></main>`;
  if (user === null) return html`<${SignIn} />`;
  if (user.password_generated && !later) return html`<${FirstPassword} later=${() => setLater(true)} />`;
  return html`
    <${Page} user=${user} />
    ${again && html`<${SignInAgain} user=${user} />`}
  `;
}

function Page({ user }) {
  const { parts, query } = place.use();
  const [name = 'overview', id] = parts;
  const entry = PAGES[name];
  const open = entry && (!entry.who || entry.who(user));
  const main = useRef();
  const title = open ? t('nav.' + name) : t('problem.nowhere');
  useEffect(() => {
    document.title = title + ' · Sluice';
  }, [title]);
  const first = useRef(true);
  useEffect(() => {
    // whoever hears the page is told where it went; the first page is announced by the browser itself
    if (!first.current) main.current.querySelector('h1')?.focus();
    first.current = false;
    scrollTo(0, 0);
  }, [name, id]);
  const Body = open && (id && entry.one ? entry.one : entry.page);
  return html`<${Frame} user=${user} pages=${PAGES} here=${name}>
    <main id="main" ref=${main}>
      ${open
        ? html`<${Guard} key=${name + '/' + (id || '')}><${Body} user=${user} id=${id} query=${query} /><//>`
        : html`<div class="empty"><h1 tabindex="-1">${title}</h1><button class="quiet" onClick=${() => go('overview')}>${t('nav.overview')}</button></div>`}
    </main>
  <//>`;
}

/** A page that breaks must not take the way to the others with it. */
function Guard({ children }) {
  const [broken] = useErrorBoundary((error) => console.error(error));
  return broken ? html`<${Trouble} problem=${broken} />` : children;
}

render(html`<${App} />`, document.getElementById('app'));
