// Signing in at an OpenID provider, where the gateway knows one: made known from the profile, and forgotten.
import { post, remove } from '../api.js';
import { useGet } from '../data.js';
import { t } from '../i18n.js';
import { place } from '../router.js';
import { attempt, Badge, Notice, sure } from '../ui/feedback.js';
import { html } from '../view.js';

/** A card of one's own profile; nothing where there is no provider. */
export function Identity() {
  const provider = useGet('/oidc');
  const link = useGet('/oidc/link');
  const came = place.use().query.oidc;
  if (!provider.data?.enabled || !link.data) return null;
  const name = provider.data.name;
  const go = () => attempt(async () => location.assign((await post('/oidc/link')).url));
  const forget = async () => {
    if (!(await sure({ title: t('oidc.unlink', { name }), text: t('oidc.unlink.what'), action: t('oidc.unlink.do') }))) return;
    await attempt(() => remove('/oidc/link'), t('saved'));
    link.reload();
  };
  return html`<section class="card">
    <h2>${name}</h2>
    <p class="soft">${t('oidc.about', { name })}</p>
    ${came && html`<${Notice} kind=${came === 'linked' ? 'good' : 'bad'}>${t('oidc.came.' + came)}<//>`}
    <dl><div><dt>${t('state')}</dt><dd><${Badge} kind=${link.data.linked ? 'good' : 'plain'}>${t(link.data.linked ? 'oidc.linked' : 'oidc.not.linked')}<//></dd></div></dl>
    <footer>
      ${link.data.linked
        ? html`<button type="button" class="quiet" onClick=${forget}>${t('oidc.unlink', { name })}</button>`
        : html`<button type="button" class="main" onClick=${go}>${t('oidc.link', { name })}</button>`}
    </footer>
  </section>`;
}
