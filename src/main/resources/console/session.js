// Who is signed in: undefined while nobody knows, null when nobody is.
import { get, onExpired, post, remove } from './api.js';
import { go, place, refine } from './router.js';
import { store } from './store.js';

export const session = store(undefined);

/** Set while a session that ran out waits to be renewed, so that what was typed on the page stays. */
export const expired = store(null);

/** So that the first visit does not ask the API who is there, only to be told: nobody. */
const BEEN_HERE = 'sluice.signed-in';

export async function load() {
  if (place.get().query.oidc === 'in') {
    localStorage.setItem(BEEN_HERE, 'yes');
    refine('overview', {});
  }
  if (!localStorage.getItem(BEEN_HERE)) return session.set(null);
  try {
    session.set(await get('/session'));
    const failed = place.get().query.oidc; // it was to be linked: the profile says why it is not
    if (failed && place.get().parts[0] === 'overview') go(`profile?oidc=${failed}`);
  } catch (problem) {
    if (problem.status !== 401) throw problem;
    localStorage.removeItem(BEEN_HERE);
    session.set(null);
  }
}

/** `code` is the second factor's, for users who have one. */
export async function signIn(username, password, code) {
  const user = await post('/session', { username, password, ...(code === undefined ? {} : { code }) });
  localStorage.setItem(BEEN_HERE, 'yes');
  const waiting = expired.get();
  const before = session.get();
  if (waiting && before && before.id !== user.id) return location.reload();
  session.set(user);
  expired.set(null);
  if (waiting) waiting.renewed();
}

export async function signOut() {
  await remove('/session');
  forget();
}

export function forget() {
  localStorage.removeItem(BEEN_HERE);
  sessionStorage.clear();
  expired.set(null);
  session.set(null);
  location.hash = '';
}

/** After a change of one's own record. */
export async function refresh() {
  session.set(await get('/session'));
}

export function administers(user) {
  return user.role === 'admin' || user.role === 'root';
}

onExpired(() => {
  if (!session.get()) return Promise.reject(new Error('nobody is signed in'));
  if (!expired.get()) {
    const waiting = {};
    waiting.done = new Promise((resolve) => (waiting.renewed = resolve));
    expired.set(waiting);
  }
  return expired.get().done;
});
