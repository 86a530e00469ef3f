// One call's whole story: who asked, where it went, how long it took, what it cost and why.
import { useGet, useNames } from '../data.js';
import { count, millis, time, usd } from '../format.js';
import { t } from '../i18n.js';
import { administers } from '../session.js';
import { CopyButton, Loading, Trouble } from '../ui/feedback.js';
import { Head } from '../ui/table.js';
import { html } from '../view.js';
import { kept, Status } from './calls.js';

export function CallStory({ id, user }) {
  const admin = administers(user);
  const { data: call, problem, reload } = useGet('/calls/' + id);
  const users = useNames(admin ? '/users' : null, 'username');
  const tokens = useNames('/tokens');
  const channels = useNames(admin ? '/channels' : null);
  if (problem) return html`<${Head} title=${t('call')} /><${Trouble} problem=${problem} retry=${reload} />`;
  if (!call) return html`<${Head} title=${t('call')} /><${Loading} />`;
  return html`
    <${Head} title=${t('call')} about=${html`<code>${call.id}</code>`}><${CopyButton} text=${call.id} /><//>
    <div class="columns three">
      <${Facts} title=${t('call.asked')} facts=${[
        [t('time'), time(call.at)],
        [t('user'), admin ? html`<a href=${'#/calls?user_id=' + call.user_id}>${users(call.user_id)}</a>` : user.username],
        [t('token'), html`<a href=${'#/calls?token_id=' + call.token_id}>${tokens(call.token_id)}</a>`],
        [t('client.ip'), call.client_ip],
        [t('endpoint'), call.endpoint + (call.stream ? ' · ' + t('streamed').toLowerCase() : '')],
        [t('model'), call.model],
      ]} />
      <${Facts} title=${t('call.went')} facts=${[
        [t('status'), html`<${Status} call=${call} />`],
        kept(call) && [t('call.answer'), t('call.kept')],
        admin && !kept(call) && [t('channel'), call.channel_id === null ? t('channel.none') : html`<a href=${'#/channels/' + call.channel_id}>${channels(call.channel_id)}</a>`],
        call.upstream_model && [t('upstream.model'), call.upstream_model],
        !kept(call) && [t('attempts'), count(call.attempts)],
        [t('ttft.short'), millis(call.ttft_ms)],
        [t('duration'), millis(call.duration_ms)],
      ]} />
      <${Facts} title=${t('call.cost')} facts=${[
        [t('prompt.tokens'), count(call.prompt_tokens)],
        [t('cached.tokens'), count(call.cached_tokens)],
        [t('cache.write.tokens'), count(call.cache_write_tokens)],
        [t('completion.tokens'), count(call.completion_tokens)],
        [t('reasoning.tokens'), count(call.reasoning_tokens)],
        call.prompt_tokens + call.completion_tokens > 0 && [t('counted.by'), t(call.estimated ? 'counted.here' : 'counted.vendor')],
        [t('price'), call.price || '–'],
        [t('cost'), html`<strong>${usd(call.cost_usd)}</strong>`],
      ]} />
    </div>
    ${call.failed_attempts.length > 0 && html`<${Tried} call=${call} channels=${admin ? channels : (id) => t('channel') + ' #' + id} />`}
    <${TimeLine} call=${call} />
  `;
}

function Facts({ title, facts }) {
  return html`<section class="card">
    <h2>${title}</h2>
    <dl>${facts.filter(Boolean).map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
  </section>`;
}

/** The channels that were tried, in order, and why each was left. */
function Tried({ call, channels }) {
  return html`<section class="card">
    <h2>${t('call.tried')}</h2>
    <ol class="tried">
      ${call.failed_attempts.map((each) => html`<li>${channels(each.channel_id)} <span class="soft">${t('failure.' + each.reason)}</span></li>`)}
      ${call.attempts > call.failed_attempts.length && html`<li>${channels(call.channel_id)} <span class="soft">${t('failure.none')}</span></li>`}
    </ol>
  </section>`;
}

function TimeLine({ call }) {
  if (call.ttft_ms === null || call.duration_ms === 0) return null;
  const first = Math.min(100, (call.ttft_ms / call.duration_ms) * 100);
  return html`<section class="card">
    <h2>${t('call.time')}</h2>
    <div class="time-line" role="img" aria-label=${`${t('call.waited')} ${millis(call.ttft_ms)}, ${t('call.streamed')} ${millis(call.duration_ms - call.ttft_ms)}`}>
      <span class="waited" style=${{ width: first + '%' }}></span><span class="came" style=${{ width: 100 - first + '%' }}></span>
    </div>
    <p class="soft"><span class="key-waited"></span>${t('call.waited')} ${millis(call.ttft_ms)} <span class="key-came"></span>${t('call.streamed')} ${millis(call.duration_ms - call.ttft_ms)}</p>
  </section>`;
}
