// Redemption codes: made in a batch, shown once, worth credit to whoever redeems them.
import { post, remove } from '../api.js';
import { useList, useNames } from '../data.js';
import { day, time, usd } from '../format.js';
import { t } from '../i18n.js';
import { refine } from '../router.js';
import { attempt, Badge, CopyButton, Dialog, Empty, sure } from '../ui/feedback.js';
import { Expiry, Field, Form, number, useForm } from '../ui/form.js';
import { Icon } from '../ui/icons.js';
import { Head, RowButton, Sought, Table } from '../ui/table.js';
import { html, useState } from '../view.js';

export function Codes({ query }) {
  const list = useList('/redemption-codes', { name: query.name && `*${query.name}*`, state: query.state });
  const user = useNames('/users', 'username');
  const [making, setMaking] = useState(false);
  const [made, setMade] = useState(null);
  const erase = async (code) => {
    if (!(await sure({ title: t('delete.one', { name: code.name }), text: t('code.delete.what'), action: t('delete') }))) return;
    await attempt(() => remove('/redemption-codes/' + code.id), t('deleted'));
    list.reload();
  };
  const columns = [
    { title: t('name'), wide: true, cell: (code) => html`<span class="row-name">${code.name}</span><span class="soft"><code>${code.code_hint}</code></span>` },
    { title: t('amount'), number: true, cell: (code) => usd(code.amount_usd) },
    { title: t('state'), cell: (code) => html`<${Badge} kind=${code.state === 'unused' ? 'good' : 'plain'}>${t('code.' + code.state)}<//>` },
    { title: t('expires'), short: true, cell: (code) => (code.expires_at ? day(code.expires_at) : t('expires.never')) },
    { title: t('created'), short: true, cell: (code) => time(code.created_at) },
    { title: t('code.redeemed.at'), short: true, cell: (code) => (code.redeemed_at ? html`${time(code.redeemed_at)}<small class="block">${user(code.redeemed_by_user_id)}</small>` : '–') },
    { title: t('actions'), actions: true, cell: (code) => code.state !== 'used' && html`<${RowButton} icon="remove" danger label=${t('delete.one', { name: code.name })} onClick=${() => erase(code)} />` },
  ];
  return html`
    <${Head} title=${t('nav.codes')} about=${t('codes.about')}>
      <button class="main" onClick=${() => setMaking(true)}><${Icon} name="add" />${t('code.add')}</button>
    <//>
    <div class="filters">
      <${Sought} type="search" aria-label=${t('search.name')} placeholder=${t('search.name')} value=${query.name} take=${(name) => refine('codes', { ...query, name })} />
      <select aria-label=${t('state')} value=${query.state || ''} onChange=${(event) => refine('codes', { ...query, state: event.target.value })}>
        ${['', 'unused', 'used', 'expired'].map((each) => html`<option value=${each} selected=${each === (query.state || '')}>${each ? t('code.' + each) : t('all')}</option>`)}
      </select>
    </div>
    <${Table} caption=${t('nav.codes')} columns=${columns} list=${list} faded=${(code) => code.state !== 'unused'} empty=${html`<${Empty} title=${t('codes.none')}><p>${t('codes.none.why')}</p><//>`} />
    ${making && html`<${Maker} close=${() => setMaking(false)} saved=${(codes) => { setMaking(false); setMade(codes); list.reload(); }} />`}
    ${made && html`<${Dialog} title=${t('code.made')} onClose=${() => setMade(null)}>
      <p>${t('code.once')}</p>
      <pre class="codes" tabindex="0">${made.join('\n')}</pre>
      <footer><${CopyButton} text=${made.join('\n')} label=${t('copy.all')} /><button class="main" onClick=${() => setMade(null)}>${t('close')}</button></footer>
    <//>`}
  `;
}

function Maker({ close, saved }) {
  const form = useForm({ name: '', amount_usd: '', count: '1', expires_at: null }, async (values) => {
    const answer = await post('/redemption-codes', {
      name: values.name,
      amount_usd: number(values.amount_usd),
      count: number(values.count),
      expires_at: values.expires_at,
    });
    saved(answer.codes);
  });
  return html`<${Dialog} title=${t('code.add')} onClose=${close}>
    <${Form} form=${form} action=${t('code.add')} onCancel=${close}>
      <div class="fields">
        <${Field} form=${form} name="name" label=${t('name')} required wide autofocus />
        <${Field} form=${form} name="amount_usd" type="number" label=${t('amount')} hint=${t('code.amount.hint')} required />
        <${Field} form=${form} name="count" type="number" label=${t('code.count')} required />
        <${Expiry} form=${form} />
      </div>
    <//>
  <//>`;
}
