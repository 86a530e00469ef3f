// The prices: the operator's own first, then the built-in list, which is overridden and never changed.
import { patch, post, remove } from '../api.js';
import { useList } from '../data.js';
import { usd } from '../format.js';
import { t } from '../i18n.js';
import { refine } from '../router.js';
import { attempt, Badge, Dialog, sure, toast } from '../ui/feedback.js';
import { Field, Form, number, useForm } from '../ui/form.js';
import { Icon } from '../ui/icons.js';
import { Head, RowButton, Sought, Table } from '../ui/table.js';
import { html, useState } from '../view.js';

/** What is asked for rarely stands folded away. */
const MORE = [
  'cache_write_1h_usd_per_mtok',
  'audio_input_usd_per_mtok',
  'cached_audio_input_usd_per_mtok',
  'audio_output_usd_per_mtok',
  'image_input_usd_per_mtok',
  'image_output_usd_per_mtok',
];
const LONG = ['long_context_tokens', 'long_input_usd_per_mtok', 'long_cached_input_usd_per_mtok', 'long_output_usd_per_mtok'];
const UNITS = ['usd_per_minute', 'usd_per_mchar'];
const TIERS = ['flex_input_usd_per_mtok', 'flex_output_usd_per_mtok', 'priority_input_usd_per_mtok', 'priority_output_usd_per_mtok'];
const AMOUNTS = ['input_usd_per_mtok', 'output_usd_per_mtok', 'cached_input_usd_per_mtok', 'cache_write_usd_per_mtok', 'usd_per_call'];

const ALL = [...AMOUNTS, ...MORE, ...UNITS, ...TIERS, ...LONG];

/** The unit of a price that is not one of tokens. */
const HINTS = { usd_per_call: 'price.per.call', usd_per_minute: 'price.per.minute', usd_per_mchar: 'price.per.mchar' };
const hint = (name) => t(HINTS[name] || 'price.per.mtok');

export function Prices({ query }) {
  const list = useList('/prices', { model: query.name && `*${query.name}*`, source: query.source });
  const [editing, setEditing] = useState(query.new ? { model: query.new } : null);
  const erase = async (price) => {
    if (!(await sure({ title: t('delete.one', { name: price.model }), text: t('price.delete.what'), action: t('delete') }))) return;
    await attempt(() => remove('/prices/' + price.id), t('deleted'));
    list.reload();
  };
  const close = () => {
    setEditing(null);
    if (query.new) refine('prices', {});
  };
  const amount = (name) => ({ title: t('price.' + name), number: true, cell: (price) => (price[name] === null || price[name] === undefined ? '–' : usd(price[name])) });
  const columns = [
    { title: t('model'), wide: true, cell: (price) => html`<button class="row-name link" onClick=${() => setEditing(price)}>${price.model}</button>` },
    { title: t('source'), cell: (price) => html`<${Badge} kind=${price.source === 'operator' ? 'good' : 'plain'}>${t('source.' + price.source)}<//>` },
    ...AMOUNTS.map(amount),
    {
      title: t('actions'),
      actions: true,
      cell: (price) => price.source === 'operator' && html`<${RowButton} icon="remove" danger label=${t('delete.one', { name: price.model })} onClick=${() => erase(price)} />`,
    },
  ];
  return html`
    <${Head} title=${t('nav.prices')} about=${t('prices.about')}>
      <button class="main" onClick=${() => setEditing({ model: '' })}><${Icon} name="add" />${t('price.add')}</button>
    <//>
    <div class="filters">
      <${Sought} type="search" aria-label=${t('search.model')} placeholder=${t('search.model')} value=${query.name} take=${(name) => refine('prices', { ...query, name })} />
      <select aria-label=${t('source')} value=${query.source || ''} onChange=${(event) => refine('prices', { ...query, source: event.target.value })}>
        ${['', 'operator', 'built-in'].map((each) => html`<option value=${each} selected=${each === (query.source || '')}>${each ? t('source.' + each) : t('all')}</option>`)}
      </select>
    </div>
    <${Table} caption=${t('nav.prices')} columns=${columns} list=${list} />
    ${editing && html`<${Editor} key=${editing.model} price=${editing} close=${close} saved=${() => { close(); list.reload(); }} />`}
  `;
}

function Editor({ price, close, saved }) {
  const own = price.source === 'operator';
  const form = useForm({ model: price.model, ...Object.fromEntries(ALL.map((name) => [name, price[name] ?? ''])) }, async (values) => {
    const body = { model: values.model, ...Object.fromEntries(ALL.map((name) => [name, number(values[name])])) };
    await (own ? patch('/prices/' + price.id, body) : post('/prices', body));
    toast(t('saved'));
    saved();
  });
  return html`<${Dialog} title=${own || !price.source ? (own ? price.model : t('price.add')) : t('price.override', { model: price.model })} onClose=${close} wide>
    <${Form} form=${form} onCancel=${close}>
      <div class="fields">
        <${Field} form=${form} name="model" label=${t('model')} hint=${t('price.model.hint')} required wide autofocus />
        ${AMOUNTS.map((name) => html`<${Field} key=${name} form=${form} name=${name} type="number" label=${t('price.' + name)} hint=${hint(name)} />`)}
      </div>
      <details open=${[...MORE, ...UNITS].some((name) => form.values[name] !== '')}>
        <summary>${t('price.media')}</summary>
        <div class="fields">${[...MORE, ...UNITS].map((name) => html`<${Field} key=${name} form=${form} name=${name} type="number" label=${t('price.' + name)} hint=${hint(name)} />`)}</div>
      </details>
      <details open=${TIERS.some((name) => form.values[name] !== '')}>
        <summary>${t('price.tiers')}</summary>
        <div class="fields">${TIERS.map((name) => html`<${Field} key=${name} form=${form} name=${name} type="number" label=${t('price.' + name)} hint=${hint(name)} />`)}</div>
      </details>
      <details open=${LONG.some((name) => form.values[name] !== '')}>
        <summary>${t('price.long')}</summary>
        <div class="fields">${LONG.map((name) => html`<${Field} key=${name} form=${form} name=${name} type="number" label=${t('price.' + name)} />`)}</div>
      </details>
    <//>
  <//>`;
}
