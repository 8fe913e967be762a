/** How near each comes to the machine's ceiling: a column for each batch, a row for each net. */
import { card, circle, line, linearScale, text } from './svg.js';
import { NAMES } from './theme.js';

/** @typedef {import('../lib/session.js').Case} Case */

const WIDTH = 880;
const [LEFT, TOP, ROW, GAP] = [172, 128, 34, 34];
const SERIES = ['onnxruntime-node', 'forwardpass-bound'];

/** @param {readonly Case[]} cases @param {import('./theme.js').Theme} theme */
export function ceilingPlot(cases, theme) {
  const nets = [...new Set(cases.map(({ net }) => net))];
  const batches = [...new Set(cases.map(({ batch }) => batch))].sort((a, b) => a - b);
  const width = (WIDTH - LEFT - 40 - GAP * (batches.length - 1)) / batches.length;
  const bottom = TOP + nets.length * ROW;
  const parts = nets.map((net, i) => text(LEFT - 18, TOP + (i + 0.5) * ROW + 4, net, { 'text-anchor': 'end' }));
  batches.forEach((batch, column) => {
    const left = LEFT + column * (width + GAP);
    const x = linearScale([0, 1], [left, left + width]);
    parts.push(text(left, TOP - 12, `${batch} ${batch === 1 ? 'row' : 'rows'}`, { 'font-weight': 600 }));
    for (const share of [0, 0.5, 1]) {
      parts.push(line(x(share), TOP, x(share), bottom, { stroke: share === 1 ? theme.ceiling : theme.grid }));
      parts.push(
        text(x(share), bottom + 18, share === 1 ? '100 %' : String(100 * share), {
          'text-anchor': 'middle',
          'font-size': 11,
          fill: theme.muted,
        }),
      );
    }
    nets.forEach((net, row) => {
      const found = cases.find((result) => result.net === net && result.batch === batch);
      if (found) parts.push(dumbbell(found, x, TOP + (row + 0.5) * ROW, theme));
    });
  });
  return card(
    {
      width: WIDTH,
      height: bottom + 40,
      title: "Share of the machine's ceiling",
      subtitle: 'The least time that one core could take, over the time taken; the right edge is the ceiling',
      description:
        'Share of the ceiling reached by forwardpass and onnxruntime-node, for seven nets and several batches',
    },
    theme,
    [legend(theme), ...parts],
  );
}

/** @param {Case} found @param {import('./svg.js').Scale} x @param {number} y @param {import('./theme.js').Theme} theme */
function dumbbell({ floor, results }, x, y, theme) {
  const shares = SERIES.flatMap((id) => {
    const result = results.find((result) => result.id === id);
    return floor && result ? [{ id, share: Math.min(1, floor.nanoseconds / result.nanoseconds) }] : [];
  });
  const ends = shares.map(({ share }) => x(share));
  const bar = line(Math.min(...ends), y, Math.max(...ends), y, {
    stroke: theme.grid,
    'stroke-width': 6,
    'stroke-linecap': 'round',
  });
  const dots = shares.map(({ id, share }) =>
    circle(x(share), y, 5.5, { fill: theme.series[id], stroke: theme.background, 'stroke-width': 1.5 }),
  );
  return bar + dots.join('');
}

/** @param {import('./theme.js').Theme} theme */
function legend(theme) {
  const entries = [
    { id: 'forwardpass-bound', left: 34 },
    { id: 'onnxruntime-node', left: 190 },
  ];
  return entries
    .map(({ id, left }) => circle(left, 84, 5.5, { fill: theme.series[id] }) + text(left + 12, 88, NAMES[id]))
    .join('');
}
