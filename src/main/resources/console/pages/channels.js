// The channels: how each is doing, tried out and switched from the list, many at once where it is the same for all.
import { patch, post, remove } from '../api.js';
import { useGet, useList } from '../data.js';
import { ago, count, millis, percent, time } from '../format.js';
import { t } from '../i18n.js';
import { go, refine } from '../router.js';
import { attempt, Badge, Dialog, Empty, sure, toast } from '../ui/feedback.js';
import { Icon } from '../ui/icons.js';
import { Head, RowButton, Sought, Table } from '../ui/table.js';
import { html, useRef, useState } from '../view.js';
import { since } from './overview.js';
import { TestResult } from './channel.js';
import { useVendorBalances, VendorBalance } from './vendor-balance.js';

const KINDS = { ok: 'good', cooling: 'bad', probing: 'warn', off: 'plain' };

export function Channels({ query }) {
  const list = useList('/channels', { name: query.name && `*${query.name}*`, vendor: query.vendor }, { every: 5_000, limit: 200 });
  const usage = useGet('/usage?group_by=channel_id&from=' + since(30));
  const vendors = useGet('/vendors');
  const balances = useVendorBalances();
  const tells = (channel) => vendors.data?.data.find((vendor) => vendor.id === channel.vendor)?.balance;
  const [chosen, choose] = useState(new Set());
  const [test, setTest] = useState(null);
  const shown = { ...list, rows: list.rows && inOrder(list.rows, query) };
  const reload = list.reload;

  const toggle = (channel) =>
    attempt(() => patch('/channels/' + channel.id, { enabled: !channel.enabled }), t(channel.enabled ? 'channel.disabled' : 'channel.enabled')).then(reload);
  const erase = async (channels) => {
    const names = channels.map((channel) => channel.name).join(', ');
    const title = channels.length === 1 ? t('delete.one', { name: names }) : t('channel.delete', { count: channels.length });
    const yes = await sure({ title, text: t('channel.delete.what', { names }), action: t('delete') });
    if (!yes) return;
    await attempt(async () => {
      for (const channel of channels) await remove('/channels/' + channel.id);
    }, t('deleted'));
    choose(new Set());
    reload();
  };

  const dragged = useRef(null);
  const drop = (target) => {
    const channel = dragged.current;
    if (!channel || channel.priority === target.priority) return null;
    return () => attempt(() => patch('/channels/' + channel.id, { priority: target.priority }), t('channel.moved', { name: channel.name, priority: target.priority })).then(reload);
  };

  const columns = [
    {
      title: t('name'),
      wide: true,
      cell: (channel) => html`<a class="row-name" href=${'#/channels/' + channel.id}>${channel.name}</a>
        <span class="soft">${channel.vendor} · ${channel.models.slice(0, 3).join(', ')}${channel.models.length > 3 ? ' +' + (channel.models.length - 3) : ''}</span>
        ${channel.tags.length > 0 && html`<span class="tags">${channel.tags.map((tag) => html`<button class="tag" onClick=${() => refine('channels', { ...query, tag })}>${tag}</button>`)}</span>`}
        <${VendorBalance} state=${balances.of(channel.id)} />`,
    },
    { title: t('state'), cell: (channel) => html`<${State} channel=${channel} />` },
    { title: t('priority'), number: true, cell: (channel) => html`<span class="handle" draggable="true" title=${t('channel.drag')} aria-hidden="true" onDragStart=${(event) => { dragged.current = channel; event.dataTransfer.setData('text/plain', channel.name); }} onDragEnd=${() => (dragged.current = null)}>⠿</span><${Typed} channel=${channel} field="priority" label=${t('priority')} reload=${reload} />` },
    { title: t('weight'), number: true, cell: (channel) => html`<${Typed} channel=${channel} field="weight" label=${t('weight')} reload=${reload} />` },
    { title: t('channel.tries'), number: true, cell: (channel) => count(usage.data?.data.find((row) => row.channel_id === channel.id)?.calls ?? 0) },
    { title: t('error.rate'), number: true, cell: (channel) => percent(channel.health.error_rate) },
    { title: t('ttft.short'), number: true, cell: (channel) => millis(channel.health.ttft_ms) },
    {
      title: t('actions'),
      actions: true,
      cell: (channel) => html`
        ${tells(channel) && html`<${RowButton} icon="balance" label=${t('vendor.balance.one', { name: channel.name })} busy=${balances.of(channel.id).busy} onClick=${() => balances.ask(channel.id)} />`}
        <${RowButton} icon="test" label=${t('test.one', { name: channel.name })} onClick=${() => setTest(channel)} />
        <${RowButton} icon="power" label=${t(channel.enabled ? 'disable.one' : 'enable.one', { name: channel.name })} onClick=${() => toggle(channel)} />
        <${RowButton} icon="copy" label=${t('copy.one', { name: channel.name })} onClick=${() => go('channels/new?copy=' + channel.id)} />
        <${RowButton} icon="remove" danger label=${t('delete.one', { name: channel.name })} onClick=${() => erase([channel])} />
      `,
    },
  ];
  const picked = (shown.rows || []).filter((channel) => chosen.has(channel.id));
  return html`
    <${Head} title=${t('nav.channels')} about=${t('channels.about')}>
      <a class="button main" href="#/channels/new"><${Icon} name="add" />${t('channel.add')}</a>
    <//>
    <div class="filters">
      <${Sought} type="search" aria-label=${t('search.name')} placeholder=${t('search.name')} value=${query.name} take=${(name) => refine('channels', { ...query, name })} />
      ${query.tag && html`<button class="tag on" onClick=${() => refine('channels', { ...query, tag: '' })}>${query.tag} ✕</button>`}
    </div>
    ${picked.length > 0 && html`<${Bulk} picked=${picked} done=${() => { choose(new Set()); reload(); }} erase=${() => erase(picked)} />`}
    <${Table}
      caption=${t('nav.channels')}
      columns=${columns}
      list=${shown}
      chosen=${chosen}
      choose=${choose}
      faded=${(channel) => !channel.enabled}
      drop=${drop}
      empty=${html`<${Empty} title=${t('channels.none')}>
        <p>${t('channels.none.why')}</p>
        <a class="button main" href="#/channels/new">${t('channel.add')}</a>
      <//>`}
    />
    ${test && html`<${TestDialog} channel=${test} close=${() => { setTest(null); reload(); }} />`}
  `;
}

/** As calls meet them: the highest priority first, then the larger share. */
function inOrder(rows, query) {
  return rows
    .filter((channel) => !query.tag || channel.tags.includes(query.tag))
    .sort((a, b) => b.priority - a.priority || b.weight - a.weight || a.id - b.id);
}

export function State({ channel }) {
  const { health } = channel;
  const state = channel.enabled ? health.state : 'off';
  const retry = health.retry_at ? t('channel.retry', { when: ago(health.retry_at) }) : '';
  return html`<span title=${health.retry_at ? time(health.retry_at) : undefined}>
    <${Badge} kind=${KINDS[state]}>${t('state.' + state)}<//>
    ${channel.enabled && health.reason && html`<small class="reason">${t('failure.' + health.reason)}${retry && ' · ' + retry}</small>`}
  </span>`;
}

/** A number that is changed where it stands: typed, and taken with Enter or on leaving. What is typed stays while the list is live. */
function Typed({ channel, field, label, reload }) {
  const [busy, setBusy] = useState(false);
  const [typed, setTyped] = useState(null);
  const take = async (event) => {
    const text = event.target.value.trim();
    if (text === String(channel[field])) return setTyped(null);
    setBusy(true);
    const changed = await attempt(() => patch('/channels/' + channel.id, { [field]: /^-?\d+$/.test(text) ? Number(text) : text }), t('saved'));
    if (changed) await reload();
    setTyped(null);
    setBusy(false);
  };
  return html`<input class="typed" inputmode="numeric" aria-label=${`${label}: ${channel.name}`} value=${typed ?? channel[field]} disabled=${busy} onInput=${(event) => setTyped(event.target.value)} onChange=${take} />`;
}

function Bulk({ picked, done, erase }) {
  const [progress, setProgress] = useState(null);
  const [tag, setTag] = useState('');
  const each = async (change) => {
    let failed = 0;
    for (const [at, channel] of picked.entries()) {
      setProgress(`${at + 1} / ${picked.length}`);
      await patch('/channels/' + channel.id, change(channel)).catch(() => failed++);
    }
    setProgress(null);
    toast(failed ? t('bulk.failed', { count: failed }) : t('saved'), failed ? 'bad' : 'good');
    done();
  };
  return html`<div class="bulk" role="group" aria-label=${t('bulk')}>
    <strong>${t('bulk.chosen', { count: picked.length })}</strong>
    <button class="quiet" onClick=${() => each(() => ({ enabled: true }))}>${t('enable')}</button>
    <button class="quiet" onClick=${() => each(() => ({ enabled: false }))}>${t('disable')}</button>
    <span class="together">
      <input aria-label=${t('tag')} placeholder=${t('tag')} value=${tag} onInput=${(event) => setTag(event.target.value)} />
      <button class="quiet" disabled=${!tag.trim()} onClick=${() => each((channel) => ({ tags: [...new Set([...channel.tags, tag.trim()])] }))}>${t('tag.add')}</button>
      <button class="quiet" disabled=${!tag.trim()} onClick=${() => each((channel) => ({ tags: channel.tags.filter((other) => other !== tag.trim()) }))}>${t('tag.remove')}</button>
    </span>
    <button class="quiet dangerous" onClick=${erase}>${t('delete')}</button>
    ${progress && html`<span role="status"><span class="spinner"></span> ${progress}</span>`}
  </div>`;
}

function TestDialog({ channel, close }) {
  const exact = channel.models.filter((model) => !model.includes('*'));
  const [model, setModel] = useState(exact[0] || '');
  const [stream, setStream] = useState(false);
  const [busy, setBusy] = useState(false);
  const [result, setResult] = useState(null);
  const run = async (event) => {
    event.preventDefault();
    setBusy(true);
    setResult(null);
    setResult((await attempt(() => post(`/channels/${channel.id}/test`, { stream, ...(model ? { model } : {}) }))) ?? null);
    setBusy(false);
  };
  return html`<${Dialog} title=${t('test.one', { name: channel.name })} onClose=${close}>
    <form onSubmit=${run}>
      <p class="soft">${t('test.about')}</p>
      <div class="field">
        <label for="test-model">${t('model')}</label>
        <input id="test-model" list="test-models" value=${model} onInput=${(event) => setModel(event.target.value)} placeholder=${channel.models[0]} />
        <datalist id="test-models">${exact.map((name) => html`<option value=${name}></option>`)}</datalist>
      </div>
      <div class="field check"><label><input type="checkbox" checked=${stream} onChange=${(event) => setStream(event.target.checked)} />${t('streamed')}</label></div>
      <div role="status">${result && html`<${TestResult} result=${result} />`}</div>
      <footer>
        <button type="button" class="quiet" onClick=${close}>${t('close')}</button>
        <button class="main" disabled=${busy}>${busy && html`<span class="spinner"></span>`}${t('test')}</button>
      </footer>
    </form>
  <//>`;
}
