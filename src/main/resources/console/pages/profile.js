// Oneself: the name that is shown, the password, the language and the light.
import { patch } from '../api.js';
import { t } from '../i18n.js';
import { refresh } from '../session.js';
import { toast } from '../ui/feedback.js';
import { Field, Form, useForm } from '../ui/form.js';
import { Head } from '../ui/table.js';
import { html } from '../view.js';
import { Identity } from './identity.js';
import { SecondFactor } from './second-factor.js';
import { NewPassword } from './sign-in.js';

export function Profile({ user }) {
  const form = useForm({ display_name: user.display_name }, async (values) => {
    await patch('/users/' + user.id, { display_name: values.display_name || null });
    await refresh();
    toast(t('saved'));
  });
  return html`
    <${Head} title=${t('nav.profile')} />
    <div class="columns">
      <section class="card">
        <h2>${t('profile.who')}</h2>
        <dl>
          <div><dt>${t('username')}</dt><dd>${user.username}</dd></div>
          <div><dt>${t('role')}</dt><dd>${t('role.' + user.role)}</dd></div>
          <div><dt>${t('group')}</dt><dd>${user.group}</dd></div>
        </dl>
        <${Form} form=${form}>
          <${Field} form=${form} name="display_name" label=${t('display.name')} autocomplete="name" />
        <//>
      </section>
      <section class="card">
        <h2>${t('profile.password')}</h2>
        <p class="soft">${t('profile.password.about')}</p>
        <${NewPassword} done=${() => toast(t('saved'))} />
      </section>
      <${SecondFactor} user=${user} />
      <${Identity} />
    </div>
  `;
}
