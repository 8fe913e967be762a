/** Curves through points, and piecewise polynomials. */
import type { Tensor } from '../../graph/graph.ts';
import { mapped } from '../mapped.ts';
import type { Vector } from './arrays.ts';
import type { Emitter } from './emitter.ts';
import type { RowVector } from './outcome.ts';
import { countAtMost } from './steps/bins.ts';

/** NumPy's interp of one number: constant beyond the ends. NaN stays NaN. */
export function interpolate(emitter: Emitter, x: RowVector, xs: Vector, ys: Vector): RowVector {
  const last = xs.length - 1;
  const slopes = mapped(xs, (from, i) => (i < last ? (ys[i + 1] - ys[i]) / (xs[i + 1] - from) : 0));
  // Lines from each point to the next, constant before the first and after the last.
  const lines = [0, xs[0], ys[0]];
  for (let i = 0; i < xs.length; i++) {
    lines.push(i < last && Number.isFinite(slopes[i]) ? slopes[i] : 0, xs[i], ys[i]);
  }
  const table = { shape: [xs.length + 1, 3], data: Float64Array.from(lines) };
  const line = rangeOf(emitter, x, xs, table);
  const [slope, from, y] = [0, 1, 2].map((part) => emitter.gather(line, [part]));
  return emitter.binary('add', emitter.binary('mul', slope, emitter.binary('sub', x, from)), y);
}

/** The table row for the range that contains one number: its index is the number of edges at or below it. */
export function rangeOf(emitter: Emitter, x: RowVector, edges: Vector, table: Tensor): RowVector {
  const range = countAtMost(emitter, x, edges);
  return emitter.flat(emitter.emit('embedding', [range.operand, table], { wrap: false }), table.shape[1]);
}

/** A polynomial by Horner's rule, the highest power first. */
export function polynomial(emitter: Emitter, x: RowVector, [highest, next, ...others]: readonly number[]): RowVector {
  // Each step rounds twice, as separate operations do.
  const step = (value: RowVector, term: number) => emitter.binary('add', emitter.binary('mul', value, x), term);
  return others.reduce(step, emitter.binary('add', emitter.binary('mul', x, highest), next));
}
