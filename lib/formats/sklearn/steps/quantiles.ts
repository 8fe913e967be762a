/** QuantileTransformer: the rank of a number among the training values, interpolated linearly. */
import type { Matrix, Vector } from '../arrays.ts';
import type { Emitter } from '../emitter.ts';
import type { Estimator } from '../estimator.ts';
import { interpolate } from '../interpolation.ts';
import { normalQuantile, normalShare } from '../normal.ts';
import type { RowVector } from '../outcome.ts';
import { noSuchOption } from '../values.ts';

const DISTRIBUTIONS = ['uniform', 'normal'];

/** For normal output, a number this close to an end of the range counts as at the end. */
const NEAR = 1e-7;
/** The lowest and the highest share in that case. */
const [LEAST, GREATEST] = [NEAR - 2 ** -52, 1 - (NEAR - 2 ** -52)];

interface Quantiles {
  readonly isNormal: boolean;
  readonly references: Vector;
  /** A column for each feature. */
  readonly quantiles: Matrix;
}

function quantilesOf(estimator: Estimator, width: number): Quantiles {
  const distribution = estimator.text('output_distribution', 'uniform');
  if (!DISTRIBUTIONS.includes(distribution)) {
    const message = noSuchOption('the distribution', distribution, DISTRIBUTIONS);
    throw estimator.error('MALFORMED', message, 'output_distribution');
  }
  const references = estimator.vector('references_');
  const quantiles = estimator.matrix('quantiles_', references.length, width);
  return { isNormal: distribution === 'normal', references, quantiles };
}

/** Applies each column's own quantiles, and joins the results. */
function byColumn(
  emitter: Emitter,
  x: RowVector,
  { columns, data }: Matrix,
  one: (x: RowVector, quantiles: Float64Array) => RowVector,
): RowVector {
  const parts = Array.from({ length: columns }, (_, column) => {
    const own = Float64Array.from({ length: data.length / columns }, (_, row) => data[row * columns + column]);
    return one(emitter.gather(x, [column]), own);
  });
  return emitter.concat(parts);
}

export function quantileTransformer(estimator: Estimator, emitter: Emitter, x: RowVector): RowVector {
  const { isNormal, references, quantiles } = quantilesOf(estimator, x.width);
  const input = emitter.requireFinite(x, true);
  const shares = byColumn(emitter, input, quantiles, (each, own) => share(emitter, each, own, references, isNormal));
  if (!isNormal) return shares;
  return normalQuantile(emitter, emitter.unary(shares, 'clip', LEAST, GREATEST));
}

/** The mean of interpolations from both ends, since quantiles may be equal. */
function share(
  emitter: Emitter,
  x: RowVector,
  quantiles: Float64Array,
  references: Vector,
  isNormal: boolean,
): RowVector {
  const up = interpolate(emitter, x, quantiles, references);
  const mirror = (values: Vector) =>
    Float64Array.from(values)
      .reverse()
      .map((value) => -value);
  const down = interpolate(emitter, emitter.unary(x, 'neg'), mirror(quantiles), mirror(references));
  const mean = emitter.affine(emitter.binary('sub', up, down), 0.5, -0);
  return between(emitter, x, mean, [quantiles[0], quantiles[quantiles.length - 1]], [0, 1], isNormal);
}

/** `y`, except at the ends of the range of x, which give the ends of the range of y. */
function between(
  emitter: Emitter,
  x: RowVector,
  y: RowVector,
  [first, last]: readonly [number, number],
  [least, greatest]: readonly [number, number],
  isNormal: boolean,
): RowVector {
  const isLast = isNormal
    ? emitter.binary('greater', emitter.binary('add', x, NEAR), last)
    : emitter.binary('equal', x, last);
  const isFirst = isNormal
    ? emitter.binary('less', emitter.binary('sub', x, NEAR), first)
    : emitter.binary('equal', x, first);
  return emitter.select(isFirst, least, emitter.select(isLast, greatest, y));
}

/** The number whose share is given by the row. */
export function quantileInverse(estimator: Estimator, emitter: Emitter, y: RowVector): RowVector {
  const { isNormal, references, quantiles } = quantilesOf(estimator, y.width);
  const shares = isNormal ? normalShare(emitter, y) : y;
  return byColumn(emitter, shares, quantiles, (each, own) => {
    const value = interpolate(emitter, each, references, own);
    return between(emitter, each, value, [0, 1], [own[0], own[own.length - 1]], isNormal);
  });
}
