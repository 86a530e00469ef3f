// The two languages. A text is looked up by its key; {name} in it is filled in.
import { store } from './store.js';
import en from './text/en.js';
import zh from './text/zh.js';

const CATALOGS = { en, zh };
const KEPT = 'sluice.language';
const CHINESE = /^zh\b/i;

function preferred() {
  const kept = localStorage.getItem(KEPT);
  if (kept in CATALOGS) return kept;
  const first = navigator.languages.find((each) => CHINESE.test(each) || /^en\b/i.test(each));
  return CHINESE.test(first || '') ? 'zh' : 'en';
}

export const language = store(preferred());

export function locale() {
  return language.get() === 'zh' ? 'zh-CN' : 'en';
}

export function choose(name) {
  localStorage.setItem(KEPT, name);
  language.set(name);
  announce();
}

function announce() {
  document.documentElement.lang = locale();
}
announce();

export function t(key, values = {}, otherwise = key) {
  const text = CATALOGS[language.get()][key] ?? en[key] ?? otherwise;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));
}

/** The text of a key that may not exist, such as a setting's that is newer than this page. */
export function textOr(key, otherwise) {
  return CATALOGS[language.get()][key] ?? otherwise;
}
