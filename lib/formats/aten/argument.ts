/** The arguments of operators: tensors, Python numbers, text, None, and lists of these. */
import { type Dimension, dimensionAt } from '../tensors/dimensions.ts';
import { type Constant, literal, type Value } from '../tensors/value.ts';

export type Argument = null | string | PyNumber | TensorRef | readonly Argument[];

/** What a translation returns; the machine wraps its values. */
export type Result = Value | PyNumber | readonly Result[];

export type NumberType = 'bool' | 'int64' | 'float64';

/**
 * A Python number. Beside a tensor it affects only the kind of the result: a float turns integers into floats and
 * leaves half precision as it is. It may hold the batch size.
 */
export class PyNumber {
  readonly type: NumberType;
  /** Undefined if the number depends on the batch size. */
  readonly value: number | undefined;
  /** Created on first use: most numbers of a program never become tensors. */
  #constant: Constant | undefined;

  /** A constant has the shape [] and one of the types of numbers. */
  constructor(given: Constant | number, type: NumberType = 'float64') {
    if (typeof given === 'number') {
      this.type = type;
      this.value = given;
    } else {
      this.type = given.type as NumberType;
      this.value = given.batch ? undefined : given.data[0];
      this.#constant = given;
    }
  }

  static of(value: number, type: NumberType): PyNumber {
    return new PyNumber(value, type);
  }

  static int(value: number): PyNumber {
    return SMALL[value - LEAST_SMALL] ?? new PyNumber(value, 'int64');
  }

  /** Whether one object is shared for this integer. */
  static isShared(value: number): boolean {
    return SMALL[value - LEAST_SMALL] !== undefined;
  }

  static float(value: number): PyNumber {
    return new PyNumber(value, 'float64');
  }

  static bool(value: boolean): PyNumber {
    return value ? TRUE : FALSE;
  }

  /** The number as a size, which may be a multiple of the batch. */
  get dimension(): Dimension {
    return this.value === undefined ? dimensionAt(this.constant, 0) : { size: this.value, rows: 0 };
  }

  /** The number as a constant of shape []. */
  get constant(): Constant {
    this.#constant ??= literal(this.type, [this.value ?? Number.NaN]);
    return this.#constant;
  }
}

/** Integers in this range are shared, because programs use them often. */
const LEAST_SMALL = -16;
const SMALL: readonly PyNumber[] = Array.from({ length: 272 }, (_, i) => new PyNumber(i + LEAST_SMALL, 'int64'));
const TRUE = new PyNumber(1, 'bool');
const FALSE = new PyNumber(0, 'bool');

/** Memory that tensors share, and how many times it was written. */
interface Storage {
  writes: number;
}

/**
 * A reference to a tensor, as in Python: an operator that works in place changes it for everyone who holds it. A view
 * shares the memory of its base; after a write through another reference its value is no longer known.
 */
export class TensorRef {
  #value: Value;
  readonly #storage: Storage;
  #writesSeen: number;

  constructor(value: Value, viewOf?: TensorRef) {
    this.#value = value;
    this.#storage = viewOf === undefined ? { writes: 0 } : viewOf.#storage;
    this.#writesSeen = this.#storage.writes;
  }

  /** Undefined after the memory was written through another reference. */
  get value(): Value | undefined {
    return this.#writesSeen === this.#storage.writes ? this.#value : undefined;
  }

  write(value: Value): void {
    this.#value = value;
    this.#writesSeen = ++this.#storage.writes;
  }
}

/** How many items of a list, and how many levels of nested lists, messages show. */
const MOST_SHOWN = 8;
const DEEPEST_SHOWN = 2;

/** An argument in a few words, for messages. */
export function kindOf(argument: Argument): string {
  return kindWithin(argument, 0);
}

function kindWithin(argument: Argument, depth: number): string {
  if (argument === null) return 'None';
  if (typeof argument === 'string') return 'str';
  if (argument instanceof TensorRef) return 'Tensor';
  if (argument instanceof PyNumber) return { bool: 'bool', int64: 'int', float64: 'float' }[argument.type];
  if (depth >= DEEPEST_SHOWN) return '[…]';
  const shown = argument.slice(0, MOST_SHOWN).map((item) => kindWithin(item, depth + 1));
  return `[${shown.join(', ')}${argument.length > MOST_SHOWN ? ', …' : ''}]`;
}
