// The gateway's settings, which hold for all its nodes.
import { patch } from '../api.js';
import { useAll, useGet } from '../data.js';
import { t } from '../i18n.js';
import { Loading, toast, Trouble } from '../ui/feedback.js';
import { Field, Form, number, object, pairs, quotaOf, QuotaField, quotaValues, useForm } from '../ui/form.js';
import { Head } from '../ui/table.js';
import { html, useRef } from '../view.js';

const STRATEGIES = ['round_robin', 'least_busy', 'fastest', 'cheapest'];
const STICKY = ['', 'prompt_cache_key', 'conversation', 'user'];

export function Settings() {
  const { data, problem, reload } = useGet('/settings');
  return html`
    <${Head} title=${t('nav.settings')} about=${t('settings.about')} />
    ${problem ? html`<${Trouble} problem=${problem} retry=${reload} />` : data ? html`<${Editor} before=${data} />` : html`<${Loading} />`}
  `;
}

function Editor({ before }) {
  const groups = useAll('/groups');
  const saved = useRef(before); // what a row that is taken out is taken out of
  const form = useForm(
    {
      registration: before.registration,
      ...quotaValues(before.registration_quota_usd, 'registration_quota_usd'),
      registration_group: before.registration_group,
      retention_days: before.retention_days ?? '',
      max_attempts: String(before.max_attempts),
      low_balance_percent: String(before.low_balance_percent),
      queue_wait_seconds: String(before.queue_wait_seconds),
      queue_size: String(before.queue_size),
      fallback_models: pairs(before.fallback_models).map(([model, others]) => [model, others.join(', ')]),
      routing: pairs(before.routing).map(([model, way]) => [model, way.strategy, way.sticky ?? '']),
      response_cache: pairs(before.response_cache).map(([model, kept]) => [model, String(kept.ttl_seconds), String(kept.price_factor)]),
    },
    async (values) => {
      saved.current = await patch('/settings', {
        registration: values.registration,
        registration_quota_usd: quotaOf(values, 'registration_quota_usd'),
        registration_group: values.registration_group,
        retention_days: number(values.retention_days),
        max_attempts: number(values.max_attempts),
        low_balance_percent: number(values.low_balance_percent),
        queue_wait_seconds: number(values.queue_wait_seconds),
        queue_size: number(values.queue_size),
        fallback_models: object(values.fallback_models.map(([model, others]) => [model, words(others)]), saved.current.fallback_models),
        routing: object(values.routing.map(([model, strategy, sticky]) => [model, { strategy, sticky: sticky || null }]), saved.current.routing),
        response_cache: object(values.response_cache.map(([model, seconds, factor]) => [model, { ttl_seconds: number(seconds ?? ''), price_factor: number(factor ?? '') }]), saved.current.response_cache),
      });
      toast(t('saved'));
    },
  );
  const names = [...new Set([before.registration_group, ...groups.map((group) => group.name)])];
  return html`<${Form} form=${form}>
    <section class="card fields">
      <h2>${t('settings.people')}</h2>
      <${Field} form=${form} name="registration" type="check" label=${t('setting.registration')} hint=${t('setting.registration.hint')} wide />
      <${QuotaField} form=${form} name="registration_quota_usd" label=${t('setting.registration_quota_usd')} />
      <${Field} form=${form} name="registration_group" type="select" label=${t('setting.registration_group')} options=${names.map((name) => [name, name])} />
    </section>
    <section class="card fields">
      <h2>${t('settings.models')}</h2>
      <${Field} form=${form} name="fallback_models" type="pairs" label=${t('setting.fallback_models')} wide hint=${t('setting.fallback_models.hint')} columns=${[[t('model')], [t('setting.fallback_models.right')]]} />
      <${Field} form=${form} name="routing" type="pairs" label=${t('setting.routing')} wide hint=${t('setting.routing.hint')} columns=${[[t('model')], [t('setting.routing.strategy'), STRATEGIES.map((name) => [name, t('strategy.' + name)])], [t('setting.routing.sticky'), STICKY.map((name) => [name, t('sticky.' + (name || 'none'))])]]} />
      <${Field} form=${form} name="response_cache" type="pairs" label=${t('setting.response_cache')} wide hint=${t('setting.response_cache.hint')} columns=${[[t('model')], [t('setting.response_cache.seconds')], [t('setting.response_cache.factor')]]} />
    </section>
    <section class="card fields">
      <h2>${t('settings.calls')}</h2>
      <${Field} form=${form} name="max_attempts" type="number" label=${t('setting.max_attempts')} hint=${t('setting.max_attempts.hint')} />
      <${Field} form=${form} name="queue_wait_seconds" type="number" label=${t('setting.queue_wait_seconds')} hint=${t('setting.queue_wait_seconds.hint')} />
      <${Field} form=${form} name="queue_size" type="number" label=${t('setting.queue_size')} hint=${t('setting.queue_size.hint')} />
      <${Field} form=${form} name="low_balance_percent" type="number" label=${t('setting.low_balance_percent')} hint=${t('setting.low_balance_percent.hint')} />
      <${Field} form=${form} name="retention_days" type="number" label=${t('setting.retention_days')} hint=${t('setting.retention_days.hint')} placeholder=${t('setting.for.ever')} />
    </section>
  <//>`;
}

function words(text) {
  return text.split(/[,，\s]+/).filter(Boolean);
}
