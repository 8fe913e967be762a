/** What operators are called with: tensors, numbers of Python, text, nothing, and lists of these. */
import { type Constant, literal, type Row, type Value } from '../tracing/value.ts';

export type Argument = null | string | PyNumber | TensorRef | readonly Argument[];

/** What a translation gives: the machine wraps its values. */
export type Result = Value | PyNumber | Folded | readonly Result[];

/** A row tensor whose first axis torch sees as one with the batch: [batch, 8, 5] viewed as [8·batch, 5]. */
export class Folded {
  readonly value: Row;

  constructor(value: Row) {
    this.value = value;
  }
}

export type NumberType = 'bool' | 'int64' | 'float64';

/**
 * A number of Python. Beside a tensor it decides nothing but the kind of the result: a float makes floats of integers
 * and leaves half precision what it is. It may hold the batch size.
 */
export class PyNumber {
  readonly constant: Constant;

  /** `constant` has the shape [] and one of the types of numbers. */
  constructor(constant: Constant) {
    this.constant = constant;
  }

  static of(value: number, type: NumberType): PyNumber {
    return new PyNumber(literal(type, [value]));
  }

  static int(value: number): PyNumber {
    return PyNumber.of(value, 'int64');
  }

  static float(value: number): PyNumber {
    return PyNumber.of(value, 'float64');
  }

  static bool(value: boolean): PyNumber {
    return PyNumber.of(value ? 1 : 0, 'bool');
  }

  get type(): NumberType {
    return this.constant.type as NumberType;
  }

  /** Undefined where the number depends on the batch size. */
  get value(): number | undefined {
    return this.constant.batch ? undefined : this.constant.data[0];
  }
}

/** Memory that tensors share, and how often it was written. */
interface Storage {
  writes: number;
}

/**
 * A tensor by reference, as Python holds it: an operator that works in place changes it for everyone who has it. A
 * view shares its memory; once that was written through another reference, its value is no longer known.
 */
export class TensorRef {
  /** See {@link Folded}; the value is as it was before. */
  readonly isFolded: boolean;
  #value: Value;
  readonly #storage: Storage;
  #writesSeen: number;

  constructor(value: Value | Folded, viewOf?: TensorRef) {
    this.isFolded = value instanceof Folded;
    this.#value = value instanceof Folded ? value.value : value;
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

/** An argument in a few words, for messages. */
export function kindOf(argument: Argument): string {
  if (argument === null) return 'None';
  if (typeof argument === 'string') return 'str';
  if (argument instanceof TensorRef) return 'Tensor';
  if (argument instanceof PyNumber) return { bool: 'bool', int64: 'int', float64: 'float' }[argument.type];
  return `[${argument.slice(0, 8).map(kindOf).join(', ')}${argument.length > 8 ? ', …' : ''}]`;
}
