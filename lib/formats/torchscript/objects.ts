/** The pickled values of a file as the code sees them. */
import { ForwardpassError } from '../../errors.ts';
import { PyNumber, TensorRef } from '../aten/argument.ts';
import type { TorchArchive } from '../aten/torch-archive.ts';
import {
  PickleDict,
  PickleList,
  PickleObject,
  PickleTuple,
  type PickleValue,
  pickleKind,
} from '../containers/pickle/values.ts';
import { isTorchTensor } from '../containers/torch-tensors.ts';
import type { Constant, ElementType } from '../tracing/value.ts';
import { keyOf } from './builtins.ts';
import type { Library } from './library.ts';
import { dottedName, type Expression } from './syntax.ts';
import { ScriptDict, ScriptObject, type ScriptValue } from './values.ts';

/** Objects inside one another. */
const DEEPEST = 256;

/** A list with its type beside it, and lists of one type. */
const WRAPPERS = /^torch\.jit\._pickle\.(restore_type_tag|build_(int|double|bool|tensor)list)$/;

export class StoredObjects {
  readonly #root: PickleValue;
  readonly #tensors: ReadonlyMap<PickleObject, Constant>;
  readonly #library: Library;
  readonly #member: string;

  private constructor(
    root: PickleValue,
    tensors: ReadonlyMap<PickleObject, Constant>,
    library: Library,
    member: string,
  ) {
    this.#root = root;
    this.#tensors = tensors;
    this.#library = library;
    this.#member = member;
  }

  /** `NAME.pkl`, and the storages in the folder `NAME`. */
  static open(archive: TorchArchive, name: string, library: Library): Promise<StoredObjects> {
    return StoredObjects.#open(archive, name, library, (value, place) => archive.tensor(value, name, place));
  }

  /** The same of what torch keeps as examples: tensors have a type and a shape, and no elements. */
  static openExamples(archive: TorchArchive, name: string, library: Library): Promise<StoredObjects> {
    return StoredObjects.#open(archive, name, library, async (value, place) => archive.tensorInfo(value, place));
  }

  static async #open(
    archive: TorchArchive,
    name: string,
    library: Library,
    read: (value: PickleObject, place: string) => Promise<Constant>,
  ): Promise<StoredObjects> {
    const member = `${name}.pkl`;
    const root = await archive.pickle(member);
    const tensors = new Map<PickleObject, Constant>();
    for (const [value, path] of tensorsIn(root)) tensors.set(value, await read(value, `tensor ${path || member}`));
    return new StoredObjects(root, tensors, library, member);
  }

  /** The types of all tensors. */
  types(): readonly ElementType[] {
    return [...this.#tensors.values()].map(({ type }) => type);
  }

  /** Anew for every run: code may change them. */
  make(): ScriptValue {
    const made = new Map<PickleObject, ScriptValue>();
    return this.#make(this.#root, '', undefined, made, 0);
  }

  #make(
    value: PickleValue,
    path: string,
    type: Expression | undefined,
    made: Map<PickleObject, ScriptValue>,
    depth: number,
  ): ScriptValue {
    if (depth > DEEPEST) throw new ForwardpassError('LIMIT', `objects are deeper than ${DEEPEST}`, this.#member);
    const inner = (item: PickleValue, name: string, itemType?: Expression) =>
      this.#make(item, path === '' ? name : `${path}.${name}`, itemType, made, depth + 1);
    if (value === null || typeof value === 'string') return value;
    if (typeof value === 'boolean') return PyNumber.bool(value);
    if (typeof value === 'number') return typeSays(type, 'float') ? PyNumber.float(value) : numberOf(value);
    if (value instanceof PickleTuple || value instanceof PickleList) {
      return value.items.map((item, i) => inner(item, String(i), itemTypeOf(type, i)));
    }
    if (value instanceof PickleDict) {
      const dict = new ScriptDict();
      for (const [key, item] of value.entries) {
        const own = keyOf(this.#make(key, path, undefined, made, depth + 1), this.#member);
        dict.entries.set(own, inner(item, String(own), itemTypeOf(type, 1)));
      }
      return dict;
    }
    if (value instanceof PickleObject) {
      const known = made.get(value);
      if (known !== undefined) return known;
      const constant = this.#tensors.get(value);
      if (constant !== undefined) {
        const tensor = new TensorRef(constant);
        made.set(value, tensor);
        return tensor;
      }
      if (WRAPPERS.test(String(value.callable)) && value.args.length > 0) {
        const isDouble = value.callable.name === 'build_doublelist';
        return this.#make(value.args[0], path, isDouble ? DOUBLES : type, made, depth + 1);
      }
      return this.#makeObject(value, path, made, inner);
    }
    throw new ForwardpassError('UNSUPPORTED_OP', `${pickleKind(value)} is not read`, path || this.#member);
  }

  #makeObject(
    value: PickleObject,
    path: string,
    made: Map<PickleObject, ScriptValue>,
    inner: (item: PickleValue, name: string, type?: Expression) => ScriptValue,
  ): ScriptObject {
    const code = this.#library.classNamed(String(value.callable));
    if (code === undefined) {
      const message = `${pickleKind(value)} is not a module of this file`;
      throw new ForwardpassError('UNSUPPORTED_OP', message, path || this.#member);
    }
    const object = new ScriptObject(code, path);
    made.set(value, object);
    const state = value.state instanceof PickleDict ? value.state.entries : [];
    for (const [name, item] of state) {
      if (typeof name !== 'string') continue;
      object.attributes.set(name, inner(item, name, code.fields.get(name)?.type));
    }
    // The model runs, whatever it was doing when it was saved.
    if (object.attributes.has('training')) object.attributes.set('training', PyNumber.bool(false));
    return object;
  }
}

function numberOf(value: number): PyNumber {
  return Number.isInteger(value) ? PyNumber.int(value) : PyNumber.float(value);
}

const FLOAT: Expression = { kind: 'name', name: 'float' };
const DOUBLES: Expression = { kind: 'subscript', of: { kind: 'name', name: 'List' }, index: FLOAT };

function typeSays(type: Expression | undefined, name: string): boolean {
  return type !== undefined && (dottedName(type) === name || (type.kind === 'subscript' && typeSays(type.index, name)));
}

/** Of an item of `List[float]`, `Dict[str, float]` or `Tuple[int, float]`. */
function itemTypeOf(type: Expression | undefined, at: number): Expression | undefined {
  if (type?.kind !== 'subscript') return undefined;
  return type.index.kind === 'tuple' ? type.index.items[at] : type.index;
}

/** Every tensor once, with its path, and none deeper than objects may be. */
function* tensorsIn(root: PickleValue): Generator<[PickleObject, string]> {
  const seen = new Set<PickleValue>();
  const stack: [value: PickleValue, path: string][] = [[root, '']];
  for (let next = stack.pop(); next; next = stack.pop()) {
    const [value, path] = next;
    if (value === null || typeof value !== 'object' || seen.has(value)) continue;
    seen.add(value);
    if (isTorchTensor(value)) {
      yield [value, path];
      continue;
    }
    for (const [name, item] of partsOf(value)) stack.push([item, path === '' ? name : `${path}.${name}`]);
  }
}

function partsOf(value: PickleValue): [name: string, value: PickleValue][] {
  if (value instanceof PickleTuple || value instanceof PickleList) {
    return value.items.map((item, i) => [String(i), item]);
  }
  if (value instanceof PickleDict) return value.entries.map(([key, item]) => [String(key), item]);
  if (!(value instanceof PickleObject)) return [];
  const state = value.state === undefined ? [] : partsOf(value.state);
  return [...state, ...value.args.map((item, i): [string, PickleValue] => [String(i), item])];
}
