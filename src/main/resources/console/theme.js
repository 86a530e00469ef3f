// Light, dark, or as the system has it. The colours themselves are variables in style.css.
import { store } from './store.js';

const KEPT = 'sluice.theme';
export const THEMES = ['system', 'light', 'dark'];

export const theme = store(THEMES.includes(localStorage.getItem(KEPT)) ? localStorage.getItem(KEPT) : 'system');

export function choose(name) {
  localStorage.setItem(KEPT, name);
  apply(name);
  theme.set(name);
}

function apply(name) {
  if (name === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
}
apply(theme.get());

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => theme.set(theme.get()));

/** The present value of a colour variable, for what is painted and not styled. */
export function colour(name) {
  const probe = document.createElement('span');
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}
