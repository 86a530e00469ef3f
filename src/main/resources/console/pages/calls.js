// The ledger, live: every call, whatever its end.
import { download, query as search } from '../api.js';
import { useAll, useList } from '../data.js';
import { count, dollars, millis, moment, time, usd } from '../format.js';
import { t } from '../i18n.js';
import { refine } from '../router.js';
import { administers } from '../session.js';
import { attempt, Badge, Empty } from '../ui/feedback.js';
import { Icon } from '../ui/icons.js';
import { Head, Sought, Table } from '../ui/table.js';
import { html, useState } from '../view.js';

const FILTERS = ['model', 'status', 'error_code', 'endpoint', 'stream', 'user_id', 'token_id', 'channel_id', 'from', 'to'];
const ENDPOINTS = ['chat/completions', 'completions', 'embeddings'];

export function Calls({ user, query }) {
  const admin = administers(user);
  const asked = Object.fromEntries(FILTERS.map((name) => [name, query[name]]));
  const list = useList('/calls', asked, { every: 4_000 });
  const users = useAll(admin ? '/users' : null);
  const tokens = useAll('/tokens');
  const channels = useAll(admin ? '/channels' : null);
  const [busy, setBusy] = useState(false);
  const named = (rows, id, name = 'name') => (id === null ? '–' : (rows.find((row) => row.id === id)?.[name] ?? '#' + id));
  const set = (name) => (value) => refine('calls', { ...query, [name]: value });
  const csv = async () => {
    setBusy(true);
    await attempt(() => download('/calls' + search(asked), 'text/csv', 'calls.csv'));
    setBusy(false);
  };
  const endpoints = [...new Set([...ENDPOINTS, ...(list.rows || []).map((call) => call.endpoint), query.endpoint])].filter(Boolean);
  const columns = [
    { title: t('time'), cell: (call) => html`<a class="row-name unbroken" href=${'#/calls/' + call.id} title=${time(call.at)}>${moment(call.at)}</a>` },
    { title: t('status'), cell: (call) => html`<${Status} call=${call} />` },
    { title: t('model'), wide: true, lead: true, cell: (call) => html`${call.model}<small class="soft block">${call.endpoint}${call.stream ? ' · ' + t('streamed').toLowerCase() : ''}</small>` },
    { title: t('token'), cell: (call) => html`<span class="clipped" title=${named(tokens, call.token_id)}>${named(tokens, call.token_id)}</span>${admin && html`<small class="soft block">${named(users, call.user_id, 'username')}</small>`}` },
    admin && { title: t('channel'), cell: (call) => (kept(call) ? html`<span class="soft unbroken">${t('call.kept.short')}</span>` : html`<span class="clipped" title=${named(channels, call.channel_id)}>${named(channels, call.channel_id)}</span>`) },
    { title: t('tokens.counted'), number: true, cell: (call) => html`${count(call.prompt_tokens)} → ${count(call.completion_tokens)}${call.estimated && html`<small class="soft block">${t('estimated')}</small>`}` },
    { title: t('duration'), number: true, cell: (call) => html`${millis(call.duration_ms)}${call.ttft_ms !== null && html`<small class="soft block">${t('ttft.short')} ${millis(call.ttft_ms)}</small>`}` },
    { title: t('cost'), number: true, cell: (call) => html`<span title=${usd(call.cost_usd)}>${dollars(call.cost_usd)}</span>` },
  ].filter(Boolean);
  const filtered = FILTERS.some((name) => query[name]);
  return html`
    <${Head} title=${t('nav.calls')} about=${t('calls.about')}>
      <button class="quiet" disabled=${busy} onClick=${csv}>${busy ? html`<span class="spinner"></span>` : html`<${Icon} name="download" />`}CSV</button>
    <//>
    <details class="folded" open=${filtered || !matchMedia('(max-width: 640px)').matches}>
    <summary>${t('filters')}</summary>
    <div class="filters gridded" role="search" aria-label=${t('filters')}>
      <${Filter} label=${t('model')} value=${query.model} take=${set('model')} placeholder="gpt-4o*" />
      <${Choice} label=${t('token')} value=${query.token_id} take=${set('token_id')} options=${tokens.map((row) => [row.id, row.name])} />
      ${admin && html`<${Choice} label=${t('user')} value=${query.user_id} take=${set('user_id')} options=${users.map((row) => [row.id, row.username])} />`}
      ${admin && html`<${Choice} label=${t('channel')} value=${query.channel_id} take=${set('channel_id')} options=${channels.map((row) => [row.id, row.name])} />`}
      <${Choice} label=${t('endpoint')} value=${query.endpoint} take=${set('endpoint')} options=${endpoints.map((name) => [name, name])} />
      <${Filter} label=${t('status')} value=${query.status} take=${set('status')} placeholder="200" />
      <${Filter} label=${t('error.code')} value=${query.error_code} take=${set('error_code')} placeholder="upstream_error" />
      <${Filter} label=${t('from')} type="date" value=${query.from} take=${set('from')} />
      <${Filter} label=${t('to')} type="date" value=${query.to} take=${set('to')} />
      ${filtered && html`<button class="quiet" onClick=${() => refine('calls', {})}>${t('filters.clear')}</button>`}
    </div>
    </details>
    <${Table} caption=${t('nav.calls')} columns=${columns} list=${list} empty=${html`<${Empty} title=${filtered ? t('calls.none.filtered') : t('calls.none')}><p>${filtered ? '' : t('calls.none.why')}</p><//>`} />
  `;
}

function Filter({ label, ...rest }) {
  return html`<label class="filter"><span>${label}</span><${Sought} ...${rest} /></label>`;
}

function Choice({ label, value, options, take }) {
  return html`<label class="filter"><span>${label}</span>
    <select value=${value || ''} onChange=${(event) => take(event.target.value)}>
      <option value="">${t('all')}</option>
      ${options.map(([each, text]) => html`<option value=${each} selected=${String(each) === value}>${text}</option>`)}
    </select>
  </label>`;
}

/** Whether it was answered without a channel: by what an earlier call was answered. Where no vendor counts tokens, the gateway itself does. */
export function kept(call) {
  return call.status === 200 && call.channel_id === null && call.attempts === 0 && call.endpoint !== 'messages/count_tokens';
}

export function Status({ call }) {
  const kind = call.error_code === null ? 'good' : call.status === 499 ? 'warn' : 'bad';
  return html`<${Badge} kind=${kind} title=${call.status === 499 ? t('call.left') : undefined}>${call.status}<//>${call.error_code && html`<small class="block unbroken">${call.error_code}</small>`}`;
}
