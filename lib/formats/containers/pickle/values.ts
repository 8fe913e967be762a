/**
 * What a pickle holds, as data. Nothing of Python is called or constructed: a class is its name, an object is the
 * name with the arguments and the state that Python would have been given.
 */
import { describe } from '../../../messages.ts';

export type PickleValue =
  | null
  | boolean
  | number
  /** An integer beyond ±2^53 only; others are numbers. */
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
  /** The items are taken over. */
  constructor(readonly items: PickleValue[] = []) {}
}

/** Entries that are looked through sooner than an index is made of them. */
const FEW = 64;

/** A dict or an OrderedDict, in the order of insertion; keys may be of any kind, and no key is special. */
export class PickleDict {
  readonly entries: [key: PickleValue, value: PickleValue][] = [];
  /** For a long dict, its text keys as far as they were looked for: entries are only ever added. */
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
  /** The items are taken over. */
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

/** What REDUCE, NEWOBJ, NEWOBJ_EX, INST and OBJ would have made, and BUILD, APPENDS and SETITEMS changed. */
export class PickleObject {
  /** Of BUILD: mostly a {@link PickleDict} of attributes. */
  state: PickleValue | undefined;
  /** Of objects that are lists. */
  readonly appended: PickleValue[] = [];
  /** Of objects that are dicts, such as `defaultdict`. */
  readonly items: [key: PickleValue, value: PickleValue][] = [];

  constructor(
    /** Whatever Python would have called. */
    readonly callable: PickleGlobal,
    readonly args: readonly PickleValue[],
    readonly keywords?: PickleDict,
  ) {}

  /** An attribute, where the state is a dict (or a pair whose first is the dict, the second the slots). */
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

/** A NumPy array or scalar (shape `[]`), whichever way the pickle spells it. */
export class PickleArray {
  constructor(
    readonly shape: readonly number[],
    /** NumPy's kind and bytes per element: `f8`, `i4`, `u1`, `b1`, `U3`, `S5`; `O` for objects. */
    readonly dtype: string,
    /** Row-major, whatever the order and byte order stored. int64 and uint64 are numbers where all are within ±2^53. */
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
 * A field of records: its number in a record that is there. Integers beyond ±2^53 are rounded to the nearest double, as
 * NumPy makes floats of them.
 */
export type RecordColumn = (record: number) => number;

/** A structured array of numbers, which are read where they are in the file. */
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

  /** Undefined where there is no such field. */
  column(name: string): RecordColumn | undefined {
    return this.names.has(name) ? this.columnOf(name) : undefined;
  }
}

/** A value's kind, in words for messages: `a tuple`, `an object of sklearn.svm.SVC`, `the string 'a'`. */
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
