// One channel: made from the catalog, copied or changed; tried before it is saved.
import { patch, post } from '../api.js';
import { useAll, useGet } from '../data.js';
import { millis } from '../format.js';
import { t, textOr } from '../i18n.js';
import { go } from '../router.js';
import { Dialog, Loading, Notice, toast, Trouble } from '../ui/feedback.js';
import { Field, Form, LimitFields, limits, limitValues, number, object, pairs, useForm } from '../ui/form.js';
import { Icon } from '../ui/icons.js';
import { Head } from '../ui/table.js';
import { html, useEffect, useState } from '../view.js';
import { useVendorBalances, VendorBalance } from './vendor-balance.js';

export function ChannelForm({ id, query }) {
  const made = id === 'new';
  const source = made ? query.copy : id;
  const vendors = useGet('/vendors');
  const saved = useGet(source ? '/channels/' + source : null);
  const title = made ? t(query.copy ? 'channel.copy' : 'channel.add') : saved.data?.name || t('channel');
  const problem = vendors.problem || saved.problem;
  return html`
    <${Head} title=${title} about=${made ? t('channel.add.about') : ''} />
    ${problem
      ? html`<${Trouble} problem=${problem} retry=${() => { vendors.reload(); saved.reload(); }} />`
      : !vendors.data || (source && !saved.data)
        ? html`<${Loading} />`
        : html`<${Editor} made=${made} before=${saved.data} vendors=${vendors.data.data} />`}
  `;
}

function start(before, made) {
  const channel = before || {
    name: '', vendor: 'openai', base_url: '', models: [], groups: ['default'], priority: 0, weight: 1, enabled: true,
    tags: [], options: {}, price_factor: 1, limits: {}, key_limits: {}, timeouts: {},
  };
  return {
    ...channel,
    name: before && made ? t('copy.name', { name: before.name }) : channel.name,
    keys: '',
    model_mapping: pairs(channel.model_mapping),
    headers: pairs(channel.headers),
    priority: String(channel.priority),
    weight: String(channel.weight),
    price_factor: String(channel.price_factor),
    ...limitValues(channel.limits),
    ...limitValues(channel.key_limits, 'key_limits'),
    'timeouts.connect_ms': channel.timeouts.connect_ms ?? '',
    'timeouts.first_byte_ms': channel.timeouts.first_byte_ms ?? '',
    'timeouts.idle_ms': channel.timeouts.idle_ms ?? '',
    'timeouts.total_ms': channel.timeouts.total_ms ?? '',
    ...Object.fromEntries(pairs(channel.options).map(([name, value]) => ['options.' + name, value])),
  };
}

/** What the API gets. `before` is what a change is laid upon, so that what was taken out is cleared. */
function body(values, vendor, before) {
  const options = Object.fromEntries(
    [...new Set([...(vendor?.options || []), ...Object.keys(before?.options || {})])].map((name) => [name, values['options.' + name] || null]),
  );
  return {
    name: values.name,
    vendor: values.vendor,
    base_url: values.base_url.trim() || null,
    ...(values.keys.trim() ? { keys: values.keys } : {}),
    models: values.models,
    model_mapping: object(values.model_mapping, before?.model_mapping),
    groups: values.groups,
    priority: number(values.priority),
    weight: number(values.weight),
    enabled: values.enabled,
    headers: object(values.headers, before?.headers),
    options,
    limits: limits(values),
    key_limits: limits(values, 'key_limits'),
    timeouts: {
      connect_ms: number(values['timeouts.connect_ms']),
      first_byte_ms: number(values['timeouts.first_byte_ms']),
      idle_ms: number(values['timeouts.idle_ms']),
      total_ms: number(values['timeouts.total_ms']),
    },
    price_factor: number(values.price_factor),
    tags: values.tags,
  };
}

function Editor({ made, before, vendors }) {
  const saved = made ? null : before;
  const groups = useAll('/groups');
  const form = useForm(start(before, made), async (values) => {
    const sent = body(values, vendors.find((each) => each.id === values.vendor), saved);
    if (made) await post('/channels', sent);
    else await patch('/channels/' + saved.id, sent);
    toast(t('saved'));
    go('channels');
  });
  const { values } = form;
  const vendor = vendors.find((each) => each.id === values.vendor);
  const pick = (id) => {
    const next = vendors.find((each) => each.id === id);
    const untouched = values.models.length === 0 || same(values.models, vendor?.models);
    form.merge({
      vendor: id,
      base_url: values.base_url === '' || values.base_url === vendor?.base_url ? next.base_url || '' : values.base_url,
      ...(untouched ? { models: next.models } : {}),
      ...(values.name === '' || values.name === vendor?.name ? { name: next.name.length <= 100 ? next.name : id } : {}),
    });
  };
  useEffect(() => {
    if (!before) pick(values.vendor);
  }, []);
  const draft = () => ({ ...body(values, vendor, null), ...(saved ? { id: saved.id } : {}) });

  return html`<${Form} form=${form} action=${made ? t('channel.add') : t('save')} onCancel=${() => go('channels')}>
    <section class="card fields">
      <h2>${t('channel.account')}</h2>
      <${Field} form=${{ ...form, set: (name, value) => pick(value) }} name="vendor" type="select" label=${t('vendor')} options=${vendors.map((each) => [each.id, each.name])} required />
      <${Field} form=${form} name="name" label=${t('name')} required double />
      <${Field} form=${form} name="base_url" label=${t('base.url')} wide hint=${vendor?.base_url ? t('base.url.catalog', { url: vendor.base_url }) : t('base.url.needed')} placeholder=${vendor?.base_url || 'https://…'} spellcheck="false" />
      ${(vendor?.options || []).map((name) => html`<${Field} key=${name} form=${form} name=${'options.' + name} label=${textOr('option.' + name, name)} hint=${textOr('option.' + name + '.hint', '')} spellcheck="false" />`)}
      <${Field} form=${form} name="keys" type="area" label=${t('keys')} wide rows="3" spellcheck="false" autocomplete="off" placeholder=${t('keys.placeholder')}
        hint=${saved?.key_hints.length > 0 ? t('keys.kept', { count: saved.key_hints.length, hints: saved.key_hints.join(', ') }) : t('keys.hint')} />
      ${saved && vendors.find((each) => each.id === saved.vendor)?.balance && html`<${Left} id=${saved.id} />`}
    </section>

    <section class="card fields">
      <h2>${t('models')}</h2>
      <${Field} form=${form} name="models" type="list" label=${t('models.served')} wide hint=${t('models.hint')} options=${vendor?.models || []} placeholder="gpt-4o*" required>
        <${Fetch} draft=${draft} form=${form} />
      <//>
      <${Field} form=${form} name="model_mapping" type="pairs" label=${t('mapping')} wide hint=${t('mapping.hint')} columns=${[[t('mapping.from')], [t('mapping.to')]]} />
    </section>

    <section class="card fields">
      <h2>${t('routing')}</h2>
      <${Field} form=${form} name="priority" type="number" label=${t('priority')} hint=${t('priority.hint')} />
      <${Field} form=${form} name="weight" type="number" label=${t('weight')} hint=${t('weight.hint')} />
      <${Field} form=${form} name="groups" type="list" label=${t('groups.served')} options=${groups.map((group) => group.name)} required />
      <${Field} form=${form} name="tags" type="list" label=${t('tags')} hint=${t('tags.hint')} />
      <${Field} form=${form} name="enabled" type="check" label=${t('enabled')} wide />
    </section>

    <details class="card">
      <summary><h2>${t('advanced')}</h2></summary>
      <div class="fields">
        <${LimitFields} form=${form} />
        <${LimitFields} form=${form} name="key_limits" of=${t('limits.of.key')} />
        <${Field} form=${form} name="timeouts.connect_ms" type="number" label=${t('timeouts.connect')} placeholder=${t('default')} />
        <${Field} form=${form} name="timeouts.first_byte_ms" type="number" label=${t('timeouts.first')} placeholder=${t('default')} />
        <${Field} form=${form} name="timeouts.idle_ms" type="number" label=${t('timeouts.idle')} placeholder=${t('default')} />
        <${Field} form=${form} name="timeouts.total_ms" type="number" label=${t('timeouts.total')} placeholder=${t('none')} />
        <${Field} form=${form} name="price_factor" type="number" label=${t('price.factor')} hint=${t('price.factor.hint')} />
        <${Field} form=${form} name="headers" type="pairs" label=${t('headers')} wide hint=${t('headers.hint')} columns=${[[t('header')], [t('value')]]} />
      </div>
    </details>

    <${Test} draft=${draft} models=${values.models} form=${form} />
  <//>`;
}

/** What is left at the vendor, with what is saved. */
function Left({ id }) {
  const balances = useVendorBalances();
  const state = balances.of(id);
  return html`<div class="field wide together">
    <button type="button" class="quiet" disabled=${state.busy} onClick=${() => balances.ask(id)}><${Icon} name="balance" />${t('vendor.balance')}</button>
    <${VendorBalance} state=${state} />
  </div>`;
}

function same(a, b) {
  return JSON.stringify(a) === JSON.stringify(b || []);
}

/** Asks the vendor for its models and lets one choose among them. */
function Fetch({ draft, form }) {
  const [busy, setBusy] = useState(false);
  const [found, setFound] = useState(null);
  const [chosen, setChosen] = useState(new Set());
  const [search, setSearch] = useState('');
  const run = async () => {
    setBusy(true);
    try {
      const { models } = await post('/channels/models', { channel: draft() });
      setChosen(new Set(models.filter((name) => form.values.models.includes(name))));
      setFound(models);
    } catch (problem) {
      form.setProblem(problem);
    }
    setBusy(false);
  };
  const shown = (found || []).filter((name) => name.toLowerCase().includes(search.toLowerCase()));
  const toggle = (name) => {
    const next = new Set(chosen);
    if (!next.delete(name)) next.add(name);
    setChosen(next);
  };
  const take = () => {
    const kept = form.values.models.filter((name) => !found.includes(name));
    form.set('models', [...kept, ...found.filter((name) => chosen.has(name))]);
    setFound(null);
  };
  return html`
    <button type="button" class="quiet small" disabled=${busy} onClick=${run}>
      ${busy ? html`<span class="spinner"></span>` : html`<${Icon} name="refresh" />`}${t('models.fetch')}
    </button>
    ${found &&
    html`<${Dialog} title=${t('models.found', { count: found.length })} onClose=${() => setFound(null)}>
      <input type="search" aria-label=${t('search')} placeholder=${t('search')} value=${search} onInput=${(event) => setSearch(event.target.value)} />
      <p class="together">
        <button type="button" class="quiet small" onClick=${() => setChosen(new Set([...chosen, ...shown]))}>${t('choose.all')}</button>
        <button type="button" class="quiet small" onClick=${() => setChosen(new Set([...chosen].filter((name) => !shown.includes(name))))}>${t('choose.none')}</button>
      </p>
      <ul class="choices">
        ${shown.map((name) => html`<li key=${name}><label><input type="checkbox" checked=${chosen.has(name)} onChange=${() => toggle(name)} />${name}</label></li>`)}
      </ul>
      <footer>
        <button type="button" class="quiet" onClick=${() => setFound(null)}>${t('cancel')}</button>
        <button type="button" class="main" onClick=${take}>${t('models.take', { count: chosen.size })}</button>
      </footer>
    <//>`}
  `;
}

function Test({ draft, models, form }) {
  const exact = models.filter((name) => !name.includes('*'));
  const [model, setModel] = useState('');
  const [busy, setBusy] = useState('');
  const [result, setResult] = useState(null);
  const run = async (stream) => {
    setBusy(stream ? 'stream' : 'plain');
    setResult(null);
    form.setProblem(null);
    try {
      setResult(await post('/channels/test', { channel: draft(), stream, ...(model ? { model } : {}) }));
    } catch (problem) {
      form.setProblem(problem);
    }
    setBusy('');
  };
  return html`<section class="card">
    <h2>${t('test.before')}</h2>
    <p class="soft">${t('test.about')}</p>
    <div class="together">
      <input aria-label=${t('model')} list="draft-models" value=${model} placeholder=${exact[0] || t('model')} onInput=${(event) => setModel(event.target.value)} />
      <datalist id="draft-models">${exact.map((name) => html`<option value=${name}></option>`)}</datalist>
      <button type="button" class="quiet" disabled=${busy} onClick=${() => run(false)}>${busy === 'plain' ? html`<span class="spinner"></span>` : html`<${Icon} name="test" />`}${t('test')}</button>
      <button type="button" class="quiet" disabled=${busy} onClick=${() => run(true)}>${busy === 'stream' ? html`<span class="spinner"></span>` : html`<${Icon} name="test" />`}${t('test.streamed')}</button>
    </div>
    <div role="status">${result && html`<${TestResult} result=${result} />`}</div>
  </section>`;
}

/** The API gives so many characters of an answer. */
const CUT = 200;

export function TestResult({ result }) {
  const facts = [
    result.model,
    result.status && t('test.status', { status: result.status }),
    t('test.took', { time: millis(result.latency_ms) }),
    result.ttft_ms !== null && t('test.first', { time: millis(result.ttft_ms) }),
  ].filter(Boolean);
  return html`<${Notice} kind=${result.ok ? 'good' : 'bad'}>
    <p><strong>${t(result.ok ? 'test.ok' : 'test.failed')}</strong>${result.error && html`: ${result.error}`}</p>
    <p class="soft">${facts.join(' · ')}</p>
    ${result.answer && html`<pre class="said">${result.answer}${result.answer.length >= CUT && '…'}</pre>`}
  <//>`;
}
