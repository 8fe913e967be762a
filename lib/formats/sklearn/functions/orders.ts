/** Functions of NumPy that sort a row's elements, and its norms. */
import type { Emitter } from '../emitter.ts';
import type { RowVector } from '../outcome.ts';
import { noSuchOption } from '../values.ts';
import type { Arguments } from './arguments.ts';
import type { NamedFunction } from './elementwise.ts';

const KINDS = ['quicksort', 'heapsort', 'mergesort', 'stable'] as const;

/** Whether equal elements keep their order. */
function isStable(given: Arguments): boolean {
  const kind = given.text('kind', 'quicksort');
  if (!KINDS.some((known) => known === kind)) throw given.error(noSuchOption('the kind', kind, KINDS));
  return given.truth('stable', false) || kind === 'stable' || kind === 'mergesort';
}

const sorted: NamedFunction = (emitter, x, given) => {
  given.alongRow(-1);
  isStable(given);
  return emitter.sorted(x, 'values');
};

const places: NamedFunction = (emitter, x, given) => {
  given.alongRow(-1);
  if (isStable(given)) return emitter.sorted(x, 'places');
  throw given.error("does not define the order of equal elements; give it kind='stable'");
};

/** NaN if the row contains NaN, which sorts last. */
function orMissing(emitter: Emitter, order: RowVector, value: RowVector): RowVector {
  const last = emitter.gather(order, [order.width - 1]);
  return emitter.select(emitter.unary(last, 'is_nan'), last, value);
}

const median: NamedFunction = (emitter, x, given) => {
  given.alongRow();
  given.checkKept();
  given.take('overwrite_input');
  const order = emitter.sorted(x, 'values');
  const middle = Math.floor(x.width / 2);
  const upper = emitter.gather(order, [middle]);
  if (x.width % 2 === 1) return orMissing(emitter, order, upper);
  const sum = emitter.binary('add', emitter.gather(order, [middle - 1]), upper);
  return orMissing(emitter, order, emitter.divided(sum, 2));
};

const METHODS = ['linear', 'lower', 'higher', 'midpoint', 'nearest'] as const;

/** The quantile at a share of at most `whole`. */
function quantile(whole: number): NamedFunction {
  return (emitter, x, given) => {
    given.alongRow();
    given.checkKept();
    given.take('overwrite_input');
    const share = given.number('q', Number.NaN) / whole;
    if (!(share >= 0 && share <= 1)) throw given.error(`expected one number from 0 to ${whole} as q`);
    const older = given.text('interpolation', 'linear');
    const named = given.text('method', older);
    const method = METHODS.find((known) => known === named);
    if (method === undefined) throw given.error(noSuchOption('the method', named, METHODS));
    const order = emitter.sorted(x, 'values');
    const at = (x.width - 1) * share;
    const [below, above] = [Math.floor(at), Math.ceil(at)];
    const pick = (place: number) => orMissing(emitter, order, emitter.gather(order, [place]));
    if (method === 'lower') return pick(below);
    if (method === 'higher') return pick(above);
    if (method === 'nearest') return pick(toEven(at));
    const part = method === 'midpoint' && below < above ? 0.5 : at - below;
    if (below === above) return pick(below);
    const [a, b] = [emitter.gather(order, [below]), emitter.gather(order, [above])];
    const between = emitter.binary('sub', b, a);
    // Interpolates from the nearer of both, like NumPy.
    const value =
      part < 0.5
        ? emitter.binary('add', a, emitter.binary('mul', between, part))
        : emitter.binary('sub', b, emitter.binary('mul', between, 1 - part));
    return orMissing(emitter, order, value);
  };
}

/** To the nearest integer, ties to even. */
function toEven(value: number): number {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

const norm: NamedFunction = (emitter, x, given) => {
  given.alongRow();
  given.checkKept();
  const order = given.take('ord') ?? 2;
  const sizes = emitter.unary(x, 'abs');
  if (order === 1) return emitter.reduce(sizes, 'sum');
  if (order === 2) return emitter.unary(emitter.reduce(x, 'sum_square'), 'sqrt');
  if (order === Infinity) return emitter.reduce(sizes, 'max');
  if (order === -Infinity) return emitter.reduce(sizes, 'min');
  throw given.error('is supported only with ord 1, 2, inf and -inf');
};

/** By the last part of the name. */
export const NUMPY_ORDERS: Readonly<Record<string, NamedFunction>> = {
  argsort: places,
  median,
  percentile: quantile(100),
  quantile: quantile(1),
  sort: sorted,
};

/** `numpy.linalg`. */
export const NUMPY_NORMS: Readonly<Record<string, NamedFunction>> = { norm };
