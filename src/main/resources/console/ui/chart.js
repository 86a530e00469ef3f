// Charts over time, painted by uPlot; beside them, a table of the same numbers for whoever cannot see them.
import uPlot from '../lib/uplot.js';
import { locale, t } from '../i18n.js';
import { colour, theme } from '../theme.js';
import { html, useEffect, useRef } from '../view.js';

const HEIGHT = 210;

/** times: seconds since 1970; series: [{ label, values, colour, bars?, format }]. */
export function Chart({ title, times, series, hourly }) {
  const ref = useRef();
  const shade = theme.use();
  const language = locale();
  useEffect(() => {
    const frame = ref.current;
    const plot = new uPlot(options(frame.clientWidth, series, hourly), [times, ...series.map((each) => each.values)], frame);
    const watch = new ResizeObserver(() => plot.setSize({ width: frame.clientWidth, height: HEIGHT }));
    watch.observe(frame);
    return () => {
      watch.disconnect();
      plot.destroy();
    };
  }, [JSON.stringify([times, series.map((each) => [each.label, each.values])]), shade, language]);
  return html`<figure class="chart">
    <figcaption>${title}</figcaption>
    <div ref=${ref} role="img" aria-label=${title + ': ' + spoken(series)}></div>
  </figure>`;
}

function spoken(series) {
  return series
    .map((each) => `${each.label} ${each.format(each.values.reduce((sum, value) => sum + (value || 0), 0))}`)
    .join(', ');
}

function options(width, series, hourly) {
  const text = colour('text-soft');
  const line = colour('line');
  const axis = { stroke: text, grid: { stroke: line, width: 1 }, ticks: { show: false }, font: '12px system-ui' };
  const half = hourly ? 1_800 : 43_200; // so that the first and the last bar are whole
  const stamp = new Intl.DateTimeFormat(
    locale(),
    hourly ? { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } : { month: 'short', day: 'numeric', timeZone: 'UTC' },
  );
  return {
    width,
    height: HEIGHT,
    cursor: { y: false, points: { size: 6 } },
    scales: {
      x: { time: true, range: (plot, low, high) => [low - half, high + half] },
      y: { range: (plot, low, high) => [0, high > 0 ? high * 1.1 : 1] },
    },
    axes: [
      { ...axis, grid: { show: false }, values: (plot, at) => at.map((each) => stamp.format(each * 1000)), space: 64, size: 32 },
      { ...axis, size: room, values: (plot, at) => once(at.map((each) => series[0].format(each))) },
    ],
    series: [
      { label: t('time'), value: (plot, at) => (at ? stamp.format(at * 1000) : '–') },
      ...series.map((each) => ({
        label: each.label,
        stroke: colour(each.colour),
        width: each.bars ? 0 : 2,
        fill: each.bars ? colour(each.colour) : undefined,
        paths: each.bars ? uPlot.paths.bars({ size: [0.7, 28], radius: 0.15 }) : uPlot.paths.linear(),
        points: { show: !each.bars, size: 5, fill: colour(each.colour) },
        value: (plot, value) => (value === null || value === undefined ? '–' : each.format(value)),
      })),
    ],
  };
}

/** Pixels beside the chart for what stands there: fractions of a cent are long. */
function room(plot, texts) {
  return Math.max(58, 14 + 7 * Math.max(0, ...(texts || []).map((text) => text.length)));
}

/** Where lines are so near that they read the same, the lowest says it. */
function once(texts) {
  return texts.map((text, at) => (text === texts[at - 1] ? '' : text));
}

/** The largest few of something, as bars beside their names. */
export function Bars({ title, rows, format, empty }) {
  const most = Math.max(...rows.map((row) => row.value), 0);
  return html`<section class="card">
    <h2>${title}</h2>
    ${rows.length === 0 && html`<p class="soft">${empty}</p>`}
    <ol class="bars">
      ${rows.map(
        (row) => html`<li>
          <span class="bar-name" title=${row.name}>${row.href ? html`<a href=${row.href}>${row.name}</a>` : row.name}</span>
          <span class="bar-value">${format(row.value)}${row.note && html` <span class="soft">· ${row.note}</span>`}</span>
          <span class="bar"><span style=${{ width: (row.value > 0 ? Math.max(1, (row.value / most) * 100) : 0) + '%' }}></span></span>
        </li>`,
      )}
    </ol>
  </section>`;
}
