/** The pickled values of a file, as the code sees them. */
import { ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';
import { PyNumber, TensorRef } from '../aten/argument.ts';
import type { TorchArchive } from '../aten/torch-archive.ts';
import { labelOf } from '../containers/pickle/parts.ts';
import {
  PickleDict,
  PickleList,
  PickleObject,
  PickleTuple,
  type PickleValue,
  pickleKind,
} from '../containers/pickle/values.ts';
import { isTorchTensor } from '../containers/torch-tensors.ts';
import type { Constant, ElementType } from '../tensors/value.ts';
import type { Library } from './library.ts';
import { keyOf } from './lists.ts';
import { dottedName, type Expression } from './syntax.ts';
import { NUMBER_BYTES, pathOf, ScriptDict, ScriptObject, type ScriptValue, SLOT_BYTES } from './values.ts';

/** The maximum depth of nested objects. */
const DEEPEST = 256;

const STEPS_PER_VALUE = 1 / 4;

/** A list with its type, and lists of one type. */
const WRAPPERS = /^torch\.jit\._pickle\.(restore_type_tag|build_(int|double|bool|tensor)list)$/;

export class StoredObjects {
  readonly #root: PickleValue;
  readonly #tensors: ReadonlyMap<PickleObject, Constant>;
  readonly #library: Library;
  readonly #budget: Budget;
  readonly #member: string;

  private constructor(
    root: PickleValue,
    tensors: ReadonlyMap<PickleObject, Constant>,
    library: Library,
    budget: Budget,
    member: string,
  ) {
    this.#root = root;
    this.#tensors = tensors;
    this.#library = library;
    this.#budget = budget;
    this.#member = member;
  }

  /** `NAME.pkl`, and the storages in the folder `NAME`. */
  static open(archive: TorchArchive, name: string, library: Library, budget: Budget): Promise<StoredObjects> {
    return StoredObjects.#open(archive, name, library, budget, (value, place) => archive.tensor(value, name, place));
  }

  /** The same for the examples that torch stores: tensors have a type and a shape, but no elements. */
  static openExamples(archive: TorchArchive, name: string, library: Library, budget: Budget): Promise<StoredObjects> {
    const read = async (value: PickleObject, place: string) => archive.tensorInfo(value, place);
    return StoredObjects.#open(archive, name, library, budget, read);
  }

  static async #open(
    archive: TorchArchive,
    name: string,
    library: Library,
    budget: Budget,
    read: (value: PickleObject, place: string) => Promise<Constant>,
  ): Promise<StoredObjects> {
    const member = `${name}.pkl`;
    const root = await archive.pickle(member);
    const tensors = new Map<PickleObject, Constant>();
    for (const [value, path] of tensorsIn(root)) tensors.set(value, await read(value, `tensor ${path || member}`));
    return new StoredObjects(root, tensors, library, budget, member);
  }

  /** The types of all tensors. */
  types(): readonly ElementType[] {
    return [...this.#tensors.values()].map(({ type }) => type);
  }

  /** Makes a new value for every run, because code may change it. */
  make(): ScriptValue {
    return this.#make(this.#root, '', undefined, new Map(), 0);
  }

  #make(value: PickleValue, path: string, type: Expression | undefined, made: Made, depth: number): ScriptValue {
    if (depth > DEEPEST) throw new ForwardpassError('LIMIT', `objects are nested deeper than ${DEEPEST}`, this.#member);
    this.#budget.step(STEPS_PER_VALUE, this.#member);
    if (value === null || typeof value === 'string') return value;
    if (typeof value === 'boolean') return PyNumber.bool(value);
    if (typeof value === 'number') return this.#makeNumber(value, type);
    const known = made.get(value)?.get(value instanceof PickleObject ? undefined : type);
    if (known !== undefined) return known;
    if (value instanceof PickleTuple || value instanceof PickleList) {
      const items: ScriptValue[] = [];
      remember(made, value, type, items);
      this.#budget.build(SLOT_BYTES * value.items.length, this.#member);
      for (const [i, item] of value.items.entries()) {
        items.push(this.#make(item, pathOf(path, String(i)), itemTypeOf(type, i), made, depth + 1));
      }
      return items;
    }
    if (value instanceof PickleDict) return this.#makeDict(value, path, type, made, depth);
    if (value instanceof PickleObject) {
      const constant = this.#tensors.get(value);
      if (constant !== undefined) {
        const tensor = new TensorRef(constant);
        remember(made, value, undefined, tensor);
        return tensor;
      }
      if (WRAPPERS.test(String(value.callable)) && value.args.length > 0) {
        const isDouble = value.callable.name === 'build_doublelist';
        return this.#make(value.args[0], path, isDouble ? DOUBLES : type, made, depth + 1);
      }
      return this.#makeObject(value, path, made, depth);
    }
    throw new ForwardpassError('UNSUPPORTED_OP', `${pickleKind(value)} is not supported`, path || this.#member);
  }

  #makeNumber(value: number, type: Expression | undefined): PyNumber {
    const isFloat = typeSays(type, 'float') || !Number.isInteger(value);
    if (isFloat || !PyNumber.isShared(value)) this.#budget.build(NUMBER_BYTES, this.#member);
    return isFloat ? PyNumber.float(value) : PyNumber.int(value);
  }

  #makeDict(value: PickleDict, path: string, type: Expression | undefined, made: Made, depth: number): ScriptDict {
    const dict = new ScriptDict();
    remember(made, value, type, dict);
    this.#budget.build(NUMBER_BYTES * value.entries.length, this.#member);
    for (const [key, item] of value.entries) {
      const own = keyOf(this.#make(key, path, undefined, made, depth + 1), this.#member);
      dict.entries.set(own, this.#make(item, pathOf(path, String(own)), itemTypeOf(type, 1), made, depth + 1));
    }
    return dict;
  }

  #makeObject(value: PickleObject, path: string, made: Made, depth: number): ScriptObject {
    const code = this.#library.classNamed(String(value.callable));
    if (code === undefined) {
      const message = `${pickleKind(value)} is not a module of this file`;
      throw new ForwardpassError('UNSUPPORTED_OP', message, path || this.#member);
    }
    const object = new ScriptObject(code, path);
    remember(made, value, undefined, object);
    const state = value.state instanceof PickleDict ? value.state.entries : [];
    for (const [name, item] of state) {
      if (typeof name !== 'string') continue;
      const type = code.fields.get(name)?.type;
      object.attributes.set(name, this.#make(item, pathOf(path, name), type, made, depth + 1));
    }
    // The model runs in inference mode, even if it was saved in training mode.
    if (object.attributes.has('training')) object.attributes.set('training', PyNumber.bool(false));
    return object;
  }
}

/**
 * The values made so far, since a pickled value may occur again; a list is made once for each type with which it
 * occurs.
 */
type Made = Map<PickleValue, Map<Expression | undefined, ScriptValue>>;

function remember(made: Made, value: PickleValue, type: Expression | undefined, result: ScriptValue): void {
  const known = made.get(value);
  if (known === undefined) made.set(value, new Map([[type, result]]));
  else known.set(type, result);
}

const FLOAT: Expression = { kind: 'name', name: 'float' };
const DOUBLES: Expression = { kind: 'subscript', of: { kind: 'name', name: 'List' }, index: FLOAT };

function typeSays(type: Expression | undefined, name: string): boolean {
  let inner = type;
  while (inner?.kind === 'subscript') inner = inner.index;
  return inner !== undefined && dottedName(inner) === name;
}

/** The type of an item of `List[float]`, `Dict[str, float]` or `Tuple[int, float]`. */
function itemTypeOf(type: Expression | undefined, at: number): Expression | undefined {
  if (type?.kind !== 'subscript') return undefined;
  return type.index.kind === 'tuple' ? type.index.items[at] : type.index;
}

/** Every tensor once, with its path, down to the maximum depth. */
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
    for (const [name, item] of partsOf(value)) stack.push([item, name === '' ? path : pathOf(path, name)]);
  }
}

function partsOf(value: PickleValue): [name: string, value: PickleValue][] {
  if (value instanceof PickleTuple || value instanceof PickleList) {
    return value.items.map((item, i) => [String(i), item]);
  }
  if (value instanceof PickleDict) return value.entries.map(([key, item]) => [labelOf(key), item]);
  if (!(value instanceof PickleObject)) return [];
  const args = value.args.map((item, i): [string, PickleValue] => [String(i), item]);
  // The content of the state belongs to the object itself.
  return value.state === undefined ? args : [['', value.state], ...args];
}
