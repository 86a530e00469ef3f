// Signing in: the first time with the generated password and then one's own, and again when a session ran out.
import { patch, post, Problem } from '../api.js';
import { useGet } from '../data.js';
import { t } from '../i18n.js';
import { place } from '../router.js';
import { forget, refresh, session, signIn } from '../session.js';
import { Dialog, Notice } from '../ui/feedback.js';
import { Field, Form, useForm } from '../ui/form.js';
import { Mark, Preferences } from '../ui/frame.js';
import { html, useEffect, useState } from '../view.js';

function Alone({ title, about, children }) {
  useEffect(() => {
    document.title = title + ' · Sluice';
  }, [title]);
  return html`<main class="alone">
    <div class="alone-top"><${Preferences} /></div>
    <div class="card sign-in">
      <p class="brand big"><${Mark} />Sluice</p>
      <h1>${title}</h1>
      <p class="soft">${about}</p>
      ${children}
    </div>
  </main>`;
}

/** The form of a sign-in, which grows a field when the user's second factor is asked. */
function useSignIn(username) {
  const [coded, setCoded] = useState(false);
  const form = useForm({ username, password: '', code: '' }, async (values) => {
    try {
      await signIn(values.username, values.password, coded ? values.code : undefined);
    } catch (problem) {
      if (!problem.said?.code_required) throw problem;
      if (coded) throw new Problem(problem.status, t('otp.wrong'), [{ field: 'code', message: t('otp.wrong') }]);
      setCoded(true);
    }
  });
  const code = coded && html`<${Field} form=${form} name="code" label=${t('otp')} hint=${t('otp.hint')} autocomplete="one-time-code" spellcheck="false" autocapitalize="none" autofocus />`;
  return { form, code };
}

export function SignIn() {
  const offer = useGet('/registrations');
  const [registering, setRegistering] = useState(false);
  const provider = useGet('/oidc');
  const failed = place.use().query.oidc;
  const { form, code } = useSignIn('');
  if (registering) return html`<${Register} close=${() => setRegistering(false)} />`;
  return html`<${Alone} title=${t('sign.in')} about=${t('sign.in.about')}>
    ${failed && html`<${Notice} kind="bad">${t('oidc.failed.' + failed)}<//>`}
    <${Form} form=${form} action=${t('sign.in')}>
      <${Field} form=${form} name="username" label=${t('username')} autocomplete="username" autofocus spellcheck="false" autocapitalize="none" />
      <${Field} form=${form} name="password" type="password" label=${t('password')} autocomplete="current-password" />
      ${code}
    <//>
    ${provider.data?.enabled && html`<a class="button quiet" href="/api/oidc/login">${t('oidc.sign.in', { name: provider.data.name })}</a>`}
    ${offer.data?.open && html`<p class="soft">${t('register.new')} <button class="link" onClick=${() => setRegistering(true)}>${t('register')}</button></p>`}
    <details class="soft">
      <summary>${t('sign.in.first')}</summary>
      <p>${t('sign.in.first.how')}</p>
    </details>
  <//>`;
}

/** Where the settings allow it, whoever comes makes itself a user. */
function Register({ close }) {
  const form = useForm({ username: '', password: '', repeated: '' }, async (values) => {
    agree(values);
    await post('/registrations', { username: values.username, password: values.password });
    await signIn(values.username, values.password);
  });
  return html`<${Alone} title=${t('register')} about=${t('register.about')}>
    <${Form} form=${form} action=${t('register')} onCancel=${close}>
      <${Field} form=${form} name="username" label=${t('username')} hint=${t('username.rule')} autocomplete="username" autofocus spellcheck="false" autocapitalize="none" />
      <${Field} form=${form} name="password" type="password" label=${t('password')} hint=${t('password.rule')} autocomplete="new-password" />
      <${Field} form=${form} name="repeated" type="password" label=${t('password.again')} autocomplete="new-password" />
    <//>
  <//>`;
}

/** Over the page, so that what was typed there is still there afterwards. */
export function SignInAgain({ user }) {
  const { form, code } = useSignIn(user.username);
  return html`<${Dialog} title=${t('sign.in.again')}>
    <p>${t('sign.in.again.about')}</p>
    <${Form} form=${form} action=${t('sign.in')} extra=${html`<button type="button" class="quiet" onClick=${forget}>${t('sign.out')}</button>`}>
      <${Field} form=${form} name="username" label=${t('username')} autocomplete="username" />
      <${Field} form=${form} name="password" type="password" label=${t('password')} autocomplete="current-password" autofocus />
      ${code}
    <//>
  <//>`;
}

export function FirstPassword({ later }) {
  return html`<${Alone} title=${t('password.first')} about=${t('password.first.about')}>
    <${NewPassword} later=${later} />
  <//>`;
}

function agree({ password, repeated }) {
  if (password === repeated) return;
  throw new Problem(400, t('password.differ'), [{ field: 'repeated', message: t('password.differ') }]);
}

/** Two fields that must agree; the API judges the password itself. */
export function NewPassword({ later, done }) {
  const user = session.use();
  const empty = { password: '', repeated: '' };
  const form = useForm(empty, async (values) => {
    agree(values);
    await patch('/users/' + user.id, { password: values.password });
    form.merge(empty);
    await refresh();
    done?.();
  });
  return html`<${Form}
    form=${form}
    action=${t('password.change')}
    extra=${later && html`<button type="button" class="quiet" onClick=${later}>${t('password.later')}</button>`}
  >
    <input class="unseen" type="text" name="username" autocomplete="username" value=${user.username} readonly tabindex="-1" aria-hidden="true" />
    <${Field} form=${form} name="password" type="password" label=${t('password.new')} hint=${t('password.rule')} autocomplete="new-password" />
    <${Field} form=${form} name="repeated" type="password" label=${t('password.repeat')} autocomplete="new-password" />
  <//>`;
}
