/** Times of a row by model, on one axis for each batch. */
import { treeTitle } from '../lib/tree-files.js';
import { card, circle, line, logScale, text } from './svg.js';
import { NAMES } from './theme.js';

/** @typedef {import('../trees.js').TreeCase} TreeCase */

const WIDTH = 880;
const [LEFT, TOP, ROW, GAP] = [266, 128, 34, 56];
const SERIES = ['library-python', 'library-c', 'onnxruntime-node', 'forwardpass-bound'];

/** @param {readonly TreeCase[]} cases @param {import('./theme.js').Theme} theme */
export function treesPlot(cases, theme) {
  const models = [...new Set(cases.map(treeTitle))];
  const batches = [...new Set(cases.map(({ batch }) => batch))].sort((a, b) => a - b);
  const width = (WIDTH - LEFT - 40 - GAP * (batches.length - 1)) / batches.length;
  const bottom = TOP + models.length * ROW;
  const parts = models.map((title, i) => text(LEFT - 18, TOP + (i + 0.5) * ROW + 4, title, { 'text-anchor': 'end' }));
  batches.forEach((batch, column) => {
    const left = LEFT + column * (width + GAP);
    const own = cases.filter((result) => result.batch === batch);
    const all = own.flatMap((result) => pointsOf(result).map(({ time }) => time));
    const ends = [Math.floor(Math.log10(Math.min(...all))), Math.ceil(Math.log10(Math.max(...all)))];
    const x = logScale([10 ** ends[0], 10 ** ends[1]], [left, left + width]);
    parts.push(text(left, TOP - 12, batch === 1 ? '1 row a call' : `${batch} rows a call`, { 'font-weight': 600 }));
    for (let power = ends[0]; power <= ends[1]; power++) {
      const at = x(10 ** power);
      parts.push(line(at, TOP, at, bottom, { stroke: theme.grid }));
      parts.push(text(at, bottom + 18, label(power), { 'text-anchor': 'middle', 'font-size': 11, fill: theme.muted }));
    }
    for (const result of own) {
      parts.push(dots(result, x, TOP + (models.indexOf(treeTitle(result)) + 0.5) * ROW, theme));
    }
  });
  return card(
    {
      width: WIDTH,
      height: bottom + 40,
      title: 'Trees: time of a row',
      subtitle: 'On one thread, other rows in each call; lower is better; the axes are logarithmic',
      description: 'Time of a row for forests and boosted trees, alone and in batches, of forwardpass and its peers',
    },
    theme,
    [legend(cases, theme), ...parts],
  );
}

/** Nanoseconds a row, in the order of drawing. @param {TreeCase} result */
function pointsOf({ batch, results }) {
  return SERIES.flatMap((id) => {
    const result = results.find((result) => result.id === id);
    return result ? [{ id, time: result.nanoseconds / batch }] : [];
  });
}

/** @param {TreeCase} result @param {import('./svg.js').Scale} x @param {number} y @param {import('./theme.js').Theme} theme */
function dots(result, x, y, theme) {
  const points = pointsOf(result).map(({ id, time }) => ({ id, at: x(time) }));
  const ends = points.map(({ at }) => at);
  const bar = line(Math.min(...ends), y, Math.max(...ends), y, {
    stroke: theme.grid,
    'stroke-width': 6,
    'stroke-linecap': 'round',
  });
  const marks = points.map(({ id, at }) =>
    circle(at, y, 5.5, { fill: theme.series[id], stroke: theme.background, 'stroke-width': 1.5 }),
  );
  return bar + marks.join('');
}

/** @param {readonly TreeCase[]} cases @param {import('./theme.js').Theme} theme */
function legend(cases, theme) {
  const present = new Set(cases.flatMap(({ results }) => results.map(({ id }) => id)));
  return SERIES.filter((id) => present.has(id))
    .reverse()
    .map((id, i) => {
      const left = 34 + i * 164;
      return circle(left, 84, 5.5, { fill: theme.series[id] }) + text(left + 12, 88, NAMES[id]);
    })
    .join('');
}

/** A power of ten in nanoseconds. @param {number} power */
function label(power) {
  const units = ['ns', 'µs', 'ms', 's'];
  const unit = Math.min(Math.floor(power / 3), units.length - 1);
  return `${10 ** (power - 3 * unit)} ${units[unit]}`;
}
