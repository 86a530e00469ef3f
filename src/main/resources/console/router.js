// Where in the console one is: the part of the address after #, such as #/calls?token_id=3. No request is made for it.
import { store } from './store.js';

function read() {
  const [path, search = ''] = location.hash.replace(/^#\/?/, '').split('?');
  return {
    parts: path.split('/').filter(Boolean).map(decodeURIComponent),
    query: Object.fromEntries(new URLSearchParams(search)),
  };
}

export const place = store(read());

addEventListener('hashchange', () => place.set(read()));

export function go(path) {
  location.hash = '/' + path;
}

/** Changes what is asked for without a step in the browser's history. */
export function refine(path, values) {
  const given = Object.entries(values).filter(([, value]) => value);
  const search = new URLSearchParams(given).toString();
  history.replaceState(null, '', '#/' + path + (search ? '?' + search : ''));
  place.set(read());
}
