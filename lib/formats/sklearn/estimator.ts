/**
 * A fitted estimator in its file. Attributes are read by kind: a missing attribute, or one of another kind or shape, or
 * not finite, is refused with its place, such as `steps[1].coef_`. Nothing is assumed of an attribute that was not read
 * through this class.
 */
import { type ErrorCode, ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';
import { partCount } from '../containers/pickle/parts.ts';
import { PickleObject, type PickleValue, pickleKind } from '../containers/pickle/values.ts';
import { type Matrix, type NumberArray, numbersOf, type Vector } from './arrays.ts';
import type { Label } from './outcome.ts';
import { patchedAttribute } from './patched.ts';
import { isModuleOf, isNone, itemsOf, labelsOf, plainScalar, type Version, versionOf } from './values.ts';

/** Items of a list that are read in about a microsecond. */
const ITEMS_IN_A_STEP = 8;
const OLDEST: Version = [0, 0];
const NEWEST: Version = [Infinity, 0];

function versionIn(object: PickleObject): PickleValue | undefined {
  return object.attribute('_sklearn_version');
}

/** The memory of an estimator that a list contains again. */
const REPEATED_BYTES = 256;

export class Estimator {
  /** `LogisticRegression`. */
  readonly className: string;
  /** `sklearn.linear_model._logistic`. */
  readonly module: string;
  #version: Version | undefined;

  constructor(
    readonly object: PickleObject,
    /** The path from the model's outermost estimator: `steps[1]`; empty for the outermost itself. */
    readonly place: string,
    readonly budget: Budget,
    /** The estimator that contains it. */
    readonly outer?: Estimator,
  ) {
    const { module, name } = object.callable;
    this.className = name;
    this.module = module;
  }

  /** Its name in messages. */
  get title(): string {
    return this.place === '' ? this.className : `${this.place} (${this.className})`;
  }

  /**
   * Whether scikit-learn of this version or later wrote it; files without a version count as older than any. Classes of
   * other packages never have one: they use that of an inner or outer estimator, or else count as the newest.
   */
  since(major: number, minor: number): boolean {
    this.#version ??= this.#findVersion();
    const [ownMajor, ownMinor] = this.#version;
    return ownMajor > major || (ownMajor === major && ownMinor >= minor);
  }

  #findVersion(): Version {
    const own = versionIn(this.object);
    if (own !== undefined) return versionOf(own);
    if (isModuleOf('sklearn', this.module)) return OLDEST;
    const [first] = itemsOf(this.value('estimators_')) ?? [];
    const inside = first instanceof PickleObject ? versionIn(first) : undefined;
    if (inside !== undefined) return versionOf(inside);
    for (let { outer } = this; outer !== undefined; outer = outer.outer) {
      const around = versionIn(outer.object);
      if (around !== undefined) return versionOf(around);
    }
    return NEWEST;
  }

  /** The attribute, under the name that another package's variant of the class uses. */
  #attribute(name: string): PickleValue | undefined {
    const value = this.object.attribute(name);
    return value === undefined ? patchedAttribute(this.object, name) : value;
  }

  placeOf(attribute: string): string {
    return this.place === '' ? attribute : `${this.place}.${attribute}`;
  }

  error(code: ErrorCode, message: string, attribute?: string): ForwardpassError {
    return new ForwardpassError(code, message, attribute === undefined ? this.title : this.placeOf(attribute));
  }

  /** Whether the attribute exists and is not None. */
  has(attribute: string): boolean {
    return !isNone(this.#attribute(attribute));
  }

  /** The attribute as it is in the file, including None; the fallback if it is missing. */
  value(attribute: string, fallback: PickleValue = null): PickleValue {
    const value = this.#attribute(attribute);
    return value === undefined ? fallback : value;
  }

  /** A number, or True as 1 and False as 0. An attribute without a fallback is required. */
  number(attribute: string, fallback?: number): number {
    const value = this.#scalar(attribute, fallback);
    if (typeof value === 'number' || typeof value === 'boolean') return Number(value);
    throw this.#unexpected('a number', attribute);
  }

  boolean(attribute: string, fallback?: boolean): boolean {
    const value = this.#scalar(attribute, fallback);
    if (typeof value === 'boolean' || value === 0 || value === 1) return Boolean(value);
    throw this.#unexpected('True or False', attribute);
  }

  text(attribute: string, fallback?: string): string {
    const value = this.#scalar(attribute, fallback);
    if (typeof value === 'string') return value;
    throw this.#unexpected('a string', attribute);
  }

  /** Finite numbers in any shape: an array, a scalar, a list, or a sparse matrix. */
  numbers(attribute: string): NumberArray {
    const value = this.#required(attribute);
    const array = this.numbersIn(value, attribute);
    // A loop: calling a function for each of millions of numbers would take longer than reading them.
    const { data } = array;
    for (let i = 0; i < data.length; i++) {
      if (Number.isFinite(data[i])) continue;
      throw this.error('MALFORMED', `expected finite numbers, found ${data[i]} at position ${i}`, attribute);
    }
    return array;
  }

  /** Numbers of any value, finite or not, that an attribute is or contains. */
  numbersIn(value: PickleValue, attribute: string): NumberArray {
    return numbersOf(value, this.budget, this.placeOf(attribute));
  }

  /** One axis, of `length` if given. */
  vector(attribute: string, length?: number): Vector {
    const { shape, data } = this.numbers(attribute);
    const isVector = shape.length === 1 && (length === undefined || data.length === length);
    if (!isVector) throw this.#shape(length === undefined ? '[n]' : `[${length}]`, shape, attribute);
    return data;
  }

  /** Two axes, of these sizes if given. */
  matrix(attribute: string, rows?: number, columns?: number): Matrix {
    const { shape, data } = this.numbers(attribute);
    const fits = (size: number, wanted: number | undefined) => wanted === undefined || size === wanted;
    if (shape.length !== 2 || !fits(shape[0], rows) || !fits(shape[1], columns)) {
      throw this.#shape(`[${rows ?? 'n'}, ${columns ?? 'm'}]`, shape, attribute);
    }
    return { rows: shape[0], columns: shape[1], data };
  }

  /** `classes_` and similar: words, numbers, or booleans as 0 and 1; at least one. */
  labels(attribute: string): readonly Label[] {
    const value = this.#required(attribute);
    this.#again(value, attribute);
    const labels = labelsOf(value, this.placeOf(attribute));
    if (labels.length === 0) throw this.error('MALFORMED', 'expected at least one class, found none', attribute);
    return labels;
  }

  /** The items of a list, a tuple or an array of one axis. */
  list(attribute: string): readonly PickleValue[] {
    const value = this.#required(attribute);
    this.#again(value, attribute);
    const items = itemsOf(value);
    if (items !== undefined) return items;
    throw this.#unexpected('a list', attribute);
  }

  /** The strings of a list or an array. */
  texts(attribute: string): readonly string[] {
    return this.list(attribute).map((item, i) => {
      const value = plainScalar(item);
      if (typeof value === 'string') return value;
      throw this.error('MALFORMED', `expected a string, found ${pickleKind(item)}`, `${attribute}[${i}]`);
    });
  }

  estimator(attribute: string): Estimator {
    return this.inside(this.#required(attribute), attribute);
  }

  /** A list of estimators. */
  estimators(attribute: string): readonly Estimator[] {
    const items = this.list(attribute);
    this.budget.build(REPEATED_BYTES * (items.length - new Set(items).size), this.placeOf(attribute));
    return items.map((item, i) => this.inside(item, `${attribute}[${i}]`));
  }

  /** An estimator that an attribute is or contains. */
  inside(value: PickleValue | undefined, attribute: string): Estimator {
    return Estimator.of(value, this.placeOf(attribute), this.budget, this);
  }

  /** @throws {ForwardpassError} MALFORMED if the value is not an object of a class. */
  static of(value: PickleValue | undefined, place: string, budget: Budget, outer?: Estimator): Estimator {
    if (value instanceof PickleObject) return new Estimator(value, place, budget, outer);
    const message = `expected an estimator, found ${pickleKind(value)}; save only the estimator`;
    throw new ForwardpassError('MALFORMED', message, place === '' ? undefined : place);
  }

  /** Charges a list that several estimators share, or that is in one estimator in several places, each time. */
  #again(value: PickleValue, attribute: string): void {
    if (typeof value !== 'object' || value === null) return;
    this.budget.again(value, 1 + partCount(value) / ITEMS_IN_A_STEP, this.placeOf(attribute));
  }

  #required(attribute: string): PickleValue {
    const value = this.#attribute(attribute);
    if (!isNone(value)) return value as PickleValue;
    const found = value === undefined ? 'found nothing' : 'found None';
    const fitted = attribute.endsWith('_') ? '; the estimator may not be fitted' : '';
    throw this.error('MALFORMED', `the ${this.className} needs this attribute; ${found}${fitted}`, attribute);
  }

  #scalar(attribute: string, fallback: number | boolean | string | undefined): PickleValue {
    const value = this.#attribute(attribute);
    if (value === undefined && fallback !== undefined) return fallback;
    return plainScalar(this.#required(attribute));
  }

  #unexpected(expected: string, attribute: string): ForwardpassError {
    const found = pickleKind(this.#attribute(attribute));
    return this.error('MALFORMED', `expected ${expected}, found ${found}`, attribute);
  }

  #shape(expected: string, shape: readonly number[], attribute: string): ForwardpassError {
    return this.error('SHAPE', `expected the shape ${expected}, found [${shape.join(', ')}]`, attribute);
  }
}
