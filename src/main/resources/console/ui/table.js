// A list as a table; on a phone each row becomes a card, with the column's title before each value.
import { t } from '../i18n.js';
import { html, useState } from '../view.js';
import { Empty, Loading, Trouble } from './feedback.js';
import { Icon } from './icons.js';

/**
 * columns: [{ title, cell(row), number?, actions?, wide?, lead?, short? }]: numbers stand right, what is wide takes the room that
 * is left, what leads is a card's heading on a phone, what is short is never broken. `list` is what useList gives. `chosen` is a Set of ids with
 * `choose(ids)`, where rows can be picked. `drop(row)` is asked for what to do when something is dropped on a row, and
 * says nothing where it may not be.
 */
export function Table({ caption, columns, list, empty, chosen, choose, faded, drop }) {
  const { rows, problem, loading, more, reload } = list;
  if (problem && !rows) return html`<${Trouble} problem=${problem} retry=${reload} />`;
  if (!rows) return html`<${Loading} />`;
  if (rows.length === 0 && more) {
    return html`<${Empty} title=${t('search.far')}><button class="quiet" disabled=${loading} onClick=${more}>${loading ? t('loading') : t('search.further')}</button><//>`;
  }
  if (rows.length === 0) return empty || html`<${Empty} title=${t('nothing')} />`;
  const toggle = (id) => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    choose(next);
  };
  const every = chosen && rows.every((row) => chosen.has(row.id));
  return html`
    ${problem && html`<${Trouble} problem=${problem} retry=${reload} />`}
    <div class="table-frame">
      <table>
        <caption class="unseen">${caption}</caption>
        <thead>
          <tr>
            ${chosen &&
            html`<th class="pick">
              <input
                type="checkbox"
                aria-label=${t('choose.all')}
                checked=${every}
                onChange=${() => choose(every ? new Set() : new Set(rows.map((row) => row.id)))}
              />
            </th>`}
            ${columns.map(
              (column) => html`<th scope="col" class=${kind(column)}>
                ${column.actions ? html`<span class="unseen">${column.title}</span>` : column.title}
              </th>`,
            )}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            (row) => html`<tr key=${row.id ?? row.name ?? row.model} class=${faded?.(row) ? 'faded' : ''} ...${drop && dropped(row, drop)}>
              ${chosen &&
              html`<td class="pick">
                <input
                  type="checkbox"
                  aria-label=${t('choose.one', { name: row.name ?? row.id })}
                  checked=${chosen.has(row.id)}
                  onChange=${() => toggle(row.id)}
                />
              </td>`}
              ${columns.map(
                (column) => html`<td class=${kind(column)} data-title=${column.actions ? undefined : column.title}>
                  <div class="cell">${column.cell(row)}</div>
                </td>`,
              )}
            </tr>`,
          )}
        </tbody>
      </table>
    </div>
    ${more &&
    html`<div class="more">
      <button class="quiet" disabled=${loading} onClick=${more}>${loading ? t('loading') : t('more')}</button>
    </div>`}
  `;
}

function dropped(row, drop) {
  return {
    onDragOver: (event) => {
      if (!drop(row)) return;
      event.preventDefault();
      event.currentTarget.classList.add('over');
    },
    onDragLeave: (event) => event.currentTarget.classList.remove('over'),
    onDrop: (event) => {
      event.preventDefault();
      event.currentTarget.classList.remove('over');
      drop(row)?.();
    },
  };
}

function kind(column) {
  return (column.number ? 'number ' : '') + (column.actions ? 'actions ' : '') + (column.wide ? 'wide ' : '') + (column.lead ? 'lead ' : '') + (column.short ? 'unbroken' : '');
}

/** A text that a list is narrowed by, taken with Enter or on leaving. What is typed stays while the list is live. */
export function Sought({ value, take, ...rest }) {
  const [typed, setTyped] = useState(null);
  return html`<input
    value=${typed ?? value ?? ''}
    onInput=${(event) => setTyped(event.target.value)}
    onChange=${(event) => {
      take(event.target.value);
      setTyped(null);
    }}
    onBlur=${() => setTyped(null)}
    ...${rest}
  />`;
}

/** A button of a row that shows an icon; its words are for the tooltip and for whoever hears the page. */
export function RowButton({ icon, label, onClick, busy, danger }) {
  return html`<button
    class=${'bare' + (danger ? ' dangerous' : '')}
    title=${label}
    aria-label=${label}
    disabled=${busy}
    onClick=${onClick}
  >
    ${busy ? html`<span class="spinner"></span>` : html`<${Icon} name=${icon} />`}
  </button>`;
}

/** Head of a page: what it is, what it is for, and what can be begun there. */
export function Head({ title, about, children }) {
  return html`<header class="head">
    <div>
      <h1 tabindex="-1">${title}</h1>
      ${about && html`<p class="about">${about}</p>`}
    </div>
    <div class="head-actions">${children}</div>
  </header>`;
}
