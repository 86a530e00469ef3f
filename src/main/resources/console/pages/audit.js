// Who changed what, when and from where.
import { useList } from '../data.js';
import { time } from '../format.js';
import { t, textOr } from '../i18n.js';
import { refine } from '../router.js';
import { Empty } from '../ui/feedback.js';
import { Head, Sought, Table } from '../ui/table.js';
import { html } from '../view.js';

const SHOWN = 5;
const ACTIONS = ['create', 'update', 'delete', 'credit', 'redeem', 'register', 'sign_in', 'sign_out'];

export function Audit({ query }) {
  const list = useList('/audit', { username: query.name && `*${query.name}*`, action: query.action }, { every: 15_000 });
  const columns = [
    { title: t('time'), cell: (row) => html`<span class="unbroken">${time(row.at)}</span>` },
    { title: t('actor'), cell: (row) => html`${row.username}<small class="block unbroken">${t('means.' + row.means)} · ${row.client_ip}</small>` },
    { title: t('action'), cell: (row) => html`<span class="unbroken">${textOr('action.' + row.action, row.action)}</span>` },
    { title: t('resource'), cell: (row) => html`${textOr('resource.' + row.resource, row.resource)}${row.resource_id !== row.resource && html` <span class="soft">${row.resource_id}</span>`}` },
    { title: t('changes'), wide: true, cell: (row) => html`<${Changes} changes=${row.changes} />` },
  ];
  return html`
    <${Head} title=${t('nav.audit')} about=${t('audit.about')} />
    <div class="filters">
      <${Sought} type="search" aria-label=${t('search.name')} placeholder=${t('search.name')} value=${query.name} take=${(name) => refine('audit', { ...query, name })} />
      <select aria-label=${t('action')} value=${query.action || ''} onChange=${(event) => refine('audit', { ...query, action: event.target.value })}>
        ${['', ...ACTIONS].map((each) => html`<option value=${each} selected=${each === (query.action || '')}>${each ? t('action.' + each) : t('all')}</option>`)}
      </select>
    </div>
    <${Table} caption=${t('nav.audit')} columns=${columns} list=${list} empty=${html`<${Empty} title=${t('audit.none')} />`} />
  `;
}

/** The changed fields at a glance, their values on demand. Of a secret there is only the name. */
function Changes({ changes }) {
  if (changes.length === 0) return null;
  const names = changes.map((change) => change.field);
  return html`<details>
    <summary>${names.slice(0, SHOWN).join(', ')}${names.length > SHOWN && ` +${names.length - SHOWN}`}</summary>
    <dl>
      ${changes.map((change) => html`<div><dt>${change.field}</dt><dd>${said(change.from)} → ${said(change.to)}</dd></div>`)}
    </dl>
  </details>`;
}

function said(value) {
  if (value === null || value === undefined) return '–';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
