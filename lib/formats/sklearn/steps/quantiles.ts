/** QuantileTransformer: where a number stands among those that it was fitted on, straight lines between them. */
import { mapped } from '../../mapped.ts';
import type { Vector } from '../arrays.ts';
import type { Emitter } from '../emitter.ts';
import type { Estimator } from '../estimator.ts';
import type { Row } from '../outcome.ts';
import { countAtMost } from './bins.ts';

export function quantileTransformer(estimator: Estimator, emitter: Emitter, x: Row): Row {
  const distribution = estimator.text('output_distribution', 'uniform');
  if (distribution !== 'uniform') {
    const message = `a ${distribution} distribution as the output is not read here; use 'uniform', or PowerTransformer`;
    throw estimator.error('UNSUPPORTED_OP', message, 'output_distribution');
  }
  const references = estimator.vector('references_');
  const { columns, data } = estimator.matrix('quantiles_', references.length, x.width);
  const input = emitter.requireFinite(x, true);
  const parts = Array.from({ length: columns }, (_, column) => {
    return position(
      emitter,
      emitter.gather(input, [column]),
      mapped(references, (_, row) => data[row * columns + column]),
      new Float64Array(references),
    );
  });
  return emitter.concat(parts);
}

/** From both ends, since quantiles may be equal; the mean of the two. */
function position(emitter: Emitter, x: Row, quantiles: Float64Array, references: Float64Array): Row {
  const up = interpolate(emitter, x, quantiles, references);
  const mirror = (values: Float64Array) => values.toReversed().map((value) => -value);
  const down = interpolate(emitter, emitter.unary(x, 'neg'), mirror(quantiles), mirror(references));
  const mean = emitter.affine(emitter.binary('sub', up, down), 0.5, -0);
  const [first, last] = [quantiles[0], quantiles[quantiles.length - 1]];
  const capped = emitter.select(emitter.binary('equal', x, last), 1, mean);
  return emitter.select(emitter.binary('equal', x, first), 0, capped);
}

/** NumPy's interp: beyond the ends, what is there. NaN stays NaN. */
function interpolate(emitter: Emitter, x: Row, xs: Vector, ys: Vector): Row {
  const last = xs.length - 1;
  const slopes = mapped(xs, (from, i) => (i < last ? (ys[i + 1] - ys[i]) / (xs[i + 1] - from) : 0));
  // Lines from each quantile to the next, and flat ones before the first and from the last on.
  const lines = [0, xs[0], ys[0]];
  for (let i = 0; i < xs.length; i++) {
    lines.push(i < last && Number.isFinite(slopes[i]) ? slopes[i] : 0, xs[i], ys[i]);
  }
  const table = { shape: [xs.length + 1, 3], data: Float64Array.from(lines) };
  const line = emitter.flat(
    emitter.emit('embedding', [countAtMost(emitter, x, xs).operand, table], { wrap: false }),
    3,
  );
  const [slope, from, y] = [0, 1, 2].map((part) => emitter.gather(line, [part]));
  return emitter.binary('add', emitter.binary('mul', slope, emitter.binary('sub', x, from)), y);
}
