/** ColumnTransformer: parallel steps, each on some of the columns. */

import { quote } from '../../../messages.ts';
import { PickleArray, PickleDict, PickleObject, type PickleValue, pickleKind } from '../../containers/pickle/values.ts';
import type { Emitter } from '../emitter.ts';
import type { Estimator } from '../estimator.ts';
import type { RowVector } from '../outcome.ts';
import { keptWidth } from '../own/expected.ts';
import { columnIndex, isNone, itemsOf, plainScalar } from '../values.ts';
import { joined, partOf } from './pipeline.ts';

export function columnTransformer(estimator: Estimator, emitter: Emitter, x: RowVector): RowVector {
  const width = estimator.number('n_features_in_', x.width);
  if (width !== x.width) throw estimator.error('SHAPE', `expects ${width} columns, found ${x.width}`);
  const resolver = new Columns(estimator, x);
  // If it was fitted on a data frame, its parts refer to columns by name.
  const names = estimator.value('feature_names_in_');
  const frame = isNone(names) ? undefined : itemsOf(names)?.map(plainScalar);
  const row = frame?.length === x.width && frame.every((name) => typeof name === 'string') ? { ...x, frame } : x;
  const parts = estimator.list('transformers_').map((entry, i) => {
    const place = `transformers_[${i}]`;
    const [name, value, columns] = itemsOf(entry) ?? [];
    if (isNone(value) || value === 'drop') return { name, rows: [] };
    const positions = resolver.positionsOf(name, columns, `${place}[2]`);
    if (positions.length === 0) return { name, rows: [] };
    const part = { name, value, place };
    const expected = () => keptWidth(estimator, name);
    const given = emitter.gather(row, positions);
    return { name, rows: emitter.expecting(expected, () => partOf(estimator, emitter, given, part)) };
  });
  return joined(estimator, emitter, parts);
}

/** Resolves columns to positions, in whichever way they are given. */
class Columns {
  readonly #known: PickleDict | undefined;
  /** The position of each column name; of the first one if several columns share a name. */
  readonly #positions: ReadonlyMap<string, number>;

  constructor(
    readonly estimator: Estimator,
    readonly x: RowVector,
  ) {
    // The positions that scikit-learn resolved itself, since 1.0.
    const indices = estimator.value('_transformer_to_input_indices');
    this.#known = indices instanceof PickleDict ? indices : undefined;
    const attribute = ['feature_names_in_', '_feature_names_in', '_df_columns'].find((name) => estimator.has(name));
    const names =
      attribute === undefined ? undefined : itemsOf(columnIndex(estimator.value(attribute), estimator.budget));
    const known = names?.every((name) => typeof name === 'string') ? names : (x.names ?? []);
    this.#positions = new Map(known.map((name, i) => [name, i] as const).reverse());
  }

  positionsOf(name: PickleValue | undefined, columns: PickleValue | undefined, place: string): readonly number[] {
    const known = typeof name === 'string' ? this.#known?.get(name) : undefined;
    const positions = known === undefined ? this.#resolve(columns, place) : (itemsOf(known) ?? []).map(plainScalar);
    return positions.map((position) => this.#checked(position, place));
  }

  #checked(position: PickleValue, place: string): number {
    const { width } = this.x;
    const at = typeof position === 'number' && position < 0 ? position + width : position;
    if (typeof at === 'number' && Number.isInteger(at) && at >= 0 && at < width) return at;
    throw this.#error(`expected columns of a row of ${width}, found ${pickleKind(position)}`, place);
  }

  #resolve(columns: PickleValue | undefined, place: string): readonly PickleValue[] {
    const single = isNone(columns) ? columns : plainScalar(columns as PickleValue);
    if (typeof single === 'string') return [this.#named(single, place)];
    if (typeof single === 'number') return [single];
    if (columns instanceof PickleObject && columns.callable.name === 'slice') return this.#slice(columns.args, place);
    const items = isNone(columns) ? undefined : itemsOf(listIn(columns as PickleValue));
    if (items === undefined) throw this.#error(`expected columns, found ${pickleKind(columns)}`, place);
    const isMask = isBooleans(columns as PickleValue) || items.every((item) => typeof item === 'boolean');
    if (isMask && items.length === this.x.width) return items.flatMap((item, i) => (item ? [i] : []));
    return items.map((item) => {
      const plain = plainScalar(item);
      return typeof plain === 'string' ? this.#named(plain, place) : plain;
    });
  }

  /** By position, the end is exclusive; by name, it is inclusive. */
  #slice([start, stop, step]: readonly PickleValue[], place: string): readonly number[] {
    const { width } = this.x;
    const stride = isNone(step) ? 1 : step;
    if (stride !== 1) throw this.#error('slices with a step are not supported', place);
    const first = typeof start === 'string' ? this.#named(start, place) : (start ?? 0);
    const last = typeof stop === 'string' ? this.#named(stop, place) + 1 : (stop ?? width);
    if (typeof first !== 'number' || typeof last !== 'number')
      throw this.#error('expected a slice of numbers or names', place);
    const [from, to] = [first, last].map((end) => bounded(end, width));
    return Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
  }

  #named(name: string, place: string): number {
    const position = this.#positions.get(name);
    if (position !== undefined) return position;
    throw this.#error(`names the column ${quote(name)}, which was not found in the file`, place);
  }

  #error(message: string, place: string) {
    return this.estimator.error('MALFORMED', message, place);
  }
}

/** An end of a slice as in Python: negative values count from the row's end; clamped to the row. */
function bounded(end: number, width: number): number {
  const whole = Math.trunc(end);
  return Math.min(width, Math.max(0, whole < 0 ? whole + width : whole));
}

function isBooleans(value: PickleValue): boolean {
  return value instanceof PickleArray && value.dtype.startsWith('b');
}

/** The list inside a list subclass in which scikit-learn 1.5 and 1.6 store the columns of the remainder. */
function listIn(value: PickleValue): PickleValue {
  return value instanceof PickleObject ? (value.attribute('data') ?? value) : value;
}
