/**
 * The attributes of a user-defined object in a pickle, as plain data for the function that computes it: null, booleans,
 * numbers, bigints, strings, arrays, and objects without a prototype, all frozen and copied from the file.
 */
import { ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';
import { isContainer, labelOf, partCount, partsOf } from '../containers/pickle/parts.ts';
import {
  PickleArray,
  PickleDict,
  PickleGlobal,
  PickleList,
  PickleObject,
  PickleSet,
  PickleTuple,
  type PickleValue,
} from '../containers/pickle/values.ts';
import { seriesOf } from './series.ts';
import { momentOf } from './times.ts';

type Attributes = Readonly<Record<string, unknown>>;

/** The memory of an item of an array or an object. */
const ITEM_BYTES = 64;

/** By name. */
export function plainAttributes(object: PickleObject, budget: Budget, place: string): Attributes {
  const plain = new Plain(budget, place).attributes(object, 0);
  return isRecord(plain) ? plain : frozenRecord([['items', plain]]);
}

export function plainValue(value: PickleValue, budget: Budget, place: string): unknown {
  return new Plain(budget, place).of(value, 0);
}

/** An object of values by name, without a prototype: `__proto__` is an ordinary name. */
export function frozenRecord(entries: Iterable<readonly [string, unknown]>): Attributes {
  const record: Record<string, unknown> = Object.create(null);
  for (const [name, value] of entries) record[name] = value;
  return Object.freeze(record);
}

export function isRecord(value: unknown): value is Attributes {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

class Plain {
  /** Values that occur in several places are made once; a value that contains itself is null inside. */
  readonly #made = new Map<PickleValue, unknown>();

  constructor(
    readonly budget: Budget,
    readonly place: string,
  ) {}

  of(value: PickleValue | undefined, depth: number): unknown {
    if (value === undefined || value === null) return null;
    if (typeof value !== 'object') return value;
    if (this.#made.has(value)) return this.#made.get(value);
    if (depth > this.budget.limits.depth) {
      throw new ForwardpassError('LIMIT', 'its attributes are nested deeper than `limits.depth` allows', this.place);
    }
    this.#made.set(value, null);
    const made = this.#make(value, depth);
    this.#made.set(value, made);
    return made;
  }

  #make(value: Exclude<PickleValue, null | string | number | bigint | boolean>, depth: number): unknown {
    if (value instanceof Uint8Array) return this.#list(value, (byte) => byte);
    if (value instanceof PickleArray) return this.#array(value, depth);
    if (value instanceof PickleDict) return this.#entries(value.entries, depth);
    if (value instanceof PickleList || value instanceof PickleTuple || value instanceof PickleSet) {
      return this.#list(value.items, (item) => this.of(item, depth + 1));
    }
    if (value instanceof PickleGlobal) return `${value}`;
    if (!(value instanceof PickleObject)) return null;
    const moment = momentOf(value);
    if (moment !== undefined) return moment;
    const series = seriesOf(value, this.budget);
    if (series?.labels !== undefined)
      return this.#entries(
        series.labels.map((key, i) => [key, series.values[i]]),
        depth,
      );
    if (series !== undefined) return this.#list(series.values, (item) => this.of(item, depth + 1));
    return this.attributes(value, depth + 1);
  }

  attributes(object: PickleObject, depth: number): Attributes | readonly unknown[] {
    const parts = this.#parts(object);
    const isList = parts.length > 0 && parts.every(({ isPosition }) => isPosition) && isContainer(object);
    if (isList) return this.#list(parts, ({ value }) => this.of(value, depth + 1));
    return frozenRecord(parts.map(({ label, value }) => [label, this.of(value, depth + 1)]));
  }

  #parts(object: PickleObject) {
    this.budget.build(ITEM_BYTES * partCount(object), this.place);
    return [...partsOf(object)];
  }

  #entries(entries: readonly (readonly [PickleValue, PickleValue | undefined])[], depth: number): Attributes {
    this.budget.build(ITEM_BYTES * entries.length, this.place);
    return frozenRecord(entries.map(([key, value]) => [labelOf(key), this.of(value, depth + 1)]));
  }

  #list<T>(items: ArrayLike<T>, make: (item: T) => unknown): readonly unknown[] {
    this.budget.build(ITEM_BYTES * items.length, this.place);
    return Object.freeze(Array.from(items, make));
  }

  /** Nested lists like NumPy's `tolist`; without axes, the only element. */
  #array({ shape, dtype, data }: PickleArray, depth: number): unknown {
    const isTruth = dtype.startsWith('b');
    const itemOf = (item: unknown) => (isTruth ? item !== 0 : this.of(item as PickleValue, depth + 1));
    this.budget.build(ITEM_BYTES * data.length * Math.max(1, shape.length), this.place);
    const items: readonly unknown[] = Array.from(data as ArrayLike<unknown>, itemOf);
    return nested(items, shape);
  }
}

/** Elements as frozen nested lists, like NumPy's `tolist`; without axes, the only element. */
export function nested(elements: readonly unknown[], shape: readonly number[]): unknown {
  let items = elements;
  if (shape.length === 0) return items[0] ?? null;
  if (items.length === 0) return Object.freeze(items);
  for (let axis = shape.length - 1; axis > 0; axis--) {
    const size = shape[axis];
    const rows = Array.from({ length: items.length / size }, (_, i) => items.slice(i * size, (i + 1) * size));
    items = rows.map((row) => Object.freeze(row));
  }
  return Object.freeze(items);
}
