// A chat with any model that the signed-in person may use. Its calls go through /v1 with a token of its own, and are metered like any other.
import { all, post, remove } from '../api.js';
import { t } from '../i18n.js';
import { go } from '../router.js';
import { CopyButton, Dialog, Snippet, toast, words } from '../ui/feedback.js';
import { number } from '../ui/form.js';
import { Icon } from '../ui/icons.js';
import { Head } from '../ui/table.js';
import { html, useEffect, useRef, useState } from '../view.js';

const KEPT = 'sluice.playground';
const NAME = 'Playground';
const HALF_A_DAY = 43_200_000;
const LARGEST_IMAGE = 4 * 1024 * 1024;

/** The key of this browser tab's token; it ends by itself, and those that have ended are cleared away. */
async function key(user) {
  const kept = sessionStorage.getItem(KEPT);
  if (kept) return kept;
  const mine = await all('/tokens', { name: NAME, user_id: user.id });
  const over = mine.filter((token) => token.expires_at && new Date(token.expires_at) < Date.now());
  for (const token of over) await remove('/tokens/' + token.id);
  const made = await post('/tokens', { name: NAME, quota_usd: null, expires_at: new Date(Date.now() + HALF_A_DAY).toISOString() });
  sessionStorage.setItem(KEPT, made.key);
  return made.key;
}

/** Asks the relay; a token that was taken away in the meantime is made anew, once. */
async function relay(user, path, init = {}) {
  for (let again = true; ; again = false) {
    const answer = await fetch(path, { ...init, credentials: 'omit', headers: { ...init.headers, Authorization: 'Bearer ' + (await key(user)) } });
    if (answer.status !== 401 || !again) return answer;
    sessionStorage.removeItem(KEPT);
  }
}

/** What is said here stays while one looks at another page, and goes with the tab. */
const remembered = { model: '', system: '', parameters: { temperature: '', top_p: '', max_tokens: '', stream: true }, messages: [] };

export function Playground({ user }) {
  const [models, setModels] = useState(null);
  const [problem, setProblem] = useState(null);
  const [model, setModel] = useState(remembered.model);
  const [system, setSystem] = useState(remembered.system);
  const [parameters, setParameters] = useState(remembered.parameters);
  const [messages, setMessages] = useState(remembered.messages);
  const [draft, setDraft] = useState('');
  const [images, setImages] = useState([]);
  const [running, setRunning] = useState(null);
  const [curl, setCurl] = useState(false);
  Object.assign(remembered, { model, system, parameters, messages });

  useEffect(() => {
    relay(user, '/v1/models')
      .then((answer) => answer.json())
      .then((list) => {
        const names = (list.data || []).map((each) => each.id).sort();
        setModels(names);
        setModel((before) => before || names[0] || '');
      })
      .catch((failed) => {
        setModels([]);
        setProblem(words(failed));
      });
  }, []);

  const body = (history) => ({
    model,
    messages: [...(system.trim() ? [{ role: 'system', content: system }] : []), ...history.map(({ role, content }) => ({ role, content }))],
    ...Object.fromEntries(['temperature', 'top_p', 'max_tokens'].filter((name) => parameters[name] !== '').map((name) => [name, number(parameters[name])])),
    stream: parameters.stream,
  });

  const say = async (history) => {
    const abort = new AbortController();
    setRunning(abort);
    setProblem(null);
    const update = (change) => setMessages((before) => [...before.slice(0, -1), { ...before[before.length - 1], ...change }]);
    setMessages([...history, { role: 'assistant', content: '', waiting: true }]);
    const started = performance.now();
    try {
      const answer = await relay(user, '/v1/chat/completions', {
        method: 'POST',
        signal: abort.signal,
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body(history)),
      });
      const call = answer.headers.get('x-request-id');
      update({ call });
      if (!answer.ok) throw new Error((await answer.json()).error?.message || answer.statusText);
      await listen(answer, (content, first) => update({ content, waiting: false, ...(first ? { first: performance.now() - started } : {}) }));
      update({ waiting: false, took: performance.now() - started });
    } catch (failed) {
      update({ waiting: false, stopped: failed.name === 'AbortError', failed: failed.name === 'AbortError' ? undefined : failed.message || t('problem.unreachable') });
    }
    setRunning(null);
  };

  const send = (event) => {
    event?.preventDefault();
    if (running || !model || (!draft.trim() && images.length === 0)) return;
    const content = images.length === 0 ? draft : [...(draft.trim() ? [{ type: 'text', text: draft }] : []), ...images.map((url) => ({ type: 'image_url', image_url: { url } }))];
    setDraft('');
    setImages([]);
    say([...messages.filter((message) => !message.failed || message.content), { role: 'user', content }]);
  };
  const again = () => {
    const last = messages.findLastIndex((message) => message.role === 'user');
    say(messages.slice(0, last + 1));
  };

  return html`
    <${Head} title=${t('nav.playground')} about=${t('playground.about')}>
      <button class="quiet" onClick=${() => setCurl(true)}><${Icon} name="code" />${t('playground.curl')}</button>
      <button class="quiet" disabled=${messages.length === 0 || !!running} onClick=${() => setMessages([])}><${Icon} name="remove" />${t('playground.clear')}</button>
    <//>
    <div class="playground">
      <section class="card knobs" aria-label=${t('parameters')}>
        <div class="field">
          <label for="system">${t('playground.system')}</label>
          <textarea id="system" rows="4" value=${system} onInput=${(event) => setSystem(event.target.value)} placeholder=${t('playground.system.hint')}></textarea>
        </div>
        ${['temperature', 'top_p', 'max_tokens'].map(
          (name) => html`<div class="field">
            <label for=${name}>${name}</label>
            <input id=${name} inputmode="decimal" placeholder=${t('default')} value=${parameters[name]} onInput=${(event) => setParameters({ ...parameters, [name]: event.target.value })} />
          </div>`,
        )}
        <div class="field check"><label><input type="checkbox" checked=${parameters.stream} onChange=${(event) => setParameters({ ...parameters, stream: event.target.checked })} />${t('streamed')}</label></div>
      </section>
      <section class="card chat" aria-label=${t('playground.chat')}>
        <div class="field">
          <label for="model">${t('model')}</label>
          <input id="model" list="models" value=${model} disabled=${models === null} onInput=${(event) => setModel(event.target.value)} placeholder=${models === null ? t('loading') : ''} spellcheck="false" />
          <datalist id="models">${(models || []).map((name) => html`<option value=${name}></option>`)}</datalist>
          ${models?.length === 0 && html`<small>${t('playground.no.models')}</small>`}
        </div>
        <${Messages} messages=${messages} again=${running ? null : again} />
        ${problem && html`<div class="notice bad" role="alert"><${Icon} name="warn" /><div><p>${problem}</p></div></div>`}
        <${Composer} draft=${draft} setDraft=${setDraft} images=${images} setImages=${setImages} send=${send} running=${running} />
      </section>
    </div>
    ${curl && html`<${Curl} body=${body([...messages.filter((message) => message.content), ...(draft.trim() ? [{ role: 'user', content: draft }] : [])])} close=${() => setCurl(false)} />`}
  `;
}

/** Reads an answer, streamed or whole, and tells the text so far. */
async function listen(answer, tell) {
  if (!(answer.headers.get('content-type') || '').startsWith('text/event-stream')) {
    const whole = await answer.json();
    return tell(whole.choices?.[0]?.message?.content ?? '', true);
  }
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  let text = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return undefined;
    const events = (rest + value).split(/\r?\n\r?\n/);
    rest = events.pop();
    for (const event of events) {
      const data = event.split(/\r?\n/).filter((line) => line.startsWith('data:')).map((line) => line.slice(5).trim()).join('');
      if (!data || data === '[DONE]') continue;
      const piece = JSON.parse(data);
      if (piece.error) throw new Error(piece.error.message);
      const more = piece.choices?.[0]?.delta?.content;
      if (more) {
        const first = text === '';
        text += more;
        tell(text, first);
      }
    }
  }
}

function Messages({ messages, again }) {
  const end = useRef();
  useEffect(() => {
    end.current?.scrollIntoView({ block: 'nearest' });
  }, [messages]);
  if (messages.length === 0) return html`<div class="empty"><p class="empty-title">${t('playground.empty')}</p><p>${t('playground.empty.why')}</p></div>`;
  return html`<div class="messages" tabindex="0" role="log" aria-label=${t('playground.chat')}>
    ${messages.map(
      (message, at) => html`<article class=${'message ' + message.role} key=${at}>
        <p class="speaker">${t('playground.' + message.role)}</p>
        <${Content} content=${message.content} />
        ${message.waiting && html`<span class="spinner" role="status" aria-label=${t('loading')}></span>`}
        ${message.failed && html`<p class="fault">${message.failed}</p>`}
        ${message.stopped && html`<p class="soft">${t('playground.stopped')}</p>`}
        ${message.role === 'assistant' && !message.waiting &&
        html`<p class="message-foot">
          ${message.took && html`<span>${t('playground.took', { first: seconds(message.first), whole: seconds(message.took) })}</span>`}
          ${message.call && html`<button class="link" onClick=${() => go('calls/' + message.call)}>${t('playground.call')}</button>`}
          ${typeof message.content === 'string' && message.content && html`<${CopyButton} text=${message.content} />`}
          ${again && at === messages.length - 1 && html`<button class="quiet" onClick=${again}><${Icon} name="refresh" />${t('retry')}</button>`}
        </p>`}
      </article>`,
    )}
    <div ref=${end}></div>
  </div>`;
}

const seconds = (millis) => (millis === undefined ? '–' : (millis / 1000).toFixed(2) + ' s');

/** Text as it is, code fences apart; images as they are. */
function Content({ content }) {
  if (Array.isArray(content)) {
    return content.map((part) => (part.type === 'text' ? html`<${Content} content=${part.text} />` : html`<img src=${part.image_url.url} alt=${t('image')} />`));
  }
  return content.split(/^```[^\n]*\n?/m).map((part, at) => part && (at % 2 === 1 ? html`<pre tabindex="0">${part}</pre>` : html`<div class="text">${part}</div>`));
}

function Composer({ draft, setDraft, images, setImages, send, running }) {
  const attach = async (event) => {
    const files = [...event.target.files];
    event.target.value = '';
    for (const file of files) {
      if (file.size > LARGEST_IMAGE) {
        toast(t('image.large'), 'bad');
      } else {
        const url = await dataUrl(file); // of several, each comes to those before it
        setImages((before) => [...before, url]);
      }
    }
  };
  const onKeyDown = (event) => {
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) send(event);
  };
  return html`<form class="composer" onSubmit=${send}>
    ${images.length > 0 &&
    html`<div class="attached">
      ${images.map((url, at) => html`<span><img src=${url} alt=${t('image')} /><button type="button" class="bare" aria-label=${t('remove.one', { name: t('image') })} onClick=${() => setImages(images.filter((other, i) => i !== at))}><${Icon} name="close" /></button></span>`)}
    </div>`}
    <textarea aria-label=${t('playground.message')} rows="3" placeholder=${t('playground.message')} value=${draft} onInput=${(event) => setDraft(event.target.value)} onKeyDown=${onKeyDown}></textarea>
    <div class="together">
      <label class="button quiet"><${Icon} name="image" />${t('image.add')}<input class="unseen" type="file" accept="image/*" multiple onChange=${attach} /></label>
      <span class="spring"></span>
      ${running
        ? html`<button type="button" class="quiet" onClick=${() => running.abort()}><${Icon} name="stop" />${t('playground.stop')}</button>`
        : html`<button class="main"><${Icon} name="send" />${t('playground.send')}</button>`}
    </div>
  </form>`;
}

function dataUrl(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = reject;
    reader.readAsDataURL(file);
  });
}

function Curl({ body, close }) {
  const quoted = JSON.stringify(body, null, 2).replace(/'/g, `'\\''`);
  const text = `curl${body.stream ? ' -N' : ''} ${location.origin}/v1/chat/completions \\
  -H "Authorization: Bearer $SLUICE_KEY" \\
  -H "Content-Type: application/json" \\
  -d '${quoted}'`;
  return html`<${Dialog} title=${t('playground.curl')} onClose=${close} wide>
    <p class="soft">${t('playground.curl.key')}</p>
    <${Snippet} text=${text} />
    <footer><button class="main" onClick=${close}>${t('close')}</button></footer>
  <//>`;
}
