// The tokens: made with a few decisions, the key shown once, with what a program needs to use it.
import { patch, post, query as search, remove } from '../api.js';
import { useGet, useList, useNames } from '../data.js';
import { ago, day, quota, time, usd } from '../format.js';
import { t } from '../i18n.js';
import { refine } from '../router.js';
import { administers } from '../session.js';
import { attempt, Badge, CopyButton, Dialog, Empty, sure, toast } from '../ui/feedback.js';
import { Expiry, Field, Form, LimitFields, limits, limitValues, number, quotaOf, QuotaField, quotaValues, RenewalFields, useForm } from '../ui/form.js';
import { Icon } from '../ui/icons.js';
import { Head, RowButton, Sought, Table } from '../ui/table.js';
import { html, useState } from '../view.js';
import { Snippets } from './snippets.js';

export function Tokens({ user, query }) {
  const admin = administers(user);
  const owner = useNames(admin ? '/users' : null, 'username');
  const mine = query.whose === 'mine' ? user.id : query.user_id;
  const list = useList('/tokens', { name: query.name && `*${query.name}*`, user_id: mine }, { every: 15_000 });
  const [editing, setEditing] = useState(query.new ? 'new' : null);
  const [made, setMade] = useState(null);
  const opened = useGet(query.open ? '/tokens/' + query.open : null);
  const reload = list.reload;
  const toggle = (token) =>
    attempt(() => patch('/tokens/' + token.id, { enabled: !token.enabled }), t(token.enabled ? 'token.disabled' : 'token.enabled')).then(reload);
  const erase = async (token) => {
    if (!(await sure({ title: t('delete.one', { name: token.name }), text: t('token.delete.what'), action: t('delete') }))) return;
    await attempt(() => remove('/tokens/' + token.id), t('deleted'));
    reload();
  };
  const columns = [
    {
      title: t('name'),
      wide: true,
      cell: (token) => html`<button class="row-name link" onClick=${() => setEditing(token)}>${token.name}</button>
        <span class="soft"><code>${token.key_hint}</code>${admin && ' · ' + owner(token.user_id)}</span>`,
    },
    { title: t('state'), cell: (token) => html`<${State} token=${token} />` },
    { title: t('quota'), cell: (token) => html`<${Spent} token=${token} />` },
    { title: t('models'), cell: (token) => (token.models.length === 0 ? t('all') : token.models.slice(0, 3).join(', ') + (token.models.length > 3 ? ' …' : '')) },
    { title: t('expires'), short: true, cell: (token) => (token.expires_at ? html`<span title=${time(token.expires_at)}>${day(token.expires_at)}</span>` : t('expires.never')) },
    { title: t('last.used'), short: true, cell: (token) => (token.last_used_at ? html`<span title=${time(token.last_used_at)}>${ago(token.last_used_at)}</span>` : t('never')) },
    {
      title: t('actions'),
      actions: true,
      cell: (token) => html`
        <a class="bare" href=${'#/usage?token_id=' + token.id} title=${t('usage.one', { name: token.name })} aria-label=${t('usage.one', { name: token.name })}><${Icon} name="usage" /></a>
        <${RowButton} icon="power" label=${t(token.enabled ? 'disable.one' : 'enable.one', { name: token.name })} onClick=${() => toggle(token)} />
        <${RowButton} icon="remove" danger label=${t('delete.one', { name: token.name })} onClick=${() => erase(token)} />
      `,
    },
  ];
  const close = () => {
    setEditing(null);
    if (query.new || query.open) refine('tokens', {});
  };
  const shown = editing || (query.open && opened.data);
  return html`
    <${Head} title=${t('nav.tokens')} about=${t('tokens.about')}>
      <button class="main" onClick=${() => setEditing('new')}><${Icon} name="add" />${t('token.add')}</button>
    <//>
    <div class="filters">
      <${Sought} type="search" aria-label=${t('search.name')} placeholder=${t('search.name')} value=${query.name} take=${(name) => refine('tokens', { ...query, name })} />
      ${admin &&
      html`<select aria-label=${t('tokens.whose')} value=${query.whose || ''} onChange=${(event) => refine('tokens', { ...query, whose: event.target.value, user_id: '' })}>
        <option value="" selected=${query.whose !== 'mine'}>${query.user_id ? owner(Number(query.user_id)) : t('tokens.everybodys')}</option>
        <option value="mine" selected=${query.whose === 'mine'}>${t('tokens.mine')}</option>
      </select>`}
    </div>
    <${Table}
      caption=${t('nav.tokens')}
      columns=${columns}
      list=${list}
      faded=${(token) => !token.enabled}
      empty=${html`<${Empty} title=${t('tokens.none')}><p>${t('tokens.none.why')}</p><button class="main" onClick=${() => setEditing('new')}>${t('token.add')}</button><//>`}
    />
    ${shown && html`<${Editor} key=${shown.id} token=${shown === 'new' ? null : shown} user=${user} close=${close} saved=${(token) => { close(); reload(); if (token) setMade(token); }} />`}
    ${made && html`<${KeyDialog} token=${made} close=${() => setMade(null)} />`}
  `;
}

function State({ token }) {
  if (!token.enabled) return html`<${Badge}>${t('state.off')}<//>`;
  if (token.expires_at && new Date(token.expires_at) < Date.now()) return html`<${Badge} kind="bad">${t('expired')}<//>`;
  const used = token.period_used_usd;
  if (token.quota_usd !== null && used >= token.quota_usd) return html`<${Badge} kind="bad">${t('quota.spent')}<//>`;
  return html`<${Badge} kind="good">${t('state.ok')}<//>`;
}

/** What was spent of what, with the share as a bar. */
export function Spent({ token }) {
  const used = token.period_used_usd;
  if (token.quota_usd === null) return html`<span>${usd(token.used_usd)}<small class="soft block">${t('unlimited')}</small></span>`;
  const share = token.quota_usd === 0 ? 1 : Math.min(1, used / token.quota_usd);
  return html`<span class="spent">
    ${usd(used)} <span class="soft">/ ${quota(token.quota_usd)}</span>
    ${token.quota_period !== 'none' && html`<small class="block">${t('period.' + token.quota_period)}</small>`}
    <span class=${'bar' + (share >= 0.9 ? ' bad' : '')}><span style=${{ width: share * 100 + '%' }}></span></span>
  </span>`;
}

function Editor({ token, user, close, saved }) {
  const models = useNamesOfModels();
  const form = useForm(
    {
      name: token?.name ?? '',
      enabled: token?.enabled ?? true,
      expires_at: token?.expires_at ?? null,
      ...quotaValues(token ? token.quota_usd : null),
      quota_period: token?.quota_period ?? 'none',
      time_zone: token?.time_zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
      models: token?.models ?? [],
      allowed_ips: token?.allowed_ips ?? [],
      ...limitValues(token?.limits),
      cache_ttl_seconds: token?.cache_ttl_seconds ?? '',
    },
    async (values) => {
      const body = {
        name: values.name,
        enabled: values.enabled,
        expires_at: values.expires_at,
        quota_usd: quotaOf(values),
        models: values.models,
        allowed_ips: values.allowed_ips,
        limits: limits(values),
        cache_ttl_seconds: number(values.cache_ttl_seconds),
        quota_period: values.quota_period,
        time_zone: values.time_zone,
      };
      if (token) await patch('/tokens/' + token.id, body);
      const made = token ? null : await post('/tokens', body);
      toast(t('saved'));
      saved(made);
    },
  );
  return html`<${Dialog} title=${token ? token.name : t('token.add')} onClose=${close} wide>
    <${Form} form=${form} action=${token ? t('save') : t('token.make')} onCancel=${close}>
      <div class="fields">
        <${Field} form=${form} name="name" label=${t('name')} hint=${t('token.name.hint')} required autofocus />
        <${Expiry} form=${form} />
        <${QuotaField} form=${form} hint=${t('token.quota.hint')} />
        <${RenewalFields} form=${form} />
        <${Field} form=${form} name="models" type="list" label=${t('token.models')} hint=${t('token.models.hint')} options=${models} wide placeholder=${t('all')} />
        ${token && html`<${Field} form=${form} name="enabled" type="check" label=${t('enabled')} wide />`}
      </div>
      <details>
        <summary>${t('advanced')}</summary>
        <div class="fields">
          <${LimitFields} form=${form} />
          <${Field} form=${form} name="cache_ttl_seconds" type="number" label=${t('token.cache')} hint=${t('token.cache.hint')} placeholder=${t('token.cache.models')} />
          <${Field} form=${form} name="allowed_ips" type="list" label=${t('token.addresses')} hint=${t('token.addresses.hint')} wide placeholder="192.0.2.0/24" />
        </div>
      </details>
      ${token && html`<details><summary>${t('snippets')}</summary><${Snippets} token=${'sk-…' } models=${token.models} /></details>`}
    <//>
  <//>`;
}

/** Models that were called lately: what one most likely wants to name. */
function useNamesOfModels() {
  const usage = useGet('/usage' + search({ group_by: 'model' }));
  return (usage.data?.data || []).map((row) => row.model);
}

function KeyDialog({ token, close }) {
  return html`<${Dialog} title=${t('token.made', { name: token.name })} onClose=${close} wide>
    <p>${t('token.once')}</p>
    <div class="key">
      <code tabindex="0">${token.key}</code>
      <${CopyButton} text=${token.key} />
    </div>
    <h3>${t('snippets')}</h3>
    <${Snippets} token=${token.key} models=${token.models} />
    <footer><button class="main" onClick=${close}>${t('token.kept')}</button></footer>
  <//>`;
}
