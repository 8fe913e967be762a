/** Steps that find the range of numbers in which a feature is. */
import type { Vector } from '../arrays.ts';
import type { Emitter } from '../emitter.ts';
import type { Estimator } from '../estimator.ts';
import type { RowVector } from '../outcome.ts';
import { noSuchOption } from '../values.ts';

const ENCODINGS = ['onehot', 'onehot-dense', 'ordinal'];

export function kBinsDiscretizer(estimator: Estimator, emitter: Emitter, x: RowVector): RowVector {
  const encoding = estimator.text('encode', 'onehot');
  if (!ENCODINGS.includes(encoding))
    throw estimator.error('MALFORMED', noSuchOption('encode', encoding, ENCODINGS), 'encode');
  const lists = estimator.list('bin_edges_');
  if (lists.length !== x.width) {
    throw estimator.error('SHAPE', `expected edges of ${x.width} columns, found ${lists.length}`, 'bin_edges_');
  }
  const input = nudged(estimator, emitter, emitter.requireFinite(x));
  const parts = lists.map((list, column) => {
    const place = `bin_edges_[${column}]`;
    const { shape, data } = estimator.numbersIn(list, place);
    if (shape.length !== 1 || data.length < 2) throw estimator.error('SHAPE', 'expected at least two edges', place);
    const bin = countAtMost(emitter, emitter.gather(input, [column]), data.slice(1, -1));
    if (encoding === 'ordinal') return bin;
    const depth = data.length - 1;
    const hot = emitter.emit('one_hot', [bin.operand], { depth, on: 1, off: 0, axis: 1, wrap: false });
    return emitter.flat(hot, depth);
  });
  return emitter.concat(parts);
}

/** Before scikit-learn 1.1, numbers just below an edge counted as on it. */
function nudged(estimator: Estimator, emitter: Emitter, x: RowVector): RowVector {
  if (estimator.since(1, 1)) return x;
  return emitter.binary('add', x, emitter.affine(emitter.unary(x, 'abs'), 1e-5, 1e-8));
}

/** How many of the edges are at or below the number. */
export function countAtMost(emitter: Emitter, x: RowVector, edges: Vector): RowVector {
  if (edges.length === 0) return emitter.affine(x, 0, 0);
  return emitter.reduce(emitter.binary('greater_equal', x, edges), 'sum');
}
