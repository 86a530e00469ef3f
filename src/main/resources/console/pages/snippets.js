// What to paste into a program, a terminal or a chat client, with this gateway's own address.
import { t } from '../i18n.js';
import { Snippet } from '../ui/feedback.js';
import { html, useState } from '../view.js';

/** Each gives the text for an address without a path, a key and a model. */
const PROGRAMS = {
  curl: (url, key, model) => `curl ${url}/v1/chat/completions \\
  -H "Authorization: Bearer ${key}" \\
  -H "Content-Type: application/json" \\
  -d '{"model": "${model}", "messages": [{"role": "user", "content": "Hello!"}]}'`,
  Python: (url, key, model) => `from openai import OpenAI

client = OpenAI(base_url="${url}/v1", api_key="${key}")
answer = client.chat.completions.create(
    model="${model}",
    messages=[{"role": "user", "content": "Hello!"}],
)
print(answer.choices[0].message.content)`,
  'Node.js': (url, key, model) => `import OpenAI from "openai";

const client = new OpenAI({ baseURL: "${url}/v1", apiKey: "${key}" });
const answer = await client.chat.completions.create({
  model: "${model}",
  messages: [{ role: "user", content: "Hello!" }],
});
console.log(answer.choices[0].message.content);`,
  Java: (url, key, model) => `// com.openai:openai-java
OpenAIClient client = OpenAIOkHttpClient.builder()
        .baseUrl("${url}/v1")
        .apiKey("${key}")
        .build();
ChatCompletion answer = client.chat().completions().create(
        ChatCompletionCreateParams.builder()
                .model("${model}")
                .addUserMessage("Hello!")
                .build());
System.out.println(answer.choices().get(0).message().content().orElse(""));`,
  '.env': (url, key) => `OPENAI_BASE_URL=${url}/v1
OPENAI_API_KEY=${key}`,
  'Claude Code': (url, key, model) => `export ANTHROPIC_BASE_URL=${url}
export ANTHROPIC_AUTH_TOKEN=${key}
export ANTHROPIC_MODEL=${model}
claude`,
  Codex: (url, key, model) => `# ~/.codex/config.toml
model = "${model}"
model_provider = "sluice"

[model_providers.sluice]
name = "Sluice"
base_url = "${url}/v1"
env_key = "SLUICE_KEY"
wire_api = "responses"

# then: export SLUICE_KEY=${key}`,
  GeekAI: (url, key, model) => `API URL   ${url}
API Key   ${key}
${t('model')}     ${model}`,
  'LobeChat, NextChat, Cherry Studio …': (url, key, model) => `OpenAI API / OpenAI Compatible
Base URL  ${url}/v1
API Key   ${key}
${t('model')}     ${model}`,
};

export function Snippets({ token, models }) {
  const [program, setProgram] = useState('curl');
  const model = models.find((name) => !name.includes('*')) || 'gpt-4o-mini';
  const names = Object.keys(PROGRAMS);
  const move = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = names[(names.indexOf(program) + step + names.length) % names.length];
    setProgram(next);
    event.currentTarget.children[names.indexOf(next)].focus();
  };
  return html`
    <div class="tabs" role="tablist" aria-label=${t('snippets')} onKeyDown=${move}>
      ${names.map(
        (name) => html`<button type="button" role="tab" aria-selected=${name === program ? 'true' : 'false'} aria-controls="snippet" tabindex=${name === program ? 0 : -1} onClick=${() => setProgram(name)}>${name}</button>`,
      )}
    </div>
    <div id="snippet" role="tabpanel" aria-label=${program}>
      <${Snippet} text=${PROGRAMS[program](location.origin, token, model)} />
    </div>
  `;
}
