/** Maps to features whose products approximate those of a kernel. */
import type { Matrix } from '../arrays.ts';
import type { Emitter } from '../emitter.ts';
import type { Estimator } from '../estimator.ts';
import { ownKernel } from '../kernels.ts';
import type { RowVector } from '../outcome.ts';

/** The kernel with some points, times a matrix. */
export function nystroem(estimator: Estimator, emitter: Emitter, x: RowVector): RowVector {
  const normalization = estimator.matrix('normalization_');
  const row = emitter.requireFinite(x);
  const isPrecomputed = estimator.value('kernel') === 'precomputed';
  const points = isPrecomputed ? undefined : estimator.matrix('components_', normalization.columns, x.width);
  const keywords = estimator.value('kernel_params');
  const similarity = points === undefined ? row : ownKernel(estimator, emitter, row, points, { keywords });
  return emitter.dense(similarity, normalization);
}

/** √(2/n)·cos(x·weights + offset) */
export function rbfSampler(estimator: Estimator, emitter: Emitter, x: RowVector): RowVector {
  const waves = cosines(estimator, emitter, emitter.requireFinite(x));
  return emitter.binary('mul', waves, (2 / waves.width) ** 0.5);
}

/** √(2/n)·cos(log(x + skewedness)·weights + offset), for values greater than −skewedness. */
export function skewedChi2Sampler(estimator: Estimator, emitter: Emitter, x: RowVector): RowVector {
  const skewedness = estimator.number('skewedness', 1);
  const isLess = emitter.binary('less_equal', x, -skewedness);
  // Other values become infinite, which is refused.
  const row = emitter.requireFinite(emitter.select(isLess, -Infinity, x));
  const waves = cosines(estimator, emitter, emitter.unary(emitter.binary('add', row, skewedness), 'log'));
  return emitter.binary('mul', waves, Math.SQRT2 / Math.sqrt(waves.width));
}

function cosines(estimator: Estimator, emitter: Emitter, x: RowVector): RowVector {
  const weights = estimator.matrix('random_weights_', x.width);
  const offset = estimator.vector('random_offset_', weights.columns);
  return emitter.unary(emitter.dense(x, weights, offset, 'in-out'), 'cos');
}

/** Default intervals, by the number of steps. */
const INTERVALS = [0.8, 0.5, 0.4];

/** √(x·interval), then √(2·x·interval/cosh(πj·interval)) times the cosine and the sine of j·interval·log x; 0 for 0. */
export function additiveChi2Sampler(estimator: Estimator, emitter: Emitter, x: RowVector): RowVector {
  const steps = estimator.number('sample_steps', 2);
  const attribute = ['sample_interval_', 'sample_interval'].find((name) => estimator.has(name));
  const interval = attribute === undefined ? INTERVALS[steps - 1] : estimator.number(attribute);
  if (!(Number.isInteger(steps) && steps >= 1 && steps <= estimator.budget.limits.depth) || interval === undefined) {
    throw estimator.error('UNSUPPORTED_OP', `${steps} steps are not supported without an interval`, 'sample_steps');
  }
  // A negative number becomes infinite, which is refused.
  const row = emitter.requireFinite(emitter.select(emitter.binary('less', x, 0), -Infinity, x));
  const isZero = emitter.binary('equal', row, 0);
  const scaled = emitter.binary('mul', row, interval);
  const angle = emitter.binary('mul', emitter.unary(emitter.select(isZero, 1, row), 'log'), interval);
  const parts = [emitter.unary(scaled, 'sqrt')];
  for (let j = 1; j < steps; j++) {
    const factor = emitter.unary(emitter.binary('mul', scaled, 2 / Math.cosh(Math.PI * j * interval)), 'sqrt');
    const turned = emitter.binary('mul', angle, j);
    for (const fn of ['cos', 'sin'] as const) parts.push(emitter.binary('mul', factor, emitter.unary(turned, fn)));
  }
  return emitter.concat(parts);
}

/** For each degree a count sketch of √gamma·x and √coef0; the sketches are multiplied by circular convolution. */
export function polynomialCountSketch(estimator: Estimator, emitter: Emitter, x: RowVector): RowVector {
  const [gamma, coef0] = [estimator.number('gamma', 1), estimator.number('coef0', 0)];
  const inputs = x.width + (coef0 === 0 ? 0 : 1);
  const degree = estimator.number('degree', 2);
  const places = estimator.matrix('indexHash_', degree, inputs);
  const signs = estimator.matrix('bitHash_', degree, inputs);
  const width = estimator.number('n_components', 100);
  if (
    !Number.isInteger(width) ||
    !places.data.every((place) => Number.isInteger(place) && place >= 0 && place < width)
  ) {
    throw estimator.error('MALFORMED', `expected positions below ${width}`, 'indexHash_');
  }
  // The file contains its size only as a number.
  estimator.budget.buildElements(degree * width, estimator.title);
  const row = emitter.binary('mul', emitter.requireFinite(x), Math.sqrt(gamma));
  const sketches = Array.from({ length: degree }, (_, d) => {
    const shift = new Float64Array(width);
    if (coef0 !== 0) shift[places.data[(d + 1) * inputs - 1]] = signs.data[(d + 1) * inputs - 1] * Math.sqrt(coef0);
    return emitter.dense(row, sketchOf(estimator, places, signs, d, [width, x.width]), shift);
  });
  return sketches.reduce((product, sketch) => circular(emitter, product, sketch));
}

function sketchOf(
  estimator: Estimator,
  places: Matrix,
  signs: Matrix,
  degree: number,
  [rows, columns]: readonly [number, number],
): Matrix {
  estimator.budget.buildElements(rows * columns, estimator.title);
  const data = new Float64Array(rows * columns);
  estimator.budget.isNew(data);
  for (let column = 0; column < columns; column++) {
    const at = degree * places.columns + column;
    data[places.data[at] * columns + column] = signs.data[at];
  }
  return { rows, columns, data };
}

/** Σ a[i]·b[(k − i) mod n] for each k. */
function circular(emitter: Emitter, a: RowVector, b: RowVector): RowVector {
  const { width } = a;
  emitter.budget.buildElements(width * width, 'indexHash_');
  const shifted = Array.from({ length: width * width }, (_, at) => {
    const k = Math.floor(at / width);
    return (k - (at % width) + width) % width;
  });
  const turned = emitter.reshape(emitter.gather(b, shifted), [width, width]);
  const products = emitter.emit('binary', [emitter.reshape(a, [1, width]), turned], { fn: 'mul' });
  const operand = emitter.emit('reduce', [products], { fn: 'sum', axes: [1], keepDims: false });
  return { operand, width };
}
