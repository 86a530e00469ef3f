// What was used, by day, model, token, user and channel, all of it or of one token.
import { query as search } from '../api.js';
import { useGet, useNames } from '../data.js';
import { count, sum } from '../format.js';
import { t } from '../i18n.js';
import { refine } from '../router.js';
import { administers } from '../session.js';
import { Bars } from '../ui/chart.js';
import { Head, Table } from '../ui/table.js';
import { html } from '../view.js';
import { Days, largest, since } from './overview.js';

const DAYS = [7, 30, 90, 365];

export function Usage({ user, query }) {
  const admin = administers(user);
  const days = DAYS.includes(Number(query.days)) ? Number(query.days) : 30;
  const base = { from: since(days), token_id: query.token_id, user_id: query.user_id, channel_id: query.channel_id, model: query.model };
  const by = (group) => '/usage' + search({ ...base, group_by: group });
  const byDay = useGet(by('day'));
  const byModel = useGet(by('model'));
  const byToken = useGet(by('token_id'));
  const byUser = useGet(admin ? by('user_id') : null);
  const byChannel = useGet(admin ? by('channel_id') : null);
  const tokens = useNames('/tokens');
  const users = useNames(admin ? '/users' : null, 'username');
  const channels = useNames(admin ? '/channels' : null);
  const about = [
    query.token_id && `${t('token')}: ${tokens(Number(query.token_id))}`,
    query.user_id && `${t('user')}: ${users(Number(query.user_id))}`,
  ].filter(Boolean);
  const rows = [...(byModel.data?.data || [])].sort((a, b) => b.cost_usd - a.cost_usd || b.calls - a.calls);
  return html`
    <${Head} title=${t('nav.usage')} about=${about.join(' · ') || t('usage.about')}>
      ${about.length > 0 && html`<button class="quiet" onClick=${() => refine('usage', { days: query.days })}>${t('filters.clear')}</button>`}
      <label class="inline">${t('period')}
        <select value=${days} onChange=${(event) => refine('usage', { ...query, days: event.target.value })}>
          ${DAYS.map((each) => html`<option value=${each} selected=${each === days}>${t('period.days', { days: each })}</option>`)}
        </select>
      </label>
    <//>
    <${Days} data=${byDay.data?.data} days=${days} />
    <div class="columns three">
      <${Bars} title=${t('by.token')} rows=${largest(byToken.data?.data, (row) => tokens(row.token_id), (row) => '#/usage?token_id=' + row.token_id)} format=${sum} empty=${t('nothing.yet')} />
      ${admin && html`<${Bars} title=${t('by.user')} rows=${largest(byUser.data?.data, (row) => users(row.user_id), (row) => '#/usage?user_id=' + row.user_id)} format=${sum} empty=${t('nothing.yet')} />`}
      ${admin && html`<${Bars} title=${t('by.channel')} rows=${largest(byChannel.data?.data, (row) => (row.channel_id === null ? t('channel.without') : channels(row.channel_id)))} format=${sum} empty=${t('nothing.yet')} />`}
    </div>
    <h2 class="section-title">${t('by.model')}</h2>
    <${Table}
      caption=${t('by.model')}
      list=${{ rows: byModel.data && rows, problem: byModel.problem, reload: byModel.reload }}
      columns=${[
        { title: t('model'), wide: true, cell: (row) => html`<a href=${'#/calls' + search({ model: row.model, token_id: query.token_id })}>${row.model}</a>` },
        { title: t('calls'), number: true, cell: (row) => count(row.calls) },
        { title: t('errors'), number: true, cell: (row) => count(row.errors) },
        { title: t('prompt.tokens'), number: true, cell: (row) => count(row.prompt_tokens) },
        { title: t('cached.tokens'), number: true, cell: (row) => count(row.cached_tokens) },
        { title: t('completion.tokens'), number: true, cell: (row) => count(row.completion_tokens) },
        { title: t('cost'), number: true, cell: (row) => sum(row.cost_usd) },
      ]}
    />
  `;
}
