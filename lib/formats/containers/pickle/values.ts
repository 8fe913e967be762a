/**
 * The content of a pickle, as data. Nothing of Python is called or constructed: a class is its name, and an object is
 * that name with the arguments and the state that Python would pass.
 */
import { describe } from '../../../messages.ts';

export type PickleValue =
  | null
  | boolean
  | number
  /** Only for integers beyond ±2^53; others are numbers. */
  | bigint
  | string
  /** `bytes` and `bytearray`. */
  | Uint8Array
  | PickleTuple
  | PickleList
  | PickleDict
  | PickleSet
  | PickleGlobal
  | PickleObject
  | PicklePersistent
  | PickleArray
  | PickleRecords;

export class PickleTuple {
  constructor(readonly items: readonly PickleValue[]) {}
}

export class PickleList {
  /** Takes ownership of the items. */
  constructor(readonly items: PickleValue[] = []) {}
}

/** Up to this many entries, a linear search is faster than building an index. */
const FEW = 64;

/** A dict or an OrderedDict, in insertion order; keys may be of any kind, and no key is special. */
export class PickleDict {
  readonly entries: [key: PickleValue, value: PickleValue][] = [];
  /** For a long dict, an index of the text keys, extended on demand: entries are only ever added. */
  #index: { readonly values: Map<PickleValue, PickleValue>; size: number } | undefined;

  /** The value of a text key. */
  get(key: string): PickleValue | undefined {
    const { entries } = this;
    if (entries.length <= FEW) return entries.findLast(([candidate]) => candidate === key)?.[1];
    this.#index ??= { values: new Map(), size: 0 };
    const { values } = this.#index;
    for (; this.#index.size < entries.length; this.#index.size++) {
      const [candidate, value] = entries[this.#index.size];
      if (typeof candidate === 'string') values.set(candidate, value);
    }
    return values.get(key);
  }
}

export class PickleSet {
  /** Takes ownership of the items. */
  constructor(readonly items: PickleValue[] = []) {}
}

/** A class or function by its name; never resolved. */
export class PickleGlobal {
  constructor(
    readonly module: string,
    readonly name: string,
  ) {}

  toString(): string {
    return `${this.module}.${this.name}`;
  }
}

/**
 * The object that REDUCE, NEWOBJ, NEWOBJ_EX, INST and OBJ would make, with the changes by BUILD, APPENDS and SETITEMS.
 */
export class PickleObject {
  /** The state from BUILD: usually a {@link PickleDict} of attributes. */
  state: PickleValue | undefined;
  /** For objects that are lists. */
  readonly appended: PickleValue[] = [];
  /** For objects that are dicts, such as `defaultdict`. */
  readonly items: [key: PickleValue, value: PickleValue][] = [];

  constructor(
    /** What Python would call. */
    readonly callable: PickleGlobal,
    readonly args: readonly PickleValue[],
    readonly keywords?: PickleDict,
  ) {}

  /** An attribute, if the state is a dict (or a pair of the dict and the slots). */
  attribute(name: string): PickleValue | undefined {
    const dicts = this.state instanceof PickleTuple ? this.state.items.slice(0, 2) : [this.state];
    for (const dict of dicts) {
      const value = dict instanceof PickleDict ? dict.get(name) : undefined;
      if (value !== undefined) return value;
    }
    return undefined;
  }
}

/** A reference to something outside the pickle, such as a tensor's storage in a PyTorch file. */
export class PicklePersistent {
  constructor(readonly id: PickleValue) {}
}

/** A NumPy array or scalar (shape `[]`), in whichever way the pickle stores it. */
export class PickleArray {
  constructor(
    readonly shape: readonly number[],
    /** NumPy's kind and bytes per element: `f8`, `i4`, `u1`, `b1`, `U3`, `S5`; `O` for objects. */
    readonly dtype: string,
    /** Row-major, whatever order and byte order are stored. int64 and uint64 become numbers if all are within ±2^53. */
    readonly data:
      | Float64Array
      | Float32Array
      | BigInt64Array
      | BigUint64Array
      | Int32Array
      | readonly (PickleValue | undefined)[],
  ) {}
}

/**
 * A field of records: returns its value in a record, whose index must be in range. Integers beyond ±2^53 are rounded to
 * the nearest double, as NumPy does.
 */
export type RecordColumn = (record: number) => number;

/** A structured array of numbers, which are read in place from the file. */
export class PickleRecords {
  constructor(
    readonly shape: readonly number[],
    readonly names: ReadonlySet<string>,
    private readonly columnOf: (name: string) => RecordColumn,
  ) {}

  /** How many records there are. */
  get count(): number {
    return this.shape.reduce((product, size) => product * size, 1);
  }

  /** Undefined if there is no such field. */
  column(name: string): RecordColumn | undefined {
    return this.names.has(name) ? this.columnOf(name) : undefined;
  }
}

/** A value's kind, for messages: `a tuple`, `an object of sklearn.svm.SVC`, `the string 'a'`. */
export function pickleKind(value: PickleValue | undefined): string {
  if (value instanceof PickleTuple) return `a tuple of ${value.items.length}`;
  if (value instanceof PickleList) return `a list of ${value.items.length}`;
  if (value instanceof PickleDict) return `a dict of ${value.entries.length}`;
  if (value instanceof PickleSet) return `a set of ${value.items.length}`;
  if (value instanceof PickleGlobal) return `the global ${value}`;
  if (value instanceof PickleObject) return `an object of ${value.callable}`;
  if (value instanceof PicklePersistent) return 'a reference to something outside the pickle';
  if (value instanceof PickleArray) return `an array of type ${value.dtype} and shape [${value.shape.join(', ')}]`;
  if (value instanceof PickleRecords) return `an array of records of shape [${value.shape.join(', ')}]`;
  if (value === null) return 'None';
  return describe(value);
}
