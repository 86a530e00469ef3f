// What is left of a channel's account, as its vendor tells it: asked by hand, and kept as long as the page is looked at.
import { post } from '../api.js';
import { ago, money } from '../format.js';
import { t } from '../i18n.js';
import { detail, words } from '../ui/feedback.js';
import { html, useState } from '../view.js';

/** { of(id), ask(id) }: what is known of each channel, { busy }, { left, at } or { problem }. */
export function useVendorBalances() {
  const [known, setKnown] = useState({});
  const put = (id, state) => setKnown((before) => ({ ...before, [id]: state }));
  const ask = async (id) => {
    put(id, { busy: true });
    try {
      const { balance, currency } = await post(`/channels/${id}/balance`);
      put(id, { left: money(balance, currency), at: new Date() });
    } catch (problem) {
      put(id, { problem });
    }
  };
  return { of: (id) => known[id] || {}, ask };
}

export function VendorBalance({ state }) {
  return html`<span class="vendor-balance" role="status">
    ${state.busy && html`<span class="spinner"></span> ${t('vendor.balance.asking')}`}
    ${state.left && html`<strong>${t('vendor.balance.left', { amount: state.left })}</strong> · ${ago(state.at)}`}
    ${state.problem && html`<span class="fault">${t('vendor.balance.failed')} ${words(state.problem)} ${detail(state.problem)}</span>`}
  </span>`;
}
