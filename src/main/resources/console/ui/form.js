// Forms: what was typed stays when the API refuses it, and the fields that it names are marked.
import { t } from '../i18n.js';
import { html, useEffect, useRef, useState } from '../view.js';
import { detail, fault, words } from './feedback.js';
import { Icon } from './icons.js';

/** The state of a form. `submit` gets the values and throws a Problem when they are refused. */
export function useForm(initial, submit) {
  const [values, setValues] = useState(initial);
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  const shown = useRef(new Set());
  const form = {
    values,
    problem,
    busy,
    shown: shown.current,
    set: (name, value) => setValues((before) => ({ ...before, [name]: value })),
    merge: (more) => setValues((before) => ({ ...before, ...more })),
    setProblem,
    faults: (name) =>
      (problem?.fields || []).filter((each) => each.field === name || each.field.startsWith(name + '.')),
    async send(event) {
      event?.preventDefault();
      if (busy) return;
      setBusy(true);
      setProblem(null);
      try {
        await submit(values);
      } catch (refused) {
        setProblem(refused.fields ? refused : Object.assign(refused, { fields: [] }));
      } finally {
        setBusy(false);
      }
    },
  };
  return form;
}

export function Form({ form, action, onCancel, children, extra, danger }) {
  const ref = useRef();
  useEffect(() => {
    if (!form.problem) return;
    const wrong = [...ref.current.querySelectorAll('[aria-invalid="true"]')];
    wrong.map((field) => field.closest('details')).forEach((folded) => folded && (folded.open = true));
    (wrong[0] || ref.current.querySelector('[role="alert"]'))?.focus();
  }, [form.problem]);
  return html`<form ref=${ref} novalidate onSubmit=${form.send}>
    <${Refusal} form=${form} />
    ${children}
    <footer>
      ${extra}
      ${onCancel && html`<button type="button" class="quiet" onClick=${onCancel}>${t('cancel')}</button>`}
      <button class=${danger ? 'danger' : 'main'} disabled=${form.busy}>
        ${form.busy && html`<span class="spinner"></span>`}${action || t('save')}
      </button>
    </footer>
  </form>`;
}

/** What the fields themselves cannot say. */
function Refusal({ form }) {
  if (!form.problem) return null;
  const rest = form.problem.fields.filter(
    (each) => ![...form.shown].some((name) => each.field === name || each.field.startsWith(name + '.')),
  );
  const marked = form.problem.fields.length - rest.length;
  return html`<div class="notice bad" role="alert" tabindex="-1">
    <${Icon} name="warn" />
    <div>
      <p>${marked > 0 ? t('form.marked') : words(form.problem)}</p>
      ${marked === 0 && detail(form.problem) && html`<p class="soft">${detail(form.problem)}</p>`}
      ${rest.length > 0 && html`<ul>${rest.map((each) => html`<li>${each.field}: ${fault(each)}</li>`)}</ul>`}
    </div>
  </div>`;
}

let ids = 0;
function useName() {
  const ref = useRef(null);
  ref.current ??= 'f' + ++ids;
  return ref.current;
}

/**
 * One field: its label, its control, a hint, and what is wrong with it. `type` is text, password, number, area, select,
 * check, list or pairs; `options` are [value, text] for a select, and suggestions for a list.
 */
export function Field({ form, name, label, hint, type = 'text', required, wide, double, children, ...rest }) {
  const id = useName();
  form.shown.add(name);
  const faults = form.faults(name);
  const control = {
    id,
    value: form.values[name],
    set: (value) => form.set(name, value),
    'aria-invalid': faults.length > 0 ? 'true' : undefined,
    'aria-describedby': (faults.length > 0 ? id + 'e ' : '') + (hint ? id + 'h' : '') || undefined,
    'aria-required': required ? 'true' : undefined,
    ...rest,
  };
  const said = html`
    ${hint && html`<small id=${id + 'h'}>${hint}</small>`}
    ${faults.length > 0 &&
    html`<small class="fault" id=${id + 'e'}>
      ${faults.map((each) => html`<span title=${each.message}>${each.field === name ? '' : each.field + ': '}${fault(each)}</span>`)}
    </small>`}
  `;
  if (type === 'check') {
    return html`<div class=${'field check' + (wide ? ' wide' : '')}>
      <label for=${id}><${Check} ...${control} />${label}</label>
      ${said}
    </div>`;
  }
  const Control = CONTROLS[type] || Text;
  return html`<div class=${'field' + (wide ? ' wide' : double ? ' double' : '')}>
    <div class="label-line">
      <label for=${id}>${label}${required && html`<span class="required" aria-hidden="true">*</span>`}</label>
      ${children}
    </div>
    <${Control} type=${type} ...${control} />
    ${said}
  </div>`;
}

function Text({ value, set, type, ...rest }) {
  const number = type === 'number';
  return html`<input
    type=${number ? 'text' : type}
    inputmode=${number ? 'decimal' : undefined}
    value=${value ?? ''}
    onInput=${(event) => set(event.target.value)}
    ...${rest}
  />`;
}

function Area({ value, set, type, ...rest }) {
  return html`<textarea value=${value ?? ''} onInput=${(event) => set(event.target.value)} ...${rest}></textarea>`;
}

function Check({ value, set, ...rest }) {
  return html`<input type="checkbox" checked=${!!value} onChange=${(event) => set(event.target.checked)} ...${rest} />`;
}

function Select({ value, set, options, type, ...rest }) {
  return html`<select value=${value ?? ''} onChange=${(event) => set(event.target.value)} ...${rest}>
    ${options.map(([each, text]) => html`<option value=${each} selected=${String(each) === String(value ?? '')}>${text}</option>`)}
  </select>`;
}

/** Several short texts, each a chip. Enter, a comma or leaving the field takes what was typed; a pasted list is split. */
function List({ value = [], set, options = [], id, type, placeholder, ...rest }) {
  const [typed, setTyped] = useState('');
  const add = (text) => {
    const more = text.split(/[\s,，]+/).filter((each) => each && !value.includes(each));
    if (more.length > 0) set([...value, ...new Set(more)]);
    setTyped('');
  };
  const onKeyDown = (event) => {
    if (event.isComposing) return;
    if ((event.key === 'Enter' || event.key === ',') && typed.trim()) {
      event.preventDefault();
      add(typed);
    } else if (event.key === 'Enter') {
      event.preventDefault();
    } else if (event.key === 'Backspace' && !typed && value.length > 0) {
      set(value.slice(0, -1));
    }
  };
  const onInput = (event) => {
    const text = event.target.value;
    if (options.includes(text) || /[\n]/.test(text)) add(text);
    else setTyped(text);
  };
  const onPaste = (event) => {
    const text = event.clipboardData.getData('text');
    if (!/[\s,，]/.test(text.trim())) return;
    event.preventDefault();
    add(text);
  };
  return html`<div class="chips">
    ${value.map(
      (each) => html`<span class="chip" key=${each}>
        ${each}<button
          type="button"
          aria-label=${t('remove.one', { name: each })}
          onClick=${() => set(value.filter((other) => other !== each))}
        >
          <${Icon} name="close" />
        </button>
      </span>`,
    )}
    <input
      id=${id}
      list=${id + 'o'}
      value=${typed}
      placeholder=${value.length === 0 ? placeholder : ''}
      onKeyDown=${onKeyDown}
      onInput=${onInput}
      onPaste=${onPaste}
      onBlur=${() => typed.trim() && add(typed)}
      ...${rest}
    />
    <datalist id=${id + 'o'}>
      ${options.filter((each) => !value.includes(each)).map((each) => html`<option value=${each}></option>`)}
    </datalist>
  </div>`;
}

/** An object, as rows of a name and its values. `columns` are [label, options], without options a text is typed. */
function Pairs({ value = [], set, id, columns, type, ...rest }) {
  const change = (at, place, text) => set(value.map((row, i) => (i === at ? row.map((old, j) => (j === place ? text : old)) : row)));
  return html`<div class="pairs">
    ${value.map(
      (row, at) => html`<div class=${'pair of-' + columns.length} key=${at}>
        ${columns.map(
          ([label, options], place) => html`<span class="pair-part">
            <small aria-hidden="true">${label}</small>
            ${options
              ? html`<${Select} aria-label=${label} value=${row[place]} set=${(text) => change(at, place, text)} options=${options} />`
              : html`<input aria-label=${label} value=${row[place]} onInput=${(event) => change(at, place, event.target.value)} />`}
          </span>`,
        )}
        <button
          type="button"
          class="bare"
          aria-label=${t('remove.one', { name: row[0] || at + 1 })}
          onClick=${() => set(value.filter((row, i) => i !== at))}
        >
          <${Icon} name="close" />
        </button>
      </div>`,
    )}
    <button type="button" class="quiet" id=${id} ...${rest} onClick=${() => set([...value, columns.map(([, options]) => (options ? options[0][0] : ''))])}>
      <${Icon} name="add" />${t('add')}
    </button>
  </div>`;
}

const CONTROLS = { area: Area, select: Select, list: List, pairs: Pairs };

/** What a number field's text means to the API: nothing is null, and what is no number goes as it is, to be refused by name. */
export function number(text) {
  const trimmed = String(text ?? '').trim();
  if (trimmed === '') return null;
  return /^[+-]?(\d+\.?\d*|\.\d+)$/.test(trimmed) ? Number(trimmed) : trimmed;
}

export function pairs(object) {
  return Object.entries(object || {});
}

/** For a merge patch: the rows, and null for each name that has gone. */
export function object(rows, before = {}) {
  const gone = Object.keys(before).map((name) => [name, null]);
  return Object.fromEntries([...gone, ...rows.filter(([name]) => name.trim()).map(([name, text]) => [name.trim(), text])]);
}

/** Requests and tokens a minute, and calls at once: what tokens, users, groups, channels and their keys share. */
export function LimitFields({ form, name = 'limits', of = '' }) {
  return html`<div class="fields three">
    ${['rpm', 'tpm', 'concurrency'].map((limit) => html`<${Field} form=${form} key=${limit} name=${name + '.' + limit} type="number" label=${t('limits.' + limit) + of} placeholder=${t('none')} />`)}
  </div>`;
}

export function limitValues(limits, name = 'limits') {
  return {
    [name + '.rpm']: limits?.rpm ?? '',
    [name + '.tpm']: limits?.tpm ?? '',
    [name + '.concurrency']: limits?.concurrency ?? '',
  };
}

export function limits(values, name = 'limits') {
  return {
    rpm: number(values[name + '.rpm']),
    tpm: number(values[name + '.tpm']),
    concurrency: number(values[name + '.concurrency']),
  };
}

const DAY = 86_400_000;
const VALIDITIES = { day: DAY, week: 7 * DAY, month: 30 * DAY, quarter: 90 * DAY, year: 365 * DAY };

/** Until when something is valid: never over, a usual length from now, or a time of one's own. Its value is RFC 3339 or null. */
export function Expiry({ form, name = 'expires_at', label }) {
  const value = form.values[name];
  const [own, setOwn] = useState(!!value);
  const pick = (choice) => {
    setOwn(choice === 'own');
    if (choice === 'own') form.set(name, value || new Date(Date.now() + VALIDITIES.month).toISOString());
    else form.set(name, choice === 'never' ? null : new Date(Date.now() + VALIDITIES[choice]).toISOString());
  };
  const [choice, setChoice] = useState(value ? 'own' : 'never');
  const id = useName();
  form.shown.add(name);
  const faults = form.faults(name);
  return html`<div class="field">
    <label for=${id}>${label || t('expires')}</label>
    <div class="together">
      <select
        id=${id}
        value=${choice}
        aria-invalid=${faults.length > 0 ? 'true' : undefined}
        onChange=${(event) => {
          setChoice(event.target.value);
          pick(event.target.value);
        }}
      >
        ${['never', ...Object.keys(VALIDITIES), 'own'].map(
          (each) => html`<option value=${each} selected=${each === choice}>${t('expires.' + each)}</option>`,
        )}
      </select>
      ${own &&
      html`<input
        type="datetime-local"
        aria-label=${t('expires.own')}
        value=${local(value)}
        onInput=${(event) => form.set(name, event.target.value ? new Date(event.target.value).toISOString() : null)}
      />`}
    </div>
    ${faults.map((each) => html`<small class="fault" title=${each.message}>${fault(each)}</small>`)}
  </div>`;
}

function local(value) {
  if (!value) return '';
  const at = new Date(value);
  return new Date(at - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** Dollars, or without a limit. */
export function QuotaField({ form, name = 'quota_usd', label, hint }) {
  const without = name + '.unlimited';
  return html`<${Field}
    form=${form}
    name=${name}
    type="number"
    label=${label || t('quota')}
    hint=${hint}
    placeholder=${form.values[without] ? t('unlimited') : '0.00'}
    disabled=${form.values[without]}
    ...${form.values[without] ? { value: '' } : {}}
  >
    <label class="inline">
      <input type="checkbox" checked=${form.values[without]} onChange=${(event) => form.set(without, event.target.checked)} />
      ${t('unlimited')}
    </label>
  <//>`;
}

/** How often a quota begins anew, and by whose calendar; of no use to one that is unlimited. */
export function RenewalFields({ form }) {
  if (form.values['quota_usd.unlimited']) return null;
  const options = ['none', 'day', 'week', 'month'].map((each) => [each, t('period.' + each)]);
  return html`
    <${Field} form=${form} name="quota_period" type="select" label=${t('period.renews')} options=${options} />
    ${form.values.quota_period !== 'none' && html`<${Field} form=${form} name="time_zone" label=${t('time.zone')} hint=${t('time.zone.hint')} />`}
  `;
}

export function quotaValues(value, name = 'quota_usd') {
  return { [name]: value ?? '', [name + '.unlimited']: value === null || value === undefined };
}

/** A quota that is neither unlimited nor filled in is none at all: nothing may be spent. */
export function quotaOf(values, name = 'quota_usd') {
  return values[name + '.unlimited'] ? null : (number(values[name]) ?? 0);
}
