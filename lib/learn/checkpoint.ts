/**
 * Checkpoints: a frozen file of the current model, which `load` opens like any other, that also contains the whole
 * state of the learner. Its metadata `forwardpass.learn` is JSON: {@link Written}. Objects are in a list and referred
 * to by index, so that shared objects stay shared; arrays of floats are tensors.
 */
import { ForwardpassError } from '../errors.ts';
import * as is from '../formats/containers/checks.ts';
import { readElements } from '../formats/containers/elements.ts';
import { spendOnJson } from '../formats/containers/json-cost.ts';
import { encodeNumber } from '../formats/containers/json-numbers.ts';
import {
  PickleArray,
  PickleDict,
  PickleGlobal,
  PickleList,
  PickleObject,
  PickleSet,
  PickleTuple,
  type PickleValue,
  pickleKind,
} from '../formats/containers/pickle/values.ts';
import type { Source } from '../formats/format.ts';
import { type Header, readHeader } from '../formats/safetensors/header.ts';
import { safetensors } from '../formats/safetensors/safetensors.ts';
import type { AddTensor } from '../formats/safetensors/write-frozen.ts';
import { Budget } from '../graph/budget.ts';

import type { MetricsState } from './metrics.ts';

const LEARN_KEY = 'forwardpass.learn';
const VERSION = 1;
const PLACE = `metadata ${LEARN_KEY}`;

/** Plain values as they are, numbers that JSON does not have as in json-numbers.ts, others as below. */
type Item = unknown;

interface Written {
  readonly version: number;
  /** The {@link Origin.kind}. */
  readonly kind: string;
  readonly tree: Item;
  readonly objects: readonly Item[];
  readonly kept?: Kept;
}

/** What a checkpoint contains beside the model. */
export interface Kept {
  /** The caller's notes, as JSON. */
  readonly notes?: unknown;
  readonly metrics?: MetricsState;
}

export interface Checkpoint {
  readonly kind: string;
  readonly tree: PickleValue;
  readonly kept: Kept;
}

// Writing

type Held = Exclude<PickleValue, null | boolean | number | bigint | string>;

class Writer {
  readonly objects: Item[] = [];
  readonly #places = new Map<Held, number>();
  readonly #waiting: Held[] = [];

  constructor(readonly add: AddTensor) {}

  /** Adds all objects that the value refers to to {@link objects}. */
  write(value: PickleValue): Item {
    const item = this.#item(value);
    for (let held = this.#waiting.pop(); held !== undefined; held = this.#waiting.pop()) {
      this.objects[this.#places.get(held) as number] = this.#object(held);
    }
    return item;
  }

  #item(value: PickleValue | undefined): Item {
    if (value === undefined) return { none: true };
    if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
    if (typeof value === 'number') return encodeNumber(value);
    if (typeof value === 'bigint') return { integer: `${value}` };
    let place = this.#places.get(value);
    if (place === undefined) {
      place = this.objects.length;
      this.#places.set(value, place);
      this.objects.push(null);
      this.#waiting.push(value);
    }
    return { at: place };
  }

  #items(values: Iterable<PickleValue | undefined>): Item[] {
    return Array.from(values, (value) => this.#item(value));
  }

  #pairs(entries: readonly (readonly [PickleValue, PickleValue])[]): Item[] {
    return entries.flatMap(([key, value]) => [this.#item(key), this.#item(value)]);
  }

  #object(value: Held): Item {
    if (value instanceof PickleTuple) return { tuple: this.#items(value.items) };
    if (value instanceof PickleList) return { list: this.#items(value.items) };
    if (value instanceof PickleSet) return { set: this.#items(value.items) };
    if (value instanceof PickleDict) return { dict: this.#pairs(value.entries) };
    if (value instanceof PickleGlobal) return { global: [value.module, value.name] };
    if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString('base64') };
    if (value instanceof PickleArray) return { array: this.#array(value) };
    if (value instanceof PickleObject) {
      const { callable, args, keywords, state, appended, items } = value;
      return {
        object: this.#item(callable),
        args: this.#items(args),
        keywords: this.#item(keywords),
        state: this.#item(state),
        appended: this.#items(appended),
        items: this.#pairs(items),
      };
    }
    throw new ForwardpassError('UNSUPPORTED_OP', `a checkpoint cannot contain ${pickleKind(value)}`, 'save');
  }

  #array({ shape, dtype, data }: PickleArray): Item {
    if (data instanceof Float32Array || data instanceof Float64Array) {
      const tensor = this.add('learn', data instanceof Float32Array ? 'F32' : 'F64', [data.length], data);
      return { shape, dtype, tensor };
    }
    if (data instanceof Int32Array) return { shape, dtype, integers: Array.from(data) };
    if (data instanceof BigInt64Array) return { shape, dtype, long: Array.from(data, String) };
    if (data instanceof BigUint64Array) return { shape, dtype, unsigned: Array.from(data, String) };
    return { shape, dtype, items: this.#items(data as readonly (PickleValue | undefined)[]) };
  }
}

/** The metadata of a checkpoint. */
export function writeCheckpoint({ kind, tree, kept }: Checkpoint, add: AddTensor): Record<string, string> {
  const writer = new Writer(add);
  const root = writer.write(tree);
  const written: Written = { version: VERSION, kind, tree: root, objects: writer.objects, kept };
  return { [LEARN_KEY]: JSON.stringify(written) };
}

/** A deep copy of the values. */
export function copyTree(tree: PickleValue): PickleValue {
  const arrays = new Map<string, Float64Array | Float32Array>();
  const writer = new Writer((_, __, ___, data) => {
    const name = `${arrays.size}`;
    arrays.set(name, data.slice());
    return name;
  });
  const root = writer.write(tree);
  return new ObjectReader(writer.objects as is.Fields[], arrays).read(root);
}

// Reading

/** The checkpoint in a source; undefined if it is not one. */
export async function readCheckpoint(source: Source, limits: Budget['limits']): Promise<Checkpoint | undefined> {
  const { main } = source;
  if (!(await safetensors.detect(await main.read(0, Math.min(main.size, HEAD)), source))) return undefined;
  const budget = new Budget(limits);
  budget.opened(main.size);
  const { tensors, metadata } = await readHeader(main, budget);
  const text = metadata.get(LEARN_KEY);
  if (text === undefined) return undefined;
  spendOnJson(text, budget, PLACE, 'common');
  const written = parsed(text);
  const version = is.count(written.version, `${PLACE}.version`);
  if (version !== VERSION) {
    const message = `expected version ${VERSION}, found ${version}; a newer forwardpass wrote it`;
    throw new ForwardpassError('UNSUPPORTED_VERSION', message, PLACE);
  }
  const objects = is.list(is.fields)(written.objects, `${PLACE}.objects`);
  const floats = await readTensors(objects, tensors, source);
  const reader = new ObjectReader(objects, floats);
  return {
    kind: is.text(written.kind, `${PLACE}.kind`),
    tree: reader.read(written.tree),
    kept: written.kept === undefined ? {} : (is.fields(written.kept, `${PLACE}.kept`) as Kept),
  };
}

/** The number of bytes needed to detect the format. */
const HEAD = 64;

function parsed(text: string): is.Fields {
  try {
    return is.fields(JSON.parse(text), PLACE);
  } catch (cause) {
    if (cause instanceof ForwardpassError) throw cause;
    throw new ForwardpassError('MALFORMED', 'is not JSON', PLACE, { cause });
  }
}

/** The tensors of arrays, by name. */
async function readTensors(objects: readonly is.Fields[], tensors: Header['tensors'], { main }: Source) {
  const found = new Map<string, Float32Array | Float64Array>();
  for (const { array } of objects) {
    if (array === undefined) continue;
    const { tensor } = is.fields(array, PLACE);
    if (tensor === undefined) continue;
    const name = is.text(tensor, PLACE);
    const stored = tensors.get(name);
    if (stored === undefined || found.has(name))
      return is.refuse(PLACE, `the tensor ${name} is missing or given twice`);
    found.set(name, readElements(await main.read(stored.offset, stored.byteLength), stored.dtype, `tensor ${name}`));
  }
  return found;
}

class ObjectReader {
  readonly #made: PickleValue[];
  /** Run once all objects exist, because they may refer to each other. */
  readonly #fills: (() => void)[] = [];

  constructor(
    objects: readonly is.Fields[],
    readonly floats: ReadonlyMap<string, Float32Array | Float64Array>,
  ) {
    this.#made = objects.map(() => null);
    const places = objects.map((_, at) => `${PLACE}.objects[${at}]`);
    const isMade = (at: number) => objects[at].object === undefined;
    // The arguments of an object are created before it.
    for (const first of [true, false]) {
      for (const [at, object] of objects.entries()) {
        if (isMade(at) === first) this.#made[at] = this.#make(object, places[at]);
      }
    }
    for (const fill of this.#fills) fill();
  }

  read(item: unknown, place = PLACE): PickleValue {
    if (item === null || typeof item === 'boolean' || typeof item === 'string' || typeof item === 'number') return item;
    const { at, integer, number } = is.fields(item, place);
    if (number !== undefined) return is.number(item, place);
    if (integer !== undefined) return bigInteger(integer, place);
    const position = is.count(at, place);
    if (position < this.#made.length) return this.#made[position];
    return is.refuse(place, `object ${position} not found`);
  }

  #optional(item: unknown, place: string): PickleValue | undefined {
    if (typeof item === 'object' && item !== null && 'none' in item) return undefined;
    return this.read(item, place);
  }

  #list(items: unknown, place: string, into: (PickleValue | undefined)[]): void {
    for (const item of is.list((each) => each)(items, place)) into.push(this.#optional(item, place));
  }

  #pairs(items: unknown, place: string, into: [PickleValue, PickleValue][]): void {
    const all = is.list((each) => each)(items, place);
    if (all.length % 2 !== 0) is.refuse(place, 'expected keys and values');
    for (let at = 0; at < all.length; at += 2) into.push([this.read(all[at], place), this.read(all[at + 1], place)]);
  }

  #later(fill: () => void): void {
    this.#fills.push(fill);
  }

  #make(object: is.Fields, place: string): PickleValue {
    const items: PickleValue[] = [];
    if (object.tuple !== undefined) {
      this.#later(() => this.#list(object.tuple, place, items));
      return new PickleTuple(items);
    }
    if (object.list !== undefined || object.set !== undefined) {
      this.#later(() => this.#list(object.list ?? object.set, place, items));
      return object.list === undefined ? new PickleSet(items) : new PickleList(items);
    }
    if (object.dict !== undefined) {
      const dict = new PickleDict();
      this.#later(() => this.#pairs(object.dict, place, dict.entries));
      return dict;
    }
    if (object.global !== undefined) {
      const [module, name] = is.pair(is.text)(object.global, place);
      return new PickleGlobal(module, name);
    }
    if (object.bytes !== undefined) return new Uint8Array(Buffer.from(is.text(object.bytes, place), 'base64'));
    if (object.array !== undefined) return this.#array(is.fields(object.array, place), place);
    const callable = this.read(object.object, place);
    const keywords = this.#optional(object.keywords, place);
    if (!(callable instanceof PickleGlobal) || (keywords !== undefined && !(keywords instanceof PickleDict))) {
      return is.refuse(place, 'expected an object of a class');
    }
    const made = new PickleObject(callable, items, keywords);
    this.#later(() => {
      this.#list(object.args, place, items);
      made.state = this.#optional(object.state, place);
      this.#list(object.appended, place, made.appended);
      this.#pairs(object.items, place, made.items);
    });
    return made;
  }

  #array({ shape: said, dtype, tensor, integers, long, unsigned, items }: is.Fields, place: string): PickleArray {
    const shape = is.list(is.count)(said, place);
    const name = is.text(dtype, place);
    const list: PickleValue[] = [];
    if (items !== undefined) this.#later(() => this.#list(items, place, list));
    const texts = () => is.list((each) => bigInteger(each, place))(long ?? unsigned, place);
    const data =
      tensor !== undefined
        ? (this.floats.get(is.text(tensor, place)) as Float64Array)
        : integers !== undefined
          ? Int32Array.from(is.list(is.whole)(integers, place))
          : long !== undefined
            ? BigInt64Array.from(texts())
            : unsigned !== undefined
              ? BigUint64Array.from(texts())
              : list;
    const count = items === undefined ? data.length : is.list((each) => each)(items, place).length;
    if (shape.reduce((product, size) => product * size, 1) !== count) {
      return is.refuse(place, `an array of shape [${shape.join(', ')}] has ${count} elements`);
    }
    return new PickleArray(shape, name, data);
  }
}

function bigInteger(value: unknown, place: string): bigint {
  const text = is.text(value, place);
  return /^-?\d{1,4000}$/.test(text) ? BigInt(text) : is.refuse(place, 'expected an integer as text');
}
