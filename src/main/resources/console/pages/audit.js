// Who changed what, when and from where.
import { useList } from '../data.js';
import { time } from '../format.js';
import { t } from '../i18n.js';
import { Empty } from '../ui/feedback.js';
import { Head, Table } from '../ui/table.js';
import { html } from '../view.js';

export function Audit() {
  const list = useList('/audit', {}, { every: 15_000 });
  const columns = [
    { title: t('time'), cell: (row) => time(row.at) },
    { title: t('actor'), cell: (row) => said(row.actor) },
    { title: t('action'), cell: (row) => row.action },
    { title: t('resource'), cell: (row) => html`${row.resource} <span class="soft">${row.resource_id ?? ''}</span>` },
    { title: t('address'), cell: (row) => row.address ?? '–' },
    { title: t('changes'), wide: true, cell: (row) => html`<${Changes} changes=${row.changes} />` },
  ];
  return html`
    <${Head} title=${t('nav.audit')} about=${t('audit.about')} />
    <${Table} caption=${t('nav.audit')} columns=${columns} list=${list} empty=${html`<${Empty} title=${t('audit.none')} />`} />
  `;
}

/** The changed fields at a glance, their values on demand. */
function Changes({ changes }) {
  if (!changes || (typeof changes === 'object' && Object.keys(changes).length === 0)) return '–';
  if (typeof changes !== 'object') return String(changes);
  const names = Array.isArray(changes) ? changes.map((each) => each.field ?? said(each)) : Object.keys(changes);
  return html`<details><summary>${names.join(', ')}</summary><pre>${JSON.stringify(changes, null, 2)}</pre></details>`;
}

function said(value) {
  return value !== null && typeof value === 'object' ? (value.username ?? value.name ?? JSON.stringify(value)) : String(value ?? '–');
}
