// How it goes: the last day by the hour, the weeks by the day, and what needs attention.
import { query } from '../api.js';
import { useAll, useGet, useNames } from '../data.js';
import { ago, count, dollars, millis, percent, short, sum } from '../format.js';
import { t } from '../i18n.js';
import { administers } from '../session.js';
import { Bars, Chart } from '../ui/chart.js';
import { Empty, Loading, Trouble } from '../ui/feedback.js';
import { Icon } from '../ui/icons.js';
import { Head } from '../ui/table.js';
import { html, useState } from '../view.js';

const LIVE = 5_000;
const NEAR = 0.9;

export function Overview({ user }) {
  const admin = administers(user);
  const { data, problem, reload } = useGet('/overview', { every: LIVE });
  const channels = useGet(admin ? '/channels?limit=200' : null, { every: LIVE });
  const me = useGet('/users/' + user.id, { every: LIVE }).data || user;
  if (problem && !data) return html`<${Head} title=${t('nav.overview')} /><${Trouble} problem=${problem} retry=${reload} />`;
  if (!data) return html`<${Head} title=${t('nav.overview')} /><${Loading} />`;
  const rows = channels.data?.data;
  return html`
    <${Head} title=${t('nav.overview')} about=${t('overview.about')} />
    ${problem && html`<${Trouble} problem=${problem} retry=${reload} />`}
    <${FirstSteps} admin=${admin} channels=${rows} calls=${data.total.calls} />
    <${Tiles} data=${data} user=${me} admin=${admin} />
    <${Attention} data=${data} admin=${admin} channels=${rows || []} />
    <${Hours} hours=${data.hours} />
    <${Weeks} admin=${admin} />
  `;
}

function Tiles({ data, user, admin }) {
  const { total } = data;
  const rate = total.calls ? total.errors / total.calls : 0;
  const left = user.quota_usd === null ? t('unlimited') : dollars(user.quota_usd - user.period_used_usd);
  return html`<section class="tiles" aria-label=${t('overview.day')}>
    <${Tile} label=${t('calls')} value=${short(total.calls)} note=${t('overview.day')} />
    <${Tile} label=${t('errors')} value=${short(total.errors)} note=${percent(rate)} bad=${rate > 0.05} />
    <${Tile} label=${t('tokens.counted')} value=${short(total.prompt_tokens + total.completion_tokens)} note=${t('overview.in.out', { in: short(total.prompt_tokens), out: short(total.completion_tokens) })} />
    <${Tile} label=${t('cost')} value=${dollars(total.cost_usd)} note=${t('overview.day')} />
    <${Tile} label=${t('ttft.short')} value=${millis(total.ttft_p50_ms)} note=${t('overview.p95', { value: millis(total.ttft_p95_ms) })} />
    ${admin && html`<${Tile} label=${t('overview.open')} value=${count(data.open_streams ?? 0)} note=${t('overview.open.calls', { count: count(data.open_calls ?? 0) })} />`}
    <${Tile} label=${t('balance.left')} value=${left} note=${t('overview.used', { value: dollars(user.used_usd) })} />
  </section>`;
}

function Tile({ label, value, note, bad }) {
  return html`<div class=${'tile' + (bad ? ' bad' : '')}>
    <span class="tile-label">${label}</span>
    <strong>${value}</strong>
    <span class="tile-note">${note}</span>
  </div>`;
}

/** What an empty gateway needs before its first call. */
function FirstSteps({ admin, channels, calls }) {
  const tokens = useGet('/tokens?limit=1');
  if (calls > 0 || !tokens.data) return null;
  const steps = [
    admin && { done: channels?.length > 0, text: t('first.channel'), href: '#/channels/new' },
    { done: tokens.data.data.length > 0, text: t('first.token'), href: '#/tokens?new=1' },
    { done: false, text: t('first.call'), href: '#/playground' },
  ].filter(Boolean);
  if (admin && !channels) return null;
  return html`<section class="card steps">
    <h2>${t('first.title')}</h2>
    <ol>
      ${steps.map(
        (step) => html`<li class=${step.done ? 'done' : ''}>
          <span class="step-mark">${step.done && html`<${Icon} name="check" />`}</span>
          <a href=${step.href}>${step.text}</a>
        </li>`,
      )}
    </ol>
  </section>`;
}

function Attention({ data, admin, channels }) {
  const tokens = useAll('/tokens');
  const near = tokens.filter((token) => token.enabled && spent(token) >= NEAR);
  const things = [
    ...channels
      .filter((channel) => channel.enabled && channel.health.state !== 'ok')
      .map((channel) => ({
        href: '#/channels/' + channel.id,
        name: channel.name,
        text: `${t('state.' + channel.health.state)}${channel.health.reason ? ': ' + t('failure.' + channel.health.reason) : ''}`,
        note: channel.health.retry_at && t('channel.retry', { when: ago(channel.health.retry_at) }),
      })),
    ...near.map((token) => ({
      href: '#/tokens?open=' + token.id,
      name: token.name,
      text: t('attention.quota', { share: percent(spent(token)) }),
    })),
    ...(admin ? data.unpriced_models : []).map((model) => ({
      href: '#/prices?new=' + encodeURIComponent(model),
      name: model,
      text: t('attention.price'),
    })),
  ];
  return html`<section class="card attention">
    <h2>${t('attention')}</h2>
    ${things.length === 0
      ? html`<p class="fine"><${Icon} name="check" />${t('attention.none')}</p>`
      : html`<ul>
          ${things.map(
            (thing) => html`<li>
              <${Icon} name="warn" /><span><a href=${thing.href}>${thing.name}</a> ${thing.text}</span>
              ${thing.note && html`<span class="soft">${thing.note}</span>`}
            </li>`,
          )}
        </ul>`}
  </section>`;
}

function spent(token) {
  if (token.quota_usd === null) return 0;
  return token.quota_usd === 0 ? 1 : token.period_used_usd / token.quota_usd;
}

function Hours({ hours }) {
  const times = hours.map((hour) => new Date(hour.at) / 1000);
  return html`<div class="columns">
    <section class="card">
      <${Chart}
        title=${t('overview.hours')}
        times=${times}
        hourly
        series=${[
          { label: t('calls'), values: hours.map((hour) => hour.calls), colour: 'series-1', bars: true, format: count },
          { label: t('errors'), values: hours.map((hour) => hour.errors), colour: 'bad', bars: true, format: count },
        ]}
      />
    </section>
    <section class="card">
      <${Chart}
        title=${t('overview.ttft')}
        times=${times}
        hourly
        series=${[
          { label: 'p50', values: hours.map((hour) => hour.ttft_p50_ms), colour: 'series-1', format: millis },
          { label: 'p95', values: hours.map((hour) => hour.ttft_p95_ms), colour: 'series-2', format: millis },
        ]}
      />
    </section>
  </div>`;
}

const MINUTE = 60_000;

function Weeks({ admin }) {
  const [days, setDays] = useState(30);
  const channelName = useNames(admin ? '/channels' : null);
  const from = since(days);
  const byDay = useGet('/usage' + query({ from, group_by: 'day' }), { every: MINUTE });
  const byModel = useGet('/usage' + query({ from, group_by: 'model' }), { every: MINUTE });
  const byChannel = useGet(admin ? '/usage' + query({ from, group_by: 'channel_id' }) : null, { every: MINUTE });
  const choose = html`<label class="inline">
    ${t('period')}
    <select value=${days} onChange=${(event) => setDays(Number(event.target.value))}>
      ${[7, 30, 90].map((each) => html`<option value=${each} selected=${each === days}>${t('period.days', { days: each })}</option>`)}
    </select>
  </label>`;
  return html`<div class="section-head"><h2>${t('overview.weeks')}</h2>${choose}</div>
    <${Days} data=${byDay.data?.data} days=${days} />
    <div class="columns">
      <${Bars} title=${t('by.model')} rows=${largest(byModel.data?.data, (row) => row.model, (row) => '#/calls?model=' + encodeURIComponent(row.model))} format=${sum} empty=${t('nothing.yet')} />
      ${admin &&
      html`<${Bars} title=${t('by.channel')} rows=${largest(byChannel.data?.data, (row) => (row.channel_id === null ? t('channel.without') : channelName(row.channel_id)), (row) => row.channel_id && '#/calls?channel_id=' + row.channel_id)} format=${sum} empty=${t('nothing.yet')} />`}
    </div>`;
}

export function since(days) {
  return new Date(Date.now() - (days - 1) * 86_400_000).toISOString().slice(0, 10);
}

export function largest(rows = [], name, href) {
  return [...rows]
    .sort((a, b) => b.cost_usd - a.cost_usd || b.calls - a.calls)
    .slice(0, 8)
    .map((row) => ({ name: name(row), href: href?.(row), value: row.cost_usd, note: t('calls.count', { count: count(row.calls) }) }));
}

/** Days without calls are not in the answer, and are nought. */
export function Days({ data, days }) {
  if (!data) return html`<${Loading} />`;
  if (data.length === 0) return html`<${Empty} title=${t('nothing.yet')} />`;
  const first = Math.floor(Date.now() / 86_400_000) - days + 1;
  const all = Array.from({ length: days }, (nothing, i) => {
    const at = (first + i) * 86_400;
    const name = new Date(at * 1000).toISOString().slice(0, 10);
    return { at, ...(data.find((row) => row.day === name) || { calls: 0, errors: 0, cost_usd: 0 }) };
  });
  const times = all.map((row) => row.at);
  return html`<div class="columns">
    <section class="card">
      <${Chart} title=${t('overview.calls.days')} times=${times} series=${[
        { label: t('calls'), values: all.map((row) => row.calls), colour: 'series-1', bars: true, format: count },
        { label: t('errors'), values: all.map((row) => row.errors), colour: 'bad', bars: true, format: count },
      ]} />
    </section>
    <section class="card">
      <${Chart} title=${t('overview.cost.days')} times=${times} series=${[
        { label: t('cost'), values: all.map((row) => row.cost_usd), colour: 'series-2', bars: true, format: dollars },
      ]} />
    </section>
  </div>`;
}
