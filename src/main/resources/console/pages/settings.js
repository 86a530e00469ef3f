// The gateway's settings, as many as it has: a field for each that the API shows.
import { get, patch } from '../api.js';
import { useGet } from '../data.js';
import { t, textOr } from '../i18n.js';
import { Loading, toast, Trouble } from '../ui/feedback.js';
import { Field, Form, number, useForm } from '../ui/form.js';
import { Head } from '../ui/table.js';
import { html } from '../view.js';

export function Settings() {
  const { data, problem, reload } = useGet('/settings');
  return html`
    <${Head} title=${t('nav.settings')} about=${t('settings.about')} />
    ${problem ? html`<${Trouble} problem=${problem} retry=${reload} />` : data ? html`<${Editor} before=${data} />` : html`<${Loading} />`}
  `;
}

/** Names that end so are amounts even when they are unset and so give no hint of their type. */
const NUMBERS = /(_usd|_days|_tries|_percent|_count|_ms|_seconds|_minutes|_hours)$/;

function Editor({ before }) {
  const kinds = Object.fromEntries(Object.entries(before).map(([name, value]) => [name, kind(name, value)]));
  const names = Object.keys(before).filter((name) => kinds[name] && !['created_at', 'updated_at'].includes(name));
  const form = useForm(Object.fromEntries(names.map((name) => [name, before[name] ?? ''])), async (values) => {
    await patch('/settings', Object.fromEntries(names.map((name) => [name, sent(kinds[name], values[name])])));
    form.merge(await get('/settings'));
    toast(t('saved'));
  });
  return html`<${Form} form=${form}>
    <section class="card fields">
      ${names.map((name) => html`<${Field} key=${name} form=${form} name=${name} type=${kinds[name]} label=${textOr('setting.' + name, name)} hint=${textOr('setting.' + name + '.hint', undefined)} />`)}
    </section>
  <//>`;
}

function kind(name, value) {
  if (typeof value === 'boolean') return 'check';
  if (typeof value === 'number' || NUMBERS.test(name)) return 'number';
  if (Array.isArray(value)) return 'list';
  return value === null || typeof value === 'string' ? 'text' : null;
}

function sent(kind, value) {
  if (kind === 'number') return number(value);
  return kind === 'text' ? value || null : value;
}
