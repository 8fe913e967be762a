/** Records: rows that name their features or inputs. */
import type { FloatArray } from '../buffers.ts';
import { ForwardpassError } from '../errors.ts';
import { describe, listNames, looksLike, nearestTo, quote, type Spelling, spellingOf } from '../messages.ts';
import { type Column, isRow, type QuickElement } from './column.ts';
import type { Features } from './features.ts';
import { orientationHint } from './orientation.ts';

/** A part of a record: one feature, or all of an input. */
interface Field {
  readonly name: string;
  readonly column: Column;
  readonly input: number;
  /** Its first element in the input's row. */
  readonly first: number;
  readonly width: number;
  /**
   * Whether its value is not in an array; otherwise it is an array of `width`, or for one element also the element
   * itself.
   */
  readonly isScalar: boolean;
  /** Whether it is unused. */
  readonly isUnused: boolean;
  /** Whether a record may lack it. */
  readonly isOptional: boolean;
  /** Whether inputs are made from it, which is done elsewhere. */
  readonly isText?: boolean;
  readonly spelling: Spelling;
}

/** The encoding of the usual values of a field. */
interface QuickField extends QuickElement {
  readonly name: string;
  readonly input: number;
  /** The number of elements of a row of the input. */
  readonly stride: number;
  readonly first: number;
}

/** The most unknown names that are cached with their lookalikes, and that a hint checks. */
const MOST_STRANGERS = 1000;

/** How far a prototype chain is followed. */
const MOST_CLASSES = 16;

export class RecordReader {
  readonly #fields: ReadonlyMap<string, Field>;
  /** All fields. One feature may be used by inputs of numbers and of terms. */
  readonly #all: readonly Field[];
  /** Whether the only field is the model's only input, of any width. */
  readonly #isNameless: boolean;
  /**
   * The fields for `#readQuickly`; undefined if some are not a single number, or have the name of an inherited property
   * of objects.
   */
  readonly #quick: readonly QuickField[] | undefined;
  /** The names of fields that an unknown name may mean. */
  readonly #lookalikes = new Map<string, readonly string[]>();

  /** The fields are the features, named across all inputs, or the inputs if the model has no feature names. */
  constructor(columns: readonly Column[], featureNames: readonly string[] | undefined, features: Features) {
    this.#isNameless = columns.length === 1 && featureNames === undefined && !features.isMapped;
    let feature = 0;
    const fields = columns.flatMap((column, input): Field[] => {
      if (features.isMapped) return mappedFields(column, input, featureNames, features);
      const { name, width, shape } = column.port;
      if (featureNames === undefined)
        return [fieldOf({ name, column, input, first: 0, width, isScalar: shape.length === 0 })];
      feature += width;
      const own = featureNames.slice(feature - width, feature);
      return own.map((name, first) => fieldOf({ name, column, input, first, width: 1, isScalar: true }));
    });
    this.#all = fields;
    this.#fields = new Map(fields.map((field) => [field.name, field]));
    const isQuick = ({ name, isScalar, isText }: Field) => isScalar && !isText && !(name in Object.prototype);
    this.#quick = fields.every(isQuick) ? fields.map(quickField) : undefined;
  }

  /** The names of all fields, including optional ones. */
  get names(): readonly string[] {
    return [...this.#fields.keys()];
  }

  /** Writes a record into row `r` of the inputs' arrays; `place` returns its place for messages. */
  read(record: object, r: number, arrays: readonly FloatArray[], place: () => string): void {
    if (!this.#readQuickly(record, r, arrays)) this.#readCarefully(record, r, arrays, place());
  }

  /**
   * Reads a plain object whose values all have the usual types: numbers, known strings, and null where the model has a
   * number for it. Returns false at the first value of another kind; the values written so far will be overwritten.
   */
  #readQuickly(record: object, r: number, arrays: readonly FloatArray[]): boolean {
    const fields = this.#quick;
    if (fields === undefined || !isPlain(record)) return false;
    const values = record as Readonly<Record<string, unknown>>;
    for (let i = 0; i < fields.length; i++) {
      const { name, input, stride, first, takesNumbers, categories: words, unknown, nothing, unused } = fields[i];
      const value = values[name];
      let number: number | undefined;
      if (typeof value === 'number') number = takesNumbers ? value : unused;
      else if (typeof value === 'string') number = words?.get(value) ?? unknown;
      else if (value === null) number = nothing;
      else if (typeof value === 'boolean' && takesNumbers) number = Number(value);
      else if (typeof value !== 'object') number = unused;
      if (number === undefined) return false;
      arrays[input][r * stride + first] = number;
    }
    return true;
  }

  #readCarefully(record: object, r: number, arrays: readonly FloatArray[], place: string): void {
    const absent: Field[] = [];
    for (const field of this.#all) {
      const { column, input, first, width } = field;
      const isThere = has(record, field.name);
      if (!isThere && this.#fields.get(field.name) === field) absent.push(field);
      if (field.isText) continue;
      const value = isThere ? (record as Record<string, unknown>)[field.name] : undefined;
      const at = r * column.port.width + first;
      if (isThere && (width > 1 || (isRow(value) && !field.isScalar))) {
        const list = listOf(value, width, `${place}.${field.name}`);
        for (let i = 0; i < width; i++) {
          arrays[input][at + i] = column.numberOf(list[i], first + i, () => `${place}.${field.name}[${i}]`);
        }
      } else if (isThere) {
        if (typeof value === 'object' && value !== null && !isUnusedDate(field, value))
          throw noScalar(record, field, value, place);
        arrays[input][at] = column.numberOf(value, first, () => `${place}.${field.name}`);
      } else if (field.isOptional) {
        for (let i = 0; i < width; i++)
          arrays[input][at + i] = column.numberOf(undefined, first + i, () => `${place}.${field.name}`);
      }
    }
    if (absent.length > 0) this.#checkAbsent(record, absent, place);
  }

  /** Throws unless records with these names have everything that the model needs. */
  checkNames(names: readonly string[], place: string): void {
    const record = Object.fromEntries(names.map((name) => [name, null]));
    const absent = [...this.#fields.values()].filter(({ name }) => !Object.hasOwn(record, name));
    if (absent.length > 0) this.#checkAbsent(record, absent, place);
  }

  /** The value and the place of an element in a record. */
  cell(record: object, place: string, input: number, element: number): { value: unknown; place: string } {
    const isHere = (field: Field) =>
      field.input === input && element >= field.first && element < field.first + field.width;
    const { name, first, isScalar } = this.#all.find(isHere) as Field;
    const value = has(record, name) ? (record as Record<string, unknown>)[name] : undefined;
    return isRow(value) && !isScalar
      ? { value: value[element - first], place: `${place}.${name}[${element - first}]` }
      : { value, place: `${place}.${name}` };
  }

  /** Throws unless the absent fields are optional, and none of them appears under a similar name. */
  #checkAbsent(record: object, absent: readonly Field[], place: string): void {
    const required = absent.filter(({ isOptional }) => !isOptional);
    if (required.length > 0) throw this.#lacks(record, required, place);
    const missing = new Set(absent.flatMap(({ name, isUnused }) => (isUnused ? [] : [name])));
    if (missing.size === 0) return;
    for (const stranger of this.#strangers(record)) {
      const meant = this.#lookalikesOf(stranger).find((name) => missing.has(name));
      if (meant !== undefined) {
        const message = `has ${quote(stranger)}, which is not a feature of the model; did you mean ${quote(meant)}?`;
        throw new ForwardpassError('INPUT', message, place);
      }
    }
    const used = [...this.#fields.values()].filter(({ isUnused }) => !isUnused);
    if (missing.size === used.length) {
      const message = `has none of the model's features; expected ${listNames(used.map(({ name }) => name))}`;
      throw new ForwardpassError('INPUT', orientationHint(record) ?? message, place);
    }
  }

  #lacks(record: object, required: readonly Field[], place: string): ForwardpassError {
    const hint = orientationHint(record);
    if (hint !== undefined) return new ForwardpassError('INPUT', hint, place);
    const names = required.map(({ name }) => name);
    const lacks = `lacks ${listNames(names)}`;
    for (const stranger of this.#strangers(record).slice(0, MOST_STRANGERS)) {
      const spelling = spellingOf(stranger);
      const alike = required.find((field) => looksLike(spelling, field.spelling));
      // Any other name of one letter is near to a name of one letter, such as scikit-learn's X.
      const meant = alike?.name ?? (stranger.length > 1 ? nearestTo(stranger, names) : undefined);
      if (meant === undefined) continue;
      const message = `${lacks}, and has ${quote(stranger)}; did you mean ${quote(meant)}?`;
      return new ForwardpassError('INPUT', message, place);
    }
    if (this.#isNameless) {
      const [{ column }] = this.#fields.values();
      const row = `pass arrays of ${column.port.width} values, or records with ${quote(column.port.name)}`;
      return new ForwardpassError('INPUT', `${lacks}; the model has no feature names: ${row}`, place);
    }
    const needed = [...this.#fields.values()].filter(({ isOptional }) => !isOptional);
    return new ForwardpassError('INPUT', `${lacks}; expected ${listNames(needed.map(({ name }) => name))}`, place);
  }

  #strangers(record: object): string[] {
    return Object.keys(record).filter((name) => !this.#fields.has(name));
  }

  #lookalikesOf(stranger: string): readonly string[] {
    let alike = this.#lookalikes.get(stranger);
    if (alike === undefined) {
      const spelling = spellingOf(stranger);
      alike = [...this.#fields.values()].filter((field) => looksLike(spelling, field.spelling)).map(({ name }) => name);
      if (this.#lookalikes.size >= MOST_STRANGERS) this.#lookalikes.clear();
      this.#lookalikes.set(stranger, alike);
    }
    return alike;
  }
}

/** The fields of inputs that declare their features: the features by their names, or a whole input by its own name. */
function mappedFields(
  column: Column,
  input: number,
  featureNames: readonly string[] | undefined,
  rows: Features,
): Field[] {
  const { name, width, features = [], terms, shape } = column.port;
  if (terms !== undefined) {
    const own = features.map((feature) => featureNames?.[feature] ?? rows.nameOf(feature));
    return own.map((each) => ({
      ...{ name: each, column, input, first: 0, width: 1, isScalar: true, isUnused: false, isOptional: false },
      ...{ isText: true, spelling: spellingOf(each) },
    }));
  }
  if (featureNames === undefined)
    return [fieldOf({ name, column, input, first: 0, width, isScalar: shape.length === 0 })];
  return features.map((feature, first) =>
    fieldOf({ name: featureNames[feature], column, input, first, width: 1, isScalar: true }),
  );
}

function fieldOf(field: Omit<Field, 'isUnused' | 'isOptional' | 'spelling'>): Field {
  const { column, first, width } = field;
  const elements = Array.from({ length: width }, (_, i) => first + i);
  return {
    ...field,
    isUnused: elements.every((element) => column.isUnused(element)),
    isOptional: elements.every((element) => column.isOptional(element)),
    spelling: spellingOf(field.name),
  };
}

function quickField({ name, column, input, first }: Field): QuickField {
  return { name, input, stride: column.port.width, first, ...column.quick(first) };
}

/** Whether numbers, strings and null in an object can only be its own properties, not inherited ones. */
function isPlain(record: object): boolean {
  const prototype = Object.getPrototypeOf(record);
  if (prototype !== Object.prototype && prototype !== null) return false;
  for (const _ in Object.prototype) return false;
  return true;
}

/**
 * Whether the record has the property itself, or a getter in its class. Inherited values, such as `constructor`, do not
 * count.
 */
export function has(record: object, name: string): boolean {
  if (Object.hasOwn(record, name)) return true;
  let holder: object | null = Object.getPrototypeOf(record);
  for (let i = 0; i < MOST_CLASSES && holder !== null && holder !== Object.prototype; i++) {
    const property = Object.getOwnPropertyDescriptor(holder, name);
    if (property !== undefined) return property.get !== undefined;
    holder = Object.getPrototypeOf(holder);
  }
  return false;
}

function listOf(value: unknown, width: number, place: string): ArrayLike<unknown> {
  if (!isRow(value))
    throw new ForwardpassError('INPUT', `expected an array of ${width}, found ${describe(value)}`, place);
  if (value.length === width) return value;
  throw new ForwardpassError('INPUT', `expected an array of ${width}, found one of ${value.length}`, place);
}

/** Whether it is a Date in an unused field, which a step of the caller may use. */
function isUnusedDate({ isUnused }: Field, value: object): boolean {
  return isUnused && value instanceof Date;
}

function noScalar(record: object, { name, column, first }: Field, value: object, place: string): ForwardpassError {
  const hint = orientationHint(record);
  if (hint !== undefined) return new ForwardpassError('INPUT', hint, place);
  const many = isRow(value)
    ? '; a record has one value for each feature; pass several rows as an array of records'
    : '';
  const message = `expected ${column.kindOf(first)}, found ${describe(value)}${many}`;
  return new ForwardpassError('INPUT', message, `${place}.${name}`);
}
