/** Kernels: the similarity of the row to each of the points that an estimator was fitted on. */
import { PickleDict, type PickleValue, pickleKind } from '../containers/pickle/values.ts';
import { mapped } from '../mapped.ts';
import type { Matrix } from './arrays.ts';
import type { Emitter } from './emitter.ts';
import type { Estimator } from './estimator.ts';
import { distances } from './models/distances.ts';
import type { RowVector } from './outcome.ts';
import { functionName, noSuchOption, plainScalar } from './values.ts';

/** `<x, y>` is the sum of products of a row's elements and a point's. */
const KERNELS = [
  'additive_chi2', // −Σ (x − y)²/(x + y)
  'chi2', // its exponential, after multiplication by gamma
  'cosine', //        <x, y>/(‖x‖·‖y‖)
  'laplacian', //     exp(−gamma·Σ |x − y|)
  'linear', //        <x, y>
  'poly', //          (gamma·<x, y> + coef0)^degree
  'polynomial',
  'precomputed', // the row is the kernel itself
  'rbf', //           exp(−gamma·Σ (x − y)²)
  'sigmoid', //       tanh(gamma·<x, y> + coef0)
] as const;
export type KernelName = (typeof KERNELS)[number];

export interface KernelSettings {
  readonly gamma: number;
  readonly coef0: number;
  readonly degree: number;
}

/** The kernel of the row with each of the points; for `precomputed` the row must have one element for each point. */
export function kernelOf(
  emitter: Emitter,
  x: RowVector,
  points: Matrix,
  name: KernelName,
  settings: KernelSettings,
): RowVector {
  const { gamma, coef0, degree } = settings;
  const inner = () => emitter.affine(emitter.dense(x, points), gamma, coef0);
  switch (name) {
    case 'linear':
      return emitter.dense(x, points);
    case 'rbf':
      return emitter.unary(emitter.affine(distances(emitter, x, points), -gamma, -0), 'exp');
    case 'laplacian':
      return emitter.unary(emitter.affine(distances(emitter, x, points, 'l1'), -gamma, -0), 'exp');
    case 'sigmoid':
      return emitter.unary(inner(), 'tanh');
    case 'poly':
    case 'polynomial':
      return emitter.binary('pow', inner(), degree);
    case 'cosine':
      return emitter.dense(emitter.normalize(x, 'l2'), normalised(points));
    case 'additive_chi2':
      return chiSquares(emitter, x, points);
    case 'chi2':
      return emitter.unary(emitter.affine(chiSquares(emitter, x, points), gamma, -0), 'exp');
    case 'precomputed':
      return x;
  }
}

/** Normalises rows to length 1; rows of zeros stay. */
function normalised({ rows, columns, data }: Matrix): Matrix {
  const norms = Float64Array.from({ length: rows }, (_, row) => {
    let square = 0;
    for (let i = row * columns; i < (row + 1) * columns; i++) square += data[i] * data[i];
    return Math.sqrt(square) || 1;
  });
  return { rows, columns, data: mapped(data, (value, at) => value / norms[Math.floor(at / columns)]) };
}

/** −Σ (x − y)²/(x + y) of non-negative numbers; terms where both are 0 count as 0. */
function chiSquares(emitter: Emitter, x: RowVector, points: Matrix): RowVector {
  const negative = emitter.binary('less', x, 0);
  // A negative number becomes infinite, which is refused.
  const checked = emitter.requireFinite(emitter.select(negative, -Infinity, x));
  const row = emitter.reshape(checked, [1, x.width]);
  const shape = [points.rows, points.columns];
  const tensor = { shape, data: points.data };
  const square = emitter.emit('unary', [emitter.emit('binary', [row, tensor], { fn: 'sub' })], { fn: 'square' });
  const sum = emitter.emit('binary', [row, tensor], { fn: 'add' });
  const one = { shape: [], data: Float64Array.of(1) };
  const divisor = emitter.emit('select', [sum, sum, one], {});
  const parts = emitter.emit('binary', [square, divisor], { fn: 'div' });
  const operand = emitter.emit('reduce', [parts], { fn: 'sum', axes: [1], keepDims: false });
  return emitter.unary({ operand, width: points.rows }, 'neg');
}

/** A kernel's name, if it is supported. A user-defined function is code, and is refused with its name. */
export function kernelName(
  estimator: Estimator,
  attribute: string,
  fallback: KernelName,
  known: readonly KernelName[] = KERNELS,
): KernelName {
  const value = plainScalar(estimator.value(attribute, fallback));
  const name = known.find((each) => each === value);
  if (name !== undefined) return name;
  const found = typeof value === 'string' ? value : (functionName(value) ?? 'a function');
  throw estimator.error('UNSUPPORTED_OP', noSuchOption('the kernel', found, known), attribute);
}

/** scikit-learn's defaults, for this number of features. */
function defaults(name: KernelName, features: number): KernelSettings {
  return { gamma: name === 'chi2' ? 1 : 1 / features, coef0: 1, degree: 3 };
}

/** The settings `gamma`, `coef0` and `degree`, from attributes or else keywords; None means scikit-learn's default. */
export function settingsOf(
  estimator: Estimator,
  name: KernelName,
  features: number,
  keywords: PickleDict | null = null,
  gamma = 'gamma',
): KernelSettings {
  const own = defaults(name, features);
  const setting = (attribute: string, fallback: number) => {
    if (estimator.has(attribute)) return estimator.number(attribute);
    const value = plainScalar(keywords?.get(attribute) ?? null);
    if (value === null) return fallback;
    if (typeof value === 'number') return value;
    throw estimator.error('MALFORMED', `expected a number, found ${pickleKind(value)}`, attribute);
  };
  return {
    gamma: setting(gamma, own.gamma),
    coef0: setting('coef0', own.coef0),
    degree: setting('degree', own.degree),
  };
}

/**
 * The kernel that the attribute `kernel` names; `gamma` is the name of its attribute, `keywords` that of further
 * settings.
 */
export function ownKernel(
  estimator: Estimator,
  emitter: Emitter,
  x: RowVector,
  points: Matrix,
  { gamma = 'gamma', keywords = null }: { readonly gamma?: string; readonly keywords?: PickleValue } = {},
): RowVector {
  const name = kernelName(estimator, 'kernel', 'linear');
  const given = keywords instanceof PickleDict ? keywords : null;
  return kernelOf(emitter, x, points, name, settingsOf(estimator, name, x.width, given, gamma));
}
