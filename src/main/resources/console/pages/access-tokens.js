// Access tokens: how a script uses the admin API in one's own name.
import { post, remove } from '../api.js';
import { useList } from '../data.js';
import { ago, day } from '../format.js';
import { t } from '../i18n.js';
import { attempt, Badge, CopyButton, Dialog, Empty, Snippet, sure } from '../ui/feedback.js';
import { Expiry, Field, Form, useForm } from '../ui/form.js';
import { Icon } from '../ui/icons.js';
import { Head, RowButton, Table } from '../ui/table.js';
import { html, useState } from '../view.js';

export function AccessTokens() {
  const list = useList('/access-tokens');
  const [making, setMaking] = useState(false);
  const [made, setMade] = useState(null);
  const erase = async (token) => {
    if (!(await sure({ title: t('delete.one', { name: token.name }), text: t('access.delete.what'), action: t('delete') }))) return;
    await attempt(() => remove('/access-tokens/' + token.id), t('deleted'));
    list.reload();
  };
  const columns = [
    { title: t('name'), wide: true, cell: (token) => html`<span class="row-name">${token.name}</span><span class="soft"><code>${token.token_hint}</code></span>` },
    { title: t('scope'), cell: (token) => html`<${Badge} kind=${token.scope === 'write' ? 'warn' : 'plain'}>${t('scope.' + token.scope)}<//>` },
    { title: t('expires'), short: true, cell: (token) => (token.expires_at ? day(token.expires_at) : t('expires.never')) },
    { title: t('last.used'), short: true, cell: (token) => (token.last_used_at ? ago(token.last_used_at) : t('never')) },
    { title: t('created'), short: true, cell: (token) => day(token.created_at) },
    { title: t('actions'), actions: true, cell: (token) => html`<${RowButton} icon="remove" danger label=${t('delete.one', { name: token.name })} onClick=${() => erase(token)} />` },
  ];
  return html`
    <${Head} title=${t('nav.access')} about=${t('access.about')}>
      <button class="main" onClick=${() => setMaking(true)}><${Icon} name="add" />${t('access.add')}</button>
    <//>
    <${Table} caption=${t('nav.access')} columns=${columns} list=${list} empty=${html`<${Empty} title=${t('access.none')}><p>${t('access.none.why')}</p><//>`} />
    ${making && html`<${Maker} close=${() => setMaking(false)} saved=${(token) => { setMaking(false); setMade(token); list.reload(); }} />`}
    ${made && html`<${Dialog} title=${t('access.made')} onClose=${() => setMade(null)} wide>
      <p>${t('token.once')}</p>
      <div class="key"><code tabindex="0">${made.token}</code><${CopyButton} text=${made.token} /></div>
      <${Snippet} text=${`curl -H "Authorization: Bearer ${made.token}" ${location.origin}/api/usage`} />
      <footer><button class="main" onClick=${() => setMade(null)}>${t('token.kept')}</button></footer>
    <//>`}
  `;
}

function Maker({ close, saved }) {
  const form = useForm({ name: '', scope: 'read', expires_at: null }, async (values) => saved(await post('/access-tokens', values)));
  return html`<${Dialog} title=${t('access.add')} onClose=${close}>
    <${Form} form=${form} action=${t('access.add')} onCancel=${close}>
      <div class="fields">
        <${Field} form=${form} name="name" label=${t('name')} required wide autofocus />
        <${Field} form=${form} name="scope" type="select" label=${t('scope')} hint=${t('scope.hint')} options=${['read', 'write'].map((scope) => [scope, t('scope.' + scope)])} />
        <${Expiry} form=${form} />
      </div>
    <//>
  <//>`;
}
