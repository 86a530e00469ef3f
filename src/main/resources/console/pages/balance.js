// One's own balance: what is left, what was added, and a code to add more.
import { post } from '../api.js';
import { useGet, useList } from '../data.js';
import { usd } from '../format.js';
import { t } from '../i18n.js';
import { refresh } from '../session.js';
import { Loading, toast } from '../ui/feedback.js';
import { Field, Form, useForm } from '../ui/form.js';
import { Head } from '../ui/table.js';
import { html } from '../view.js';
import { Spent } from './tokens.js';
import { CreditHistory } from './users.js';

export function Balance({ user }) {
  const me = useGet('/users/' + user.id);
  const credits = useList(`/users/${user.id}/credits`, {}, { limit: 20 });
  const form = useForm({ code: '' }, async (values) => {
    const redeemed = await post('/redemptions', { code: values.code.trim() });
    form.set('code', '');
    toast(redeemed?.amount_usd === undefined ? t('redeemed') : t('redeemed.amount', { amount: usd(redeemed.amount_usd) }));
    me.reload();
    credits.reload();
    refresh();
  });
  const now = me.data;
  return html`
    <${Head} title=${t('nav.balance')} about=${t('balance.about')} />
    <div class="columns">
      <section class="card">
        <h2>${t('balance.left')}</h2>
        ${now ? html`<p class="large">${now.quota_usd === null ? t('unlimited') : usd(now.quota_usd - now.period_used_usd)}</p>${now.quota_usd === null ? html`<p class="soft">${t('overview.used', { value: usd(now.used_usd) })}</p>` : html`<${Spent} token=${now} />`}` : html`<${Loading} />`}
      </section>
      <section class="card">
        <h2>${t('redeem')}</h2>
        <${Form} form=${form} action=${t('redeem')}>
          <${Field} form=${form} name="code" label=${t('code')} hint=${t('redeem.hint')} autocomplete="off" spellcheck="false" />
        <//>
      </section>
    </div>
    <${CreditHistory} list=${credits} />
  `;
}
