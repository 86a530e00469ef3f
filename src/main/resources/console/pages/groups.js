// The groups: what their users pay of the price, and how fast they may go.
import { patch, post, remove } from '../api.js';
import { useList } from '../data.js';
import { count, day } from '../format.js';
import { t } from '../i18n.js';
import { attempt, Dialog, sure, toast } from '../ui/feedback.js';
import { Field, Form, LimitFields, limits, limitValues, number, useForm } from '../ui/form.js';
import { Icon } from '../ui/icons.js';
import { Head, RowButton, Table } from '../ui/table.js';
import { html, useState } from '../view.js';

export function Groups() {
  const list = useList('/groups');
  const [editing, setEditing] = useState(null);
  const erase = async (group) => {
    if (!(await sure({ title: t('delete.one', { name: group.name }), text: t('group.delete.what'), action: t('delete') }))) return;
    await attempt(() => remove('/groups/' + encodeURIComponent(group.name)), t('deleted'));
    list.reload();
  };
  const limit = (value) => (value === null || value === undefined ? '–' : count(value));
  const columns = [
    { title: t('name'), wide: true, cell: (group) => html`<button class="row-name link" onClick=${() => setEditing(group)}>${group.name}</button>` },
    { title: t('price.factor'), number: true, cell: (group) => '× ' + group.price_factor },
    { title: t('limits.rpm'), number: true, cell: (group) => limit(group.limits.rpm) },
    { title: t('limits.tpm'), number: true, cell: (group) => limit(group.limits.tpm) },
    { title: t('limits.concurrency'), number: true, cell: (group) => limit(group.limits.concurrency) },
    { title: t('updated'), short: true, cell: (group) => (new Date(group.updated_at) > 0 ? day(group.updated_at) : '–') },
    {
      title: t('actions'),
      actions: true,
      cell: (group) => html`
        <a class="bare" href=${'#/users?group=' + encodeURIComponent(group.name)} title=${t('group.users', { name: group.name })} aria-label=${t('group.users', { name: group.name })}><${Icon} name="users" /></a>
        ${group.name !== 'default' && html`<${RowButton} icon="remove" danger label=${t('delete.one', { name: group.name })} onClick=${() => erase(group)} />`}
      `,
    },
  ];
  return html`
    <${Head} title=${t('nav.groups')} about=${t('groups.about')}>
      <button class="main" onClick=${() => setEditing('new')}><${Icon} name="add" />${t('group.add')}</button>
    <//>
    <${Table} caption=${t('nav.groups')} columns=${columns} list=${list} />
    ${editing && html`<${Editor} key=${editing.name} group=${editing === 'new' ? null : editing} close=${() => setEditing(null)} saved=${() => { setEditing(null); list.reload(); }} />`}
  `;
}

function Editor({ group, close, saved }) {
  const form = useForm({ name: group?.name ?? '', price_factor: String(group?.price_factor ?? 1), ...limitValues(group?.limits) }, async (values) => {
    const body = { price_factor: number(values.price_factor), limits: limits(values) };
    await (group ? patch('/groups/' + encodeURIComponent(group.name), body) : post('/groups', { name: values.name, ...body }));
    toast(t('saved'));
    saved();
  });
  return html`<${Dialog} title=${group ? group.name : t('group.add')} onClose=${close}>
    <${Form} form=${form} action=${group ? t('save') : t('group.add')} onCancel=${close}>
      <div class="fields">
        ${!group && html`<${Field} form=${form} name="name" label=${t('name')} hint=${t('group.name.hint')} required wide autofocus />`}
        <${Field} form=${form} name="price_factor" type="number" label=${t('price.factor')} hint=${t('group.factor.hint')} wide />
        <${LimitFields} form=${form} />
      </div>
    <//>
  <//>`;
}
