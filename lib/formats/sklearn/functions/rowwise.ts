/** Functions of NumPy, SciPy and scikit-learn along a row. */
import type { NormName, ReduceName } from '../../../graph/graph.ts';
import type { PickleValue } from '../../containers/pickle/values.ts';
import type { Emitter } from '../emitter.ts';
import type { RowVector } from '../outcome.ts';
import { itemsOf, noSuchOption, plainScalar } from '../values.ts';
import type { Arguments } from './arguments.ts';
import type { NamedFunction } from './elementwise.ts';

/** The maximum number of elements in a row of repeated elements. */
const MOST_REPEATED = 2 ** 20;

/** Reduces a row to one number, and keeps the axis. */
function reduced(fn: ReduceName): NamedFunction {
  return (emitter, x, given) => {
    given.alongRow();
    given.checkKept();
    return emitter.reduce(x, fn);
  };
}

/** The standard deviation; its square is the variance. */
function spread(isRoot: boolean): NamedFunction {
  return (emitter, x, given) => {
    given.alongRow();
    given.checkKept();
    const divisor = x.width - given.number('ddof', 0);
    if (!(divisor > 0)) throw given.error(`divides by ${divisor}`);
    const centred = emitter.binary('sub', x, emitter.divided(emitter.reduce(x, 'sum'), x.width));
    const variance = emitter.divided(emitter.reduce(centred, 'sum_square'), divisor);
    return isRoot ? emitter.unary(variance, 'sqrt') : variance;
  };
}

/** Cumulative sums. */
const cumulated: NamedFunction = (emitter, x, given) => {
  given.alongRow();
  emitter.budget.buildElements(x.width * x.width, given.name);
  const data = new Float64Array(x.width * x.width);
  for (let to = 0; to < x.width; to++) data.fill(1, to * x.width, to * x.width + to + 1);
  emitter.budget.isNew(data);
  return emitter.dense(x, { rows: x.width, columns: x.width, data });
};

const differences: NamedFunction = (emitter, x, given) => {
  // The default is the last axis.
  const axis = given.take('axis');
  if (axis !== undefined && axis !== 1 && axis !== -1) throw given.error('is supported only along a row, with axis=1');
  const times = given.integer('n', 1);
  if (times < 0 || times >= x.width) throw given.error(`leaves no elements of a row of ${x.width} with n=${times}`);
  let row = x;
  for (let i = 0; i < times; i++) {
    const [from, to] = [0, 1].map((shift) => Array.from({ length: row.width - 1 }, (_, at) => at + shift));
    row = emitter.binary('sub', emitter.gather(row, to), emitter.gather(row, from));
  }
  return row;
};

/** Moves elements: `positions` returns the source index of each. */
function moved(positions: (width: number, given: Arguments) => readonly number[], isAlong = true): NamedFunction {
  return (emitter, x, given) => {
    if (isAlong) given.alongRow();
    return emitter.gather(x, positions(x.width, given));
  };
}

const backwards = (width: number) => Array.from({ length: width }, (_, at) => width - 1 - at);

const rolled = (width: number, given: Arguments) => {
  const shift = given.integer('shift', 0);
  return Array.from({ length: width }, (_, at) => (((at - shift) % width) + width) % width);
};

function indicesOf(given: Arguments, name: string, width: number): number[] {
  const value = given.take(name);
  const items: readonly PickleValue[] = (value === undefined ? undefined : (itemsOf(value) ?? [value])) ?? [];
  return items.map((item) => {
    const at = plainScalar(item);
    const place = typeof at === 'number' && at < 0 ? at + width : at;
    if (typeof place === 'number' && Number.isInteger(place) && place >= 0 && place < width) return place;
    throw given.error(`expected positions of a row of ${width} as ${name}`);
  });
}

const without = (width: number, given: Arguments) => {
  const gone = new Set(indicesOf(given, 'obj', width));
  return Array.from({ length: width }, (_, at) => at).filter((at) => !gone.has(at));
};

/** The maximum minus the minimum. */
const range: NamedFunction = (emitter, x, given) => {
  given.alongRow();
  given.checkKept();
  return emitter.binary('sub', emitter.reduce(x, 'max'), emitter.reduce(x, 'min'));
};

/** How often to repeat the row, or each of its elements: a positive integer. */
function times(given: Arguments, name: string, width: number): number {
  const value = given.take(name);
  const items = value === undefined ? [] : (itemsOf(value) ?? [value]);
  // Rows of a batch are not repeated.
  const [count, ...before] = items.map(plainScalar).reverse();
  const isPlain =
    typeof count === 'number' && Number.isInteger(count) && count >= 1 && before.every((one) => one === 1);
  if (isPlain && count * width <= MOST_REPEATED) return count;
  throw given.error(`expected a positive integer as ${name}`);
}

const repeated = (width: number, given: Arguments) => {
  const count = times(given, 'repeats', width);
  return Array.from({ length: width * count }, (_, at) => Math.floor(at / count));
};

const tiled = (width: number, given: Arguments) => {
  const count = times(given, 'reps', width);
  return Array.from({ length: width * count }, (_, at) => at % width);
};

const NORMS: readonly NormName[] = ['l1', 'l2', 'max'];

const normalised: NamedFunction = (emitter, x, given) => {
  const name = given.text('norm', 'l2');
  const norm = NORMS.find((known) => known === name);
  if (norm === undefined) throw given.error(noSuchOption('the norm', name, NORMS));
  if (given.integer('axis', 1) !== 1 || given.truth('return_norm', false)) {
    throw given.error('is supported only along a row, with axis=1 and without the norms');
  }
  return emitter.normalize(emitter.requireFinite(x), norm);
};

const binarized: NamedFunction = (emitter, x, given) =>
  emitter.binary('greater', emitter.requireFinite(x), given.number('threshold', 0));

function softmax(fn: 'softmax' | 'log_softmax'): NamedFunction {
  return (emitter: Emitter, x: RowVector, given: Arguments) => {
    given.alongRow();
    return emitter.softmax(x, fn);
  };
}

/** By the last part of the name. */
export const NUMPY_ROWS: Readonly<Record<string, NamedFunction>> = {
  amax: reduced('max'),
  amin: reduced('min'),
  argmax: reduced('arg_max'),
  argmin: reduced('arg_min'),
  cumsum: cumulated,
  delete: moved(without),
  diff: differences,
  flip: moved(backwards),
  fliplr: moved(backwards, false),
  max: reduced('max'),
  mean: (emitter, x, given) => emitter.divided(reduced('sum')(emitter, x, given), x.width),
  min: reduced('min'),
  prod: reduced('prod'),
  ptp: range,
  repeat: moved(repeated),
  roll: moved(rolled),
  std: spread(true),
  sum: reduced('sum'),
  take: moved((width, given) => indicesOf(given, 'indices', width)),
  tile: moved(tiled, false),
  var: spread(false),
};

export const SCIPY_ROWS: Readonly<Record<string, NamedFunction>> = {
  log_softmax: softmax('log_softmax'),
  softmax: softmax('softmax'),
};

/** `sklearn.preprocessing`. */
export const SKLEARN_ROWS: Readonly<Record<string, NamedFunction>> = { binarize: binarized, normalize: normalised };
