/** Throughput against the batch, a panel for each net. */
import { card, circle, line, linearScale, logScale, polyline, text } from './svg.js';
import { NAMES } from './theme.js';

/** @typedef {import('../lib/session.js').Case} Case */

const COLUMNS = 4;
const PANEL = { width: 184, height: 150, gapX: 16, gapY: 56 };
const [LEFT, TOP] = [70, 116];
const [WIDTH, HEIGHT] = [880, 500];
const SERIES = ['plain-js', 'tfjs-wasm', 'litert', 'onnxruntime-web', 'onnxruntime-node', 'forwardpass-bound'];

/** @param {readonly Case[]} cases @param {number} peak GFLOP/s @param {import('./theme.js').Theme} theme */
export function throughputPlot(cases, peak, theme) {
  const nets = [...new Set(cases.map(({ net }) => net))];
  const batches = [...new Set(cases.map(({ batch }) => batch))].sort((a, b) => a - b);
  const most = Math.ceil((peak * 1.05) / 50) * 50;
  const parts = nets.map((net, i) => {
    const left = LEFT + (i % COLUMNS) * (PANEL.width + PANEL.gapX);
    const top = TOP + Math.floor(i / COLUMNS) * (PANEL.height + PANEL.gapY);
    const x = logScale([batches[0] / 1.6, batches[batches.length - 1] * 1.6], [left, left + PANEL.width]);
    const y = linearScale([0, most], [top + PANEL.height, top]);
    const own = cases.filter((result) => result.net === net);
    return panel({ net, own, batches, peak, most, x, y, left, top, isFirst: i % COLUMNS === 0 }, theme);
  });
  return card(
    {
      width: WIDTH,
      height: HEIGHT,
      title: 'Throughput against the batch',
      subtitle: `GFLOP/s on one core; higher is better; the dotted line is the core's multiply-add peak, ${peak.toFixed(0)}`,
      description: 'GFLOP/s against rows a call, for seven nets, forwardpass and its peers',
    },
    theme,
    [...parts, legend(cases, nets.length, theme)],
  );
}

/**
 * @param {{ net: string, own: Case[], batches: number[], peak: number, most: number, x: import('./svg.js').Scale,
 *   y: import('./svg.js').Scale, left: number, top: number, isFirst: boolean }} panel
 * @param {import('./theme.js').Theme} theme
 */
function panel({ net, own, batches, peak, most, x, y, left, top, isFirst }, theme) {
  const [right, bottom] = [left + PANEL.width, top + PANEL.height];
  const parts = [text(left, top - 12, net, { 'font-weight': 600 })];
  for (let rate = 0; rate <= most; rate += 50) {
    parts.push(line(left, y(rate), right, y(rate), { stroke: theme.grid }));
    if (isFirst && rate % 100 === 0)
      parts.push(text(left - 10, y(rate) + 4, String(rate), { 'text-anchor': 'end', fill: theme.muted }));
  }
  for (const batch of batches) {
    parts.push(
      text(x(batch), bottom + 17, String(batch), { 'text-anchor': 'middle', 'font-size': 11, fill: theme.muted }),
    );
  }
  parts.push(
    line(left, y(peak), right, y(peak), {
      stroke: theme.ceiling,
      'stroke-width': 1.5,
      'stroke-dasharray': '2 4',
      'stroke-linecap': 'round',
    }),
  );
  for (const id of SERIES) {
    const points = own.flatMap(({ batch, multiplyAdds, results }) => {
      const result = results.find((result) => result.id === id);
      return result
        ? [/** @type {[number, number]} */ ([x(batch), y((2 * multiplyAdds * batch) / result.nanoseconds)])]
        : [];
    });
    const isOurs = id === 'forwardpass-bound';
    parts.push(polyline(points, { stroke: theme.series[id], 'stroke-width': isOurs ? 3 : 2 }));
    for (const [cx, cy] of points) {
      parts.push(
        circle(cx, cy, isOurs ? 4 : 3, { fill: theme.series[id], stroke: theme.background, 'stroke-width': 1.5 }),
      );
    }
  }
  return parts.join('\n');
}

/** In the place of the panel after the last. @param {readonly Case[]} cases @param {number} panels @param {import('./theme.js').Theme} theme */
function legend(cases, panels, theme) {
  const left = LEFT + (panels % COLUMNS) * (PANEL.width + PANEL.gapX) + 8;
  const top = TOP + Math.floor(panels / COLUMNS) * (PANEL.height + PANEL.gapY) + 14;
  const present = new Set(cases.flatMap(({ results }) => results.map(({ id }) => id)));
  const shown = SERIES.filter((id) => present.has(id)).reverse();
  const entries = shown.map((id, i) => {
    const y = top + i * 24;
    const attributes = { fill: theme.text, 'font-weight': i === 0 ? 600 : 400 };
    return (
      line(left, y, left + 22, y, { stroke: theme.series[id], 'stroke-width': i === 0 ? 3 : 2 }) +
      text(left + 32, y + 4, NAMES[id], attributes)
    );
  });
  return [...entries, text(left, top + shown.length * 24 + 8, 'across: rows a call', { fill: theme.muted })].join('\n');
}
