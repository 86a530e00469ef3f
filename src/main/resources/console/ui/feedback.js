// What the console says of its own accord: loading, nothing there, gone wrong, done, sure?
import { language, t, textOr } from '../i18n.js';
import { store } from '../store.js';
import { html, useLayoutEffect, useRef } from '../view.js';
import { Icon } from './icons.js';

export function Loading() {
  return html`<div class="loading" role="status"><span class="spinner"></span>${t('loading')}</div>`;
}

export function Empty({ title, children }) {
  return html`<div class="empty">
    <p class="empty-title">${title}</p>
    ${children}
  </div>`;
}

/** Words for what went wrong, also when the gateway could not say any. Its own are English; who reads another language has the objection's. */
export function words(problem) {
  if (problem.status === 0) return t('problem.unreachable');
  if (problem.status === undefined) return t('problem.bug');
  return (!english() && said(problem)) || problem.message || said(problem) || String(problem.status);
}

/** The gateway's own sentence, where the words are not that: it may name what they do not. */
export function detail(problem) {
  return problem.status && problem.message && words(problem) !== problem.message ? problem.message : null;
}

/** What one field must be, in the reader's language; a rule that is newer than this page is told as the API told it. */
export function fault({ rule, values, message }) {
  return rule ? t('rule.' + rule, values, message) : message;
}

function said(problem) {
  return problem.said?.code && textOr('objection.' + problem.said.code, '');
}

function english() {
  return language.get() === 'en';
}

/** In place of what could not be fetched. A resource that this gateway does not have is no error of anybody. */
export function Trouble({ problem, retry }) {
  if (problem.status === 404) {
    return html`<${Empty} title=${t('problem.unavailable')}><p>${t('problem.unavailable.why')}</p><//>`;
  }
  return html`<div class="notice bad" role="alert">
    <${Icon} name="warn" />
    <div>
      <p>${words(problem)}</p>
      ${detail(problem) && html`<p class="soft">${detail(problem)}</p>`}
      ${retry && html`<button class="quiet" onClick=${retry}>${t('retry')}</button>`}
    </div>
  </div>`;
}

export function Notice({ kind = 'info', children }) {
  return html`<div class=${'notice ' + kind}>
    <${Icon} name=${kind === 'good' ? 'check' : 'warn'} />
    <div>${children}</div>
  </div>`;
}

export function Badge({ kind = 'plain', children, title }) {
  return html`<span class=${'badge ' + kind} title=${title}>${children}</span>`;
}

const toasts = store([]);

export function toast(text, kind = 'good') {
  const mine = { text, kind };
  toasts.set([...toasts.get(), mine]);
  setTimeout(() => toasts.set(toasts.get().filter((each) => each !== mine)), kind === 'good' ? 4_000 : 9_000);
}

/** Does something, and says so when it did not work. */
export async function attempt(work, done) {
  try {
    const result = await work();
    if (done) toast(done);
    return result;
  } catch (problem) {
    toast([words(problem), detail(problem), ...(problem.fields || []).map(fault)].filter(Boolean).join(' '), 'bad');
    return undefined;
  }
}

/** In the browser's top layer, and brought before whatever dialog has opened there since. */
export function Toasts() {
  const shown = toasts.use();
  const ref = useRef();
  useLayoutEffect(() => {
    if (ref.current.matches(':popover-open')) ref.current.hidePopover();
    if (shown.length > 0) ref.current.showPopover();
  }, [shown]);
  return html`<div role="status" aria-live="polite">
    <div ref=${ref} popover="manual" class="toasts">${shown.map((each) => html`<div class=${'toast ' + each.kind}>${each.text}</div>`)}</div>
  </div>`;
}

/** A dialog over the page, with the browser's own focus trap; Escape closes it unless it must be answered. */
export function Dialog({ title, onClose, wide, children }) {
  const ref = useRef();
  useLayoutEffect(() => {
    const dialog = ref.current;
    dialog.showModal();
    return () => dialog.close();
  }, []);
  const cancel = (event) => {
    event.preventDefault();
    onClose?.();
  };
  return html`<dialog ref=${ref} class=${wide ? 'wide' : ''} aria-labelledby="dialog-title" onCancel=${cancel}>
    <header>
      <h2 id="dialog-title">${title}</h2>
      ${onClose &&
      html`<button type="button" class="bare" aria-label=${t('close')} onClick=${onClose}><${Icon} name="close" /></button>`}
    </header>
    ${children}
  </dialog>`;
}

const question = store(null);

/** Asks before something is destroyed, and says what will happen. Resolves to true or false. */
export function sure({ title, text, action }) {
  return new Promise((resolve) => question.set({ title, text, action, resolve }));
}

export function Questions() {
  const asked = question.use();
  if (!asked) return null;
  const answer = (yes) => {
    question.set(null);
    asked.resolve(yes);
  };
  return html`<${Dialog} title=${asked.title} onClose=${() => answer(false)}>
    <p>${asked.text}</p>
    <footer>
      <button class="quiet" autofocus onClick=${() => answer(false)}>${t('cancel')}</button>
      <button class="danger" onClick=${() => answer(true)}>${asked.action}</button>
    </footer>
  <//>`;
}

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // without https a browser has no clipboard for us: the old way
    const field = document.createElement('textarea');
    field.value = text;
    (document.querySelector('dialog[open]') || document.body).append(field);
    field.select();
    document.execCommand('copy');
    field.remove();
  }
  toast(t('copied'));
}

export function CopyButton({ text, label }) {
  return html`<button type="button" class="quiet" onClick=${() => copy(text)}>
    <${Icon} name="copy" />${label || t('copy')}
  </button>`;
}

/** A text to take along, such as a command. */
export function Snippet({ text }) {
  return html`<div class="snippet">
    <pre tabindex="0">${text}</pre>
    <button type="button" class="quiet" aria-label=${t('copy')} title=${t('copy')} onClick=${() => copy(text)}>
      <${Icon} name="copy" />
    </button>
  </div>`;
}
