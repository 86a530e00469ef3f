// The second factor of a sign-in: an authenticator app made known, the recovery codes, and the way back.
import { post } from '../api.js';
import { useGet } from '../data.js';
import { day } from '../format.js';
import { t } from '../i18n.js';
import { refresh } from '../session.js';
import { Badge, CopyButton, Dialog, Loading, Notice, toast, Trouble } from '../ui/feedback.js';
import { Field, Form, useForm } from '../ui/form.js';
import { html, useState } from '../view.js';

/** A card of one's own profile. */
export function SecondFactor({ user }) {
  const path = `/users/${user.id}/second-factor`;
  const state = useGet(path);
  const [open, setOpen] = useState(null);
  const close = () => {
    setOpen(null);
    state.reload();
    refresh();
  };
  const factor = state.data;
  return html`<section class="card">
    <h2>${t('factor')}</h2>
    <p class="soft">${t('factor.about')}</p>
    ${state.problem && html`<${Trouble} problem=${state.problem} retry=${state.reload} />`}
    ${!factor && !state.problem && html`<${Loading} />`}
    ${factor && html`<dl>
        <div><dt>${t('state')}</dt><dd><${Badge} kind=${factor.enabled ? 'good' : 'plain'}>${factor.enabled ? t('factor.since', { day: day(factor.enabled_at) }) : t('factor.not.on')}<//></dd></div>
        ${factor.enabled && html`<div><dt>${t('factor.codes')}</dt><dd>${t('factor.codes.left', { count: factor.recovery_codes })}</dd></div>`}
      </dl>
      <footer><button type="button" class=${factor.enabled ? 'quiet' : 'main'} onClick=${() => setOpen(factor.enabled ? 'off' : 'on')}>${t(factor.enabled ? 'factor.off' : 'factor.on')}</button></footer>`}
    ${open === 'on' && html`<${TurnOn} path=${path} user=${user} close=${close} />`}
    ${open === 'off' && html`<${TurnOff} path=${path} user=${user} close=${close} />`}
  </section>`;
}

/** Password, then app, then recovery codes: one dialog, since none of it can be seen again. */
function TurnOn({ path, user, close }) {
  const [made, setMade] = useState(null);
  const [codes, setCodes] = useState(null);
  return html`<${Dialog} title=${t('factor.on')} onClose=${codes ? undefined : close}>
    ${codes
      ? html`<${Codes} codes=${codes} close=${close} />`
      : made
        ? html`<${App} path=${path} made=${made} confirmed=${setCodes} close=${close} />`
        : html`<${Proof} path=${path} user=${user} made=${setMade} close=${close} />`}
  <//>`;
}

function Proof({ path, user, made, close }) {
  const form = useForm({ password: '' }, async (values) => made(await post(path, values)));
  return html`<${Form} form=${form} action=${t('next')} onCancel=${close}>
    <${WhoseFields} user=${user} />
    <${Field} form=${form} name="password" type="password" label=${t('password')} hint=${t('factor.password')} autocomplete="current-password" autofocus />
  <//>`;
}

function App({ path, made, confirmed, close }) {
  const form = useForm({ code: '' }, async (values) => confirmed((await post(path + '/confirmation', values)).recovery_codes));
  return html`
    <p>${t('factor.scan')}</p>
    <svg class="qr" role="img" aria-label=${t('factor.qr')} viewBox=${`0 0 ${made.qr.size} ${made.qr.size}`} shape-rendering="crispEdges"><path d=${made.qr.path} /></svg>
    <p class="soft">${t('factor.type')}</p>
    <div class="key"><code tabindex="0">${made.secret}</code><${CopyButton} text=${made.secret} /></div>
    <${Form} form=${form} action=${t('factor.confirm')} onCancel=${close}>
      <${Field} form=${form} name="code" label=${t('otp')} hint=${t('factor.code.hint')} inputmode="numeric" autocomplete="one-time-code" autofocus />
    <//>`;
}

function Codes({ codes, close }) {
  return html`
    <${Notice} kind="good">${t('factor.codes.about')}<//>
    <ul class="codes">${codes.map((code) => html`<li><code>${code}</code></li>`)}</ul>
    <footer><${CopyButton} text=${codes.join('\n')} label=${t('copy.all')} /><button class="main" onClick=${() => { toast(t('saved')); close(); }}>${t('factor.codes.kept')}</button></footer>`;
}

function TurnOff({ path, user, close }) {
  const form = useForm({ password: '', code: '' }, async (values) => {
    await post(path + '/removal', values);
    toast(t('saved'));
    close();
  });
  return html`<${Dialog} title=${t('factor.off')} onClose=${close}>
    <p>${t('factor.off.what')}</p>
    <${Form} form=${form} action=${t('factor.off')} onCancel=${close} danger>
      <${WhoseFields} user=${user} />
      <${Field} form=${form} name="password" type="password" label=${t('password')} autocomplete="current-password" autofocus />
      <${Field} form=${form} name="code" label=${t('otp')} hint=${t('otp.hint')} autocomplete="one-time-code" spellcheck="false" autocapitalize="none" />
    <//>
  <//>`;
}

/** For whatever keeps passwords, which asks whose this is. */
function WhoseFields({ user }) {
  return html`<input class="unseen" type="text" name="username" autocomplete="username" value=${user.username} readonly tabindex="-1" aria-hidden="true" />`;
}
