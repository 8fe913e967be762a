/**
 * Kernels of Gaussian processes, which are objects of `sklearn.gaussian_process.kernels`: sums and products of other
 * kernels.
 */
import { PickleDict } from '../containers/pickle/values.ts';
import { mapped } from '../mapped.ts';
import type { Matrix, Vector } from './arrays.ts';
import type { Emitter } from './emitter.ts';
import type { Estimator } from './estimator.ts';
import { kernelName, kernelOf, settingsOf } from './kernels.ts';
import { distances } from './models/distances.ts';
import type { RowVector } from './outcome.ts';
import { isModuleOf } from './values.ts';

/** One number for each point, or one for all of them. */
type Similarity = RowVector | number;
interface Kernel {
  with(kernel: Estimator, emitter: Emitter, x: RowVector, points: Matrix): Similarity;
  /** The kernel of the row with itself. */
  itself(kernel: Estimator, emitter: Emitter, x: RowVector): Similarity;
}

/** The kernel of the row with each of the points. */
export function processKernel(kernel: Estimator, emitter: Emitter, x: RowVector, points: Matrix): RowVector {
  return asRow(emitter, similarity(kernel, emitter, x, points), points.rows);
}

/** The kernel of the row with itself, as one element. */
export function processVariance(kernel: Estimator, emitter: Emitter, x: RowVector): RowVector {
  return asRow(emitter, variance(kernel, emitter, x), 1);
}

function asRow(emitter: Emitter, found: Similarity, width: number): RowVector {
  if (typeof found !== 'number') return found;
  const one = { shape: [1], data: Float64Array.of(found) };
  return { operand: emitter.emit('expand', [one], { shape: [width] }), width };
}

function similarity(kernel: Estimator, emitter: Emitter, x: RowVector, points: Matrix): Similarity {
  return emitter.within(kernel, () => knownKernel(kernel).with(kernel, emitter, x, points));
}

function variance(kernel: Estimator, emitter: Emitter, x: RowVector): Similarity {
  return emitter.within(kernel, () => knownKernel(kernel).itself(kernel, emitter, x));
}

function knownKernel(kernel: Estimator): Kernel {
  const { className, module } = kernel;
  if (isModuleOf('sklearn.gaussian_process.kernels', module) && Object.hasOwn(KERNELS, className)) {
    return KERNELS[className];
  }
  const known = Object.keys(KERNELS).join(', ');
  throw kernel.error(
    'UNSUPPORTED_OP',
    `the kernel ${module}.${className} is not supported; expected one of scikit-learn's: ${known}`,
  );
}

/** One number, whatever the rows. */
const constant: Kernel = {
  with: (kernel) => kernel.number('constant_value', 1),
  itself: (kernel) => kernel.number('constant_value', 1),
};

/** Noise is independent between rows. */
const white: Kernel = { with: () => 0, itself: (kernel) => kernel.number('noise_level', 1) };

/** A kernel of the distance: 1 for the row with itself. */
function byDistance(similarity: Kernel['with']): Kernel {
  return { with: similarity, itself: () => 1 };
}

/** Σ ((x − y)/length)² for each point. */
function squares(kernel: Estimator, emitter: Emitter, x: RowVector, points: Matrix): RowVector {
  const lengths = kernel.numbers('length_scale').data;
  if (lengths.length !== 1 && lengths.length !== x.width) {
    throw kernel.error('SHAPE', `expected a length for each of ${x.width} features, found ${lengths.length}`);
  }
  const { columns } = points;
  const each = lengths.length === 1 ? () => lengths[0] : (at: number) => lengths[at % columns];
  const scaled = { ...points, data: mapped(points.data, (value, at) => value / each(at)) };
  return distances(emitter, emitter.binary('div', x, lengths), scaled);
}

const radial: Kernel['with'] = (kernel, emitter, x, points) =>
  emitter.unary(emitter.affine(squares(kernel, emitter, x, points), -0.5, -0), 'exp');

/**
 * For smoothness nu = p + ½: e^(−t)·p!/(2p)!·Σ (p + i)!/(i!·(p − i)!)·(2t)^(p − i) with t = √(2·nu)·d; for infinite
 * smoothness, the RBF kernel. Other values need Bessel functions.
 */
const matern: Kernel['with'] = (kernel, emitter, x, points) => {
  const smoothness = kernel.number('nu', 1.5);
  if (smoothness === Infinity) return radial(kernel, emitter, x, points);
  const order = smoothness - 0.5;
  if (!Number.isInteger(order) || order < 0 || order > HIGHEST_ORDER) {
    const known = `0.5, 1.5 and so on up to ${HIGHEST_ORDER + 0.5}, and infinity`;
    throw kernel.error(
      'UNSUPPORTED_OP',
      `the smoothness nu = ${smoothness} is not supported; expected one of ${known}`,
      'nu',
    );
  }
  const far = emitter.unary(squares(kernel, emitter, x, points), 'sqrt');
  const t = emitter.affine(far, Math.sqrt(2 * smoothness), -0);
  const decay = emitter.unary(emitter.unary(t, 'neg'), 'exp');
  if (order === 0) return decay;
  const [last, ...others] = polynomial(order);
  const start = emitter.affine(t, last, others[0]);
  const curve = others
    .slice(1)
    .reduce((sum, term) => emitter.binary('add', emitter.binary('mul', sum, t), term), start);
  return emitter.binary('mul', curve, decay);
};

const HIGHEST_ORDER = 8;

function factorial(n: number): number {
  let product = 1;
  for (let i = 2; i <= n; i++) product *= i;
  return product;
}

/** The terms of the Matérn polynomial, the highest power first; the last is 1. */
function polynomial(order: number): readonly number[] {
  return Array.from({ length: order + 1 }, (_, i) => {
    const weight = factorial(order + i) / (factorial(i) * factorial(order - i));
    return (weight * factorial(order) * 2 ** (order - i)) / factorial(2 * order);
  });
}

/** (1 + d²/(2·alpha·length²))^(−alpha) */
const rationalQuadratic: Kernel['with'] = (kernel, emitter, x, points) => {
  const [alpha, length] = [kernel.number('alpha', 1), kernel.number('length_scale', 1)];
  const far = distances(emitter, x, points);
  return emitter.binary('pow', emitter.affine(far, 1 / (2 * alpha * length ** 2), 1), -alpha);
};

/** exp(−2·(sin(π·d/periodicity)/length)²) */
const periodic: Kernel['with'] = (kernel, emitter, x, points) => {
  const [length, periodicity] = [kernel.number('length_scale', 1), kernel.number('periodicity', 1)];
  const far = emitter.unary(distances(emitter, x, points), 'sqrt');
  const wave = emitter.unary(emitter.binary('mul', far, Math.PI / periodicity), 'sin');
  const square = emitter.unary(emitter.binary('div', wave, length), 'square');
  return emitter.unary(emitter.binary('mul', square, -2), 'exp');
};

/** <x, y> + sigma_0² */
const dotProduct: Kernel = {
  with(kernel, emitter, x, points) {
    const shift: Vector = new Float64Array(points.rows).fill(kernel.number('sigma_0', 1) ** 2);
    return emitter.dense(x, points, shift);
  },
  itself: (kernel, emitter, x) => emitter.affine(emitter.reduce(x, 'sum_square'), 1, kernel.number('sigma_0', 1) ** 2),
};

const pairwise: Kernel = {
  with(kernel, emitter, x, points) {
    const name = kernelName(kernel, 'metric', 'linear');
    const given = kernel.value('pairwise_kernels_kwargs');
    const settings = settingsOf(kernel, name, x.width, given instanceof PickleDict ? given : null);
    return kernelOf(emitter, x, points, name, settings);
  },
  itself(kernel) {
    throw kernel.error('UNSUPPORTED_OP', 'the variance of a pairwise kernel is not supported');
  },
};

function combined(fn: 'add' | 'mul'): Kernel {
  const both = (emitter: Emitter, a: Similarity, b: Similarity): Similarity => {
    if (typeof a === 'number' && typeof b === 'number') return fn === 'add' ? a + b : a * b;
    // Noise adds nothing for another row.
    if (fn === 'add' && (a === 0 || b === 0)) return a === 0 ? b : a;
    return emitter.binary(fn, a, b);
  };
  const parts = (kernel: Estimator) => [kernel.estimator('k1'), kernel.estimator('k2')];
  return {
    with(kernel, emitter, x, points) {
      const [a, b] = parts(kernel).map((part) => similarity(part, emitter, x, points));
      return both(emitter, a, b);
    },
    itself(kernel, emitter, x) {
      const [a, b] = parts(kernel).map((part) => variance(part, emitter, x));
      return both(emitter, a, b);
    },
  };
}

function raised(kernel: Estimator, emitter: Emitter, inner: Similarity): Similarity {
  const exponent = kernel.number('exponent');
  return typeof inner === 'number' ? inner ** exponent : emitter.binary('pow', inner, exponent);
}

const exponentiation: Kernel = {
  with: (kernel, emitter, x, points) =>
    raised(kernel, emitter, similarity(kernel.estimator('kernel'), emitter, x, points)),
  itself: (kernel, emitter, x) => raised(kernel, emitter, variance(kernel.estimator('kernel'), emitter, x)),
};

const KERNELS: Readonly<Record<string, Kernel>> = {
  ConstantKernel: constant,
  DotProduct: dotProduct,
  ExpSineSquared: byDistance(periodic),
  Exponentiation: exponentiation,
  Matern: byDistance(matern),
  PairwiseKernel: pairwise,
  Product: combined('mul'),
  RBF: byDistance(radial),
  RationalQuadratic: byDistance(rationalQuadratic),
  Sum: combined('add'),
  WhiteKernel: white,
};
