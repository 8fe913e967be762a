/** Latency of one row against the size of the net, both logarithmic. */
import { count, duration } from '../lib/format.js';
import { card, circle, line, logScale, polyline, spread, text } from './svg.js';
import { NAMES } from './theme.js';

/** @typedef {import('../lib/session.js').Case} Case */
/** @typedef {import('./theme.js').Theme} Theme */
/** @typedef {{ label: string, colour: string, isOurs: boolean, points: [number, number][], dashes?: string }} Series */

const [WIDTH, HEIGHT] = [880, 520];
const AREA = { left: 84, right: WIDTH - 190, top: 88, bottom: HEIGHT - 66 };
const IDS = [
  'plain-js',
  'brain.js',
  'tfjs-wasm',
  'litert',
  'onnxruntime-web',
  'onnxruntime-node',
  'forwardpass-run',
  'forwardpass-bound',
];

/** @param {readonly Case[]} cases @param {Theme} theme */
export function latencyPlot(cases, theme) {
  const rows = cases.filter(({ batch }) => batch === 1).sort((a, b) => a.parameterCount - b.parameterCount);
  const series = seriesOf(rows, theme);
  const sizes = rows.map(({ parameterCount }) => parameterCount);
  const times = series.flatMap(({ points }) => points.map(([, time]) => time));
  const [least, most] = [powerBelow(Math.min(...times)), 10 * powerBelow(Math.max(...times))];
  const x = logScale([sizes[0] / 1.4, sizes[sizes.length - 1] * 1.4], [AREA.left, AREA.right]);
  const y = logScale([least, most], [AREA.bottom, AREA.top]);

  const grid = [];
  for (let time = least; time <= most; time *= 10) {
    const label = duration(time).replace(/\.0+ /, ' ');
    grid.push(line(AREA.left, y(time), AREA.right, y(time), { stroke: theme.grid }));
    grid.push(text(AREA.left - 10, y(time) + 4, label, { 'text-anchor': 'end', fill: theme.muted }));
  }
  for (let size = 10 * powerBelow(sizes[0]); size < sizes[sizes.length - 1]; size *= 10) {
    const label = count(size).replace(/\.0+/, '');
    grid.push(line(x(size), AREA.top, x(size), AREA.bottom, { stroke: theme.grid }));
    grid.push(text(x(size), AREA.bottom + 20, label, { 'text-anchor': 'middle', fill: theme.muted }));
  }
  const middle = (AREA.left + AREA.right) / 2;
  grid.push(text(middle, AREA.bottom + 44, 'parameters', { 'text-anchor': 'middle', fill: theme.muted }));

  const placed = series.map((one) => ({
    ...one,
    points: one.points.map(([size, time]) => /** @type {[number, number]} */ ([x(size), y(time)])),
  }));
  const description = 'Time of a call of one row against the number of parameters, for forwardpass and its peers';
  const subtitle = 'Median, one core; lower is better; both axes are logarithmic';
  return card({ width: WIDTH, height: HEIGHT, title: 'One row: time of a call', subtitle, description }, theme, [
    ...grid,
    ...placed.map((one) => curve(one, theme)),
    ...labels(placed),
  ]);
}

/** Points are [parameters, nanoseconds]; the last is drawn on top. @param {Case[]} rows @param {Theme} theme */
function seriesOf(rows, theme) {
  /** @type {Series[]} */
  const series = [
    {
      label: "the machine's ceiling",
      colour: theme.ceiling,
      isOurs: false,
      dashes: '2 4',
      points: rows.flatMap(({ parameterCount, floor }) => (floor ? [[parameterCount, floor.nanoseconds]] : [])),
    },
    ...IDS.map((id) => ({
      label: NAMES[id],
      colour: theme.series[id],
      isOurs: id.startsWith('forwardpass'),
      points: rows.flatMap(({ parameterCount, results }) =>
        results
          .filter((result) => result.id === id)
          .map(({ nanoseconds }) => /** @type {[number, number]} */ ([parameterCount, nanoseconds])),
      ),
    })),
  ];
  return series.filter(({ points }) => points.length > 0);
}

/** @param {Series} series @param {Theme} theme */
function curve({ colour, isOurs, points, dashes }, theme) {
  if (dashes) {
    return polyline(points, {
      stroke: colour,
      'stroke-width': 1.5,
      'stroke-dasharray': dashes,
      'stroke-linecap': 'round',
    });
  }
  const dot = { fill: colour, stroke: theme.background, 'stroke-width': 1.5 };
  const path = polyline(points, { stroke: colour, 'stroke-width': isOurs ? 3 : 2 });
  return path + points.map(([cx, cy]) => circle(cx, cy, isOurs ? 4.5 : 3.5, dot)).join('');
}

/** To the right of the plot, or where a curve ends before. @param {readonly Series[]} series */
function labels(series) {
  const ends = series.map((one) => ({ ...one, end: one.points[one.points.length - 1] }));
  const furthest = Math.max(...ends.map(({ end }) => end[0]));
  const style = (/** @type {Series} */ { colour, isOurs }) => ({ fill: colour, 'font-weight': isOurs ? 600 : 400 });
  const early = ends
    .filter(({ end }) => end[0] < furthest)
    .map((one) => text(one.end[0] + 10, one.end[1] - 4, one.label, style(one)));
  const last = ends.filter(({ end }) => end[0] === furthest).map((one) => ({ ...one, y: one.end[1] }));
  const left = AREA.right + 26;
  const right = spread(last, 17).map(({ y, ...one }) => {
    const leader = polyline(
      [
        [one.end[0] + 7, one.end[1]],
        [left - 14, y],
        [left - 4, y],
      ],
      { stroke: one.colour, opacity: 0.6 },
    );
    return leader + text(left, y + 4, one.label, style(one));
  });
  return [...early, ...right];
}

/** The power of ten at or below. @param {number} value */
function powerBelow(value) {
  return 10 ** Math.floor(Math.log10(value));
}
