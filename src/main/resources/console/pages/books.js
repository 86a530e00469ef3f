// Whether the books balance: each account's counter against the sum of its ledger rows.
import { useGet } from '../data.js';
import { usd } from '../format.js';
import { t } from '../i18n.js';
import { Loading, Notice, Trouble } from '../ui/feedback.js';
import { Icon } from '../ui/icons.js';
import { Head, Table } from '../ui/table.js';
import { html } from '../view.js';

export function Books() {
  const { data, problem, loading, reload } = useGet('/reconciliation');
  const columns = [
    { title: t('account'), wide: true, cell: (row) => `${t(row.kind === 'user' ? 'user' : 'token')} #${row.id}` },
    { title: t('books.counter'), number: true, cell: (row) => usd(row.used_usd) },
    { title: t('books.ledger'), number: true, cell: (row) => usd(row.ledger_usd) },
    { title: t('books.difference'), number: true, cell: (row) => usd(row.used_usd - row.ledger_usd) },
  ];
  return html`
    <${Head} title=${t('nav.books')} about=${t('books.about')}>
      <button class="quiet" disabled=${loading} onClick=${reload}><${Icon} name="refresh" />${t('books.again')}</button>
    <//>
    ${problem && html`<${Trouble} problem=${problem} retry=${reload} />`}
    ${loading && !data && html`<${Loading} />`}
    ${data && !problem && (data.balanced
      ? html`<${Notice} kind="good"><p><strong>${t('books.balanced')}</strong></p><p>${t('books.balanced.what')}</p><//>`
      : html`<${Notice} kind="bad"><p><strong>${t('books.unequal', { count: data.accounts.length })}</strong></p><//>
          <${Table} caption=${t('nav.books')} columns=${columns} list=${{ rows: data.accounts, reload }} />`)}
  `;
}
