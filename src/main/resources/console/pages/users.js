// The users: who signs in, owns tokens and pays.
import { patch, post, remove } from '../api.js';
import { useAll, useList } from '../data.js';
import { moment, time, usd } from '../format.js';
import { t } from '../i18n.js';
import { refine } from '../router.js';
import { attempt, Badge, Dialog, Loading, sure, toast } from '../ui/feedback.js';
import { Field, Form, LimitFields, limits, limitValues, number, QuotaField, quotaOf, quotaValues, RenewalFields, useForm } from '../ui/form.js';
import { Icon } from '../ui/icons.js';
import { Head, RowButton, Sought, Table } from '../ui/table.js';
import { html, useState } from '../view.js';
import { Spent } from './tokens.js';

export function Users({ user: me, query }) {
  const list = useList('/users', { username: query.name && `*${query.name}*`, group: query.group });
  const [editing, setEditing] = useState(null);
  const [crediting, setCrediting] = useState(null);
  const reload = list.reload;
  const mayChange = (user) => me.role === 'root' || user.role === 'user' || user.id === me.id;
  const toggle = (user) => attempt(() => patch('/users/' + user.id, { enabled: !user.enabled }), t('saved')).then(reload);
  const erase = async (user) => {
    if (!(await sure({ title: t('delete.one', { name: user.username }), text: t('user.delete.what'), action: t('delete') }))) return;
    await attempt(() => remove('/users/' + user.id), t('deleted'));
    reload();
  };
  const resetFactor = async (user) => {
    if (!(await sure({ title: t('factor.reset', { name: user.username }), text: t('factor.reset.what'), action: t('factor.reset.do') }))) return;
    await attempt(() => remove(`/users/${user.id}/second-factor`), t('saved'));
  };
  const columns = [
    {
      title: t('username'),
      wide: true,
      cell: (user) => html`${mayChange(user) ? html`<button class="row-name link" onClick=${() => setEditing(user)}>${user.username}</button>` : html`<span class="row-name">${user.username}</span>`}
        ${user.display_name !== user.username && html`<span class="soft">${user.display_name}</span>`}`,
    },
    { title: t('role'), cell: (user) => html`<${Badge} kind=${user.role === 'user' ? 'plain' : 'warn'}>${t('role.' + user.role)}<//>` },
    { title: t('group'), cell: (user) => user.group },
    { title: t('state'), cell: (user) => html`<${Badge} kind=${user.enabled ? 'good' : 'plain'}>${t(user.enabled ? 'state.on' : 'state.off')}<//>` },
    { title: t('quota'), cell: (user) => html`<${Spent} token=${user} />` },
    {
      title: t('actions'),
      actions: true,
      cell: (user) => html`
        <a class="bare" href=${'#/usage?user_id=' + user.id} title=${t('usage.one', { name: user.username })} aria-label=${t('usage.one', { name: user.username })}><${Icon} name="usage" /></a>
        ${mayChange(user) && html`<${RowButton} icon="credit" label=${t('credit.one', { name: user.username })} onClick=${() => setCrediting(user)} />`}
        ${mayChange(user) && user.id !== me.id && html`
          <${RowButton} icon="access" label=${t('factor.reset', { name: user.username })} onClick=${() => resetFactor(user)} />
          <${RowButton} icon="power" label=${t(user.enabled ? 'disable.one' : 'enable.one', { name: user.username })} onClick=${() => toggle(user)} />
          <${RowButton} icon="remove" danger label=${t('delete.one', { name: user.username })} onClick=${() => erase(user)} />`}
      `,
    },
  ];
  return html`
    <${Head} title=${t('nav.users')} about=${t('users.about')}>
      <button class="main" onClick=${() => setEditing('new')}><${Icon} name="add" />${t('user.add')}</button>
    <//>
    <div class="filters">
      <${Sought} type="search" aria-label=${t('search.name')} placeholder=${t('search.name')} value=${query.name} take=${(name) => refine('users', { ...query, name })} />
    </div>
    <${Table} caption=${t('nav.users')} columns=${columns} list=${list} faded=${(user) => !user.enabled} />
    ${editing && html`<${Editor} key=${editing.id} user=${editing === 'new' ? null : editing} me=${me} close=${() => setEditing(null)} saved=${() => { setEditing(null); reload(); }} />`}
    ${crediting && html`<${Credits} user=${crediting} close=${() => { setCrediting(null); reload(); }} />`}
  `;
}

function Editor({ user, me, close, saved }) {
  const groups = useAll('/groups');
  const roles = me.role === 'root' ? ['user', 'admin', 'root'] : [user?.role ?? 'user'];
  const form = useForm(
    {
      username: user?.username ?? '',
      display_name: user?.display_name ?? '',
      password: '',
      role: user?.role ?? 'user',
      group: user?.group ?? 'default',
      enabled: user?.enabled ?? true,
      ...quotaValues(user ? user.quota_usd : null),
      quota_period: user?.quota_period ?? 'none',
      time_zone: user?.time_zone ?? 'UTC',
      ...limitValues(user?.limits),
    },
    async (values) => {
      const body = {
        username: values.username,
        display_name: values.display_name || null,
        role: values.role,
        group: values.group,
        enabled: values.enabled,
        quota_usd: quotaOf(values),
        ...(values.password ? { password: values.password } : {}),
        quota_period: values.quota_period,
        time_zone: values.time_zone,
        limits: limits(values),
      };
      await (user ? patch('/users/' + user.id, body) : post('/users', body));
      toast(t('saved'));
      saved();
    },
  );
  return html`<${Dialog} title=${user ? user.username : t('user.add')} onClose=${close} wide>
    <${Form} form=${form} action=${user ? t('save') : t('user.add')} onCancel=${close}>
      <div class="fields">
        <${Field} form=${form} name="username" label=${t('username')} hint=${t('username.rule')} required autocomplete="off" autofocus />
        <${Field} form=${form} name="display_name" label=${t('display.name')} />
        <${Field} form=${form} name="password" type="password" label=${user ? t('password.new') : t('password')} hint=${user ? t('password.kept') : t('password.rule')} required=${!user} autocomplete="new-password" />
        <${Field} form=${form} name="role" type="select" label=${t('role')} hint=${t('role.hint')} options=${roles.map((role) => [role, t('role.' + role)])} />
        <${Field} form=${form} name="group" type="select" label=${t('group')} options=${names(groups, form.values.group).map((name) => [name, name])} />
        <${QuotaField} form=${form} hint=${t('user.quota.hint')} />
        <${RenewalFields} form=${form} />
        <${LimitFields} form=${form} />
        <${Field} form=${form} name="enabled" type="check" label=${t('enabled')} wide />
      </div>
    <//>
  <//>`;
}

function names(groups, own) {
  return [...new Set([own, ...groups.map((group) => group.name)])];
}

function Credits({ user, close }) {
  const [now, setNow] = useState(user);
  const form = useForm({ amount_usd: '', note: '' }, async (values) => {
    const credit = await post(`/users/${user.id}/credits`, { amount_usd: number(values.amount_usd), ...(values.note ? { note: values.note } : {}) });
    setNow({ ...now, quota_usd: credit.quota_usd });
    form.merge({ amount_usd: '', note: '' });
    toast(t('credit.done'));
    history.reload();
  });
  const history = useList(`/users/${user.id}/credits`, {}, { limit: 20 });
  return html`<${Dialog} title=${t('credit.one', { name: user.username })} onClose=${close} wide>
    <p>${t('credit.about', { quota: now.quota_usd === null ? t('unlimited') : usd(now.quota_usd), used: usd(now.used_usd) })}</p>
    <${Form} form=${form} action=${t('credit')} onCancel=${close}>
      <div class="fields">
        <${Field} form=${form} name="amount_usd" type="number" label=${t('amount')} hint=${t('credit.hint')} required autofocus />
        <${Field} form=${form} name="note" label=${t('note')} />
      </div>
    <//>
    <${CreditHistory} list=${history} />
  <//>`;
}

export function CreditHistory({ list }) {
  if (list.problem) return null;
  if (!list.rows) return html`<${Loading} />`;
  if (list.rows.length === 0) return null;
  const columns = [
    { title: t('time'), short: true, cell: (credit) => html`<span title=${time(credit.created_at)}>${moment(credit.created_at)}</span>` },
    { title: t('amount'), number: true, cell: (credit) => usd(credit.amount_usd) },
    { title: t('note'), wide: true, cell: (credit) => credit.note || (credit.redemption_code_id === null ? '–' : t('credit.code', { id: credit.redemption_code_id })) },
    { title: t('credit.after'), number: true, cell: (credit) => usd(credit.quota_usd) },
  ];
  return html`<h3>${t('credit.history')}</h3><${Table} caption=${t('credit.history')} columns=${columns} list=${list} />`;
}
