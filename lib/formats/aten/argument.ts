/** What operators are called with: tensors, numbers of Python, text, nothing, and lists of these. */
import { type Dimension, dimensionAt } from '../tensors/dimensions.ts';
import { type Constant, literal, type Value } from '../tensors/value.ts';

export type Argument = null | string | PyNumber | TensorRef | readonly Argument[];

/** What a translation gives: the machine wraps its values. */
export type Result = Value | PyNumber | readonly Result[];

export type NumberType = 'bool' | 'int64' | 'float64';

/**
 * A number of Python. Beside a tensor it decides nothing but the kind of the result: a float makes floats of integers
 * and leaves half precision what it is. It may hold the batch size.
 */
export class PyNumber {
  readonly type: NumberType;
  /** Undefined where the number depends on the batch size. */
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

  /** Whether an integer is made once for all. */
  static isShared(value: number): boolean {
    return SMALL[value - LEAST_SMALL] !== undefined;
  }

  static float(value: number): PyNumber {
    return new PyNumber(value, 'float64');
  }

  static bool(value: boolean): PyNumber {
    return value ? TRUE : FALSE;
  }

  /** As a size, which may be a multiple of the batch. */
  get dimension(): Dimension {
    return this.value === undefined ? dimensionAt(this.constant, 0) : { size: this.value, rows: 0 };
  }

  /** Of shape []. */
  get constant(): Constant {
    this.#constant ??= literal(this.type, [this.value ?? Number.NaN]);
    return this.#constant;
  }
}

/** Integers that programs are full of are made once. */
const LEAST_SMALL = -16;
const SMALL: readonly PyNumber[] = Array.from({ length: 272 }, (_, i) => new PyNumber(i + LEAST_SMALL, 'int64'));
const TRUE = new PyNumber(1, 'bool');
const FALSE = new PyNumber(0, 'bool');

/** Memory that tensors share, and how often it was written. */
interface Storage {
  writes: number;
}

/**
 * A tensor by reference, as Python holds it: an operator that works in place changes it for everyone who has it. A
 * view shares its memory; once that was written through another reference, its value is no longer known.
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

  /** Undefined when the memory was written through another reference. */
  get value(): Value | undefined {
    return this.#writesSeen === this.#storage.writes ? this.#value : undefined;
  }

  write(value: Value): void {
    this.#value = value;
    this.#writesSeen = ++this.#storage.writes;
  }
}

/** Items of a list that messages show, and lists inside one another. */
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
