// How numbers, dollars and times are written, in the language chosen.
import { locale, t } from './i18n.js';

export function count(value) {
  return new Intl.NumberFormat(locale()).format(value);
}

/** 1.2M for a tile; the whole number fits a table better, and a tile while it is short itself. */
export function short(value) {
  if (Math.abs(value) < 10_000) return count(value);
  return new Intl.NumberFormat(locale(), { notation: 'compact', maximumFractionDigits: 1 }).format(value);
}

/** Dollars with as many decimals as the amount needs: a call costs fractions of a cent. */
export function usd(value) {
  if (value === null || value === undefined) return '–';
  const size = Math.abs(value);
  const digits = size === 0 || size >= 1 ? 2 : size >= 0.01 ? 4 : 9;
  const text = new Intl.NumberFormat('en-US', {
    minimumFractionDigits: Math.min(digits, 2),
    maximumFractionDigits: digits,
  }).format(size);
  return (value < 0 ? '−$' : '$') + text;
}

/** Dollars at a glance: for a tile or an axis, where the last digits do not matter. */
export function dollars(value) {
  return usd(value && Math.abs(value) < 1 ? Number(value.toPrecision(3)) : value);
}

/** Dollars that were summed up, in columns: below a dollar as many decimals for all, so that they stand beneath each other. */
export function sum(value) {
  if (!value || Math.abs(value) >= 1) return usd(value);
  if (Math.abs(value) < 0.0001) return '< $0.0001';
  return (value < 0 ? '−$' : '$') + Math.abs(value).toFixed(4);
}

/** In a vendor's own currency. */
export function money(value, currency) {
  try {
    return new Intl.NumberFormat(locale(), { style: 'currency', currency, currencyDisplay: 'code' }).format(value);
  } catch {
    return `${count(value)} ${currency}`.trim(); // it names none that there is
  }
}

export function quota(value) {
  return value === null || value === undefined ? t('unlimited') : usd(value);
}

export function percent(share) {
  return new Intl.NumberFormat(locale(), { style: 'percent', maximumFractionDigits: 1 }).format(share);
}

export function millis(value) {
  if (value === null || value === undefined) return '–';
  return value < 1000 ? `${Math.round(value)} ms` : `${(value / 1000).toFixed(value < 10_000 ? 2 : 1)} s`;
}

export function time(value) {
  if (!value) return '–';
  return new Intl.DateTimeFormat(locale(), { dateStyle: 'medium', timeStyle: 'medium', hourCycle: 'h23' }).format(new Date(value));
}

/** For a table: no year while it is this one, and no day while it is today. */
export function moment(value) {
  const at = new Date(value);
  const year = at.getFullYear() === new Date().getFullYear() ? undefined : 'numeric';
  const today = at.toDateString() === new Date().toDateString();
  return new Intl.DateTimeFormat(locale(), {
    ...(today ? {} : { year, month: 'short', day: 'numeric' }),
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  }).format(at);
}

export function day(value) {
  return value ? new Intl.DateTimeFormat(locale(), { dateStyle: 'medium' }).format(new Date(value)) : '–';
}

const STEPS = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
];

/** “5 minutes ago”, “in 2 hours”. */
export function ago(value) {
  if (!value) return '–';
  const seconds = (new Date(value) - Date.now()) / 1000;
  const [unit, length] = STEPS.find(([, each]) => Math.abs(seconds) >= each) || STEPS[3];
  return new Intl.RelativeTimeFormat(locale(), { numeric: 'auto' }).format(Math.round(seconds / length), unit);
}
