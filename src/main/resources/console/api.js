// The one place that talks to the admin API: fetch, the CSRF header, problem details, and a session that ran out.

/** What the API answers when it refuses: RFC 9457, with the fields that are wrong, a word why, and all else that it said. */
export class Problem extends Error {
  constructor(status, detail, fields = [], said = {}) {
    super(detail);
    this.status = status;
    this.fields = fields;
    this.said = said;
  }
}

/** Asks whoever sits there to sign in again, and resolves when that is done. Set by session.js. */
let renew = () => Promise.reject(new Problem(401, 'Signed out'));

export function onExpired(ask) {
  renew = ask;
}

function csrf() {
  const cookie = document.cookie.split('; ').find((each) => each.startsWith('XSRF-TOKEN='));
  return cookie ? { 'X-XSRF-TOKEN': decodeURIComponent(cookie.slice('XSRF-TOKEN='.length)) } : {};
}

async function send(method, path, body, accept, signal) {
  try {
    return await fetch('/api' + path, {
      method,
      signal,
      headers: {
        Accept: accept,
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...(method === 'GET' ? {} : csrf()),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Problem(0, '');
  }
}

async function problem(answer) {
  let said = {};
  try {
    said = await answer.json();
  } catch {
    // whatever stands between us and the gateway speaks another language
  }
  return new Problem(answer.status, said.detail || answer.statusText || String(answer.status), said.errors || [], said);
}

async function answered(method, path, body, { accept = 'application/json', signal } = {}) {
  let answer = await send(method, path, body, accept, signal);
  if (answer.status === 401 && path !== '/session') {
    await renew();
    answer = await send(method, path, body, accept, signal);
  }
  if (!answer.ok) throw await problem(answer);
  return answer;
}

async function json(method, path, body, options) {
  const answer = await answered(method, path, body, options);
  return answer.status === 204 ? null : answer.json();
}

/** ?name=value&… of those that have a value. */
export function query(values) {
  const given = Object.entries(values).filter(([, value]) => value !== undefined && value !== null && value !== '');
  const text = new URLSearchParams(given).toString();
  return text ? '?' + text : '';
}

export const get = (path, options) => json('GET', path, undefined, options);
export const post = (path, body, options) => json('POST', path, body, options);
export const patch = (path, body) => json('PATCH', path, body);
export const remove = (path) => json('DELETE', path);

/** All of a list, as far as a choice or a lookup can use: a thousand at most. */
export async function all(path, values = {}) {
  const rows = [];
  let cursor = null;
  do {
    const page = await get(path + query({ ...values, limit: 200, cursor }));
    rows.push(...page.data);
    cursor = page.next_cursor;
  } while (cursor && rows.length < 1000);
  return rows;
}

/** Fetches a file and hands it to the browser to keep. */
export async function download(path, accept, name) {
  const answer = await answered('GET', path, undefined, { accept });
  const link = document.createElement('a');
  link.href = URL.createObjectURL(await answer.blob());
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
