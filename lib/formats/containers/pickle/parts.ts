/** The parts of a pickled container: dicts, lists, and objects that only hold data. */
import { PickleArray, PickleDict, PickleList, PickleObject, PickleTuple, type PickleValue } from './values.ts';

export interface Part {
  /** A dict's key, an attribute's name, or a position. */
  readonly key: PickleValue;
  /** How messages and the option `member` spell the key. */
  readonly label: string;
  readonly isPosition: boolean;
  readonly value: PickleValue;
}

type Pair = readonly [key: PickleValue, value: PickleValue];

/** Library classes that only hold what they were given. */
const MAPPINGS = /^(?:collections\.(?:defaultdict|OrderedDict|Counter)|sklearn\..*\.Bunch)$/;
const NAMESPACES = /^(?:types\.SimpleNamespace|argparse\.Namespace)$/;
const SEQUENCES = 'collections.deque';
/** Classes that store their contents in an attribute. */
const USER = /^collections\.User(?:Dict|List)$/;

/** Whether a value is certainly a container. An object of a user-defined class is not: it is code. */
export function isContainer(value: PickleValue): boolean {
  if (value instanceof PickleObject) return isDataClass(value);
  if (value instanceof PickleArray) return value.dtype.startsWith('O') && value.shape.length === 1;
  return value instanceof PickleDict || value instanceof PickleList || value instanceof PickleTuple;
}

function isDataClass({ callable }: PickleObject): boolean {
  const name = String(callable);
  return MAPPINGS.test(name) || NAMESPACES.test(name) || name === SEQUENCES || USER.test(name);
}

/** Whether a value may hold others: excludes numbers and strings, of which lists may be long. */
export function isObject(value: PickleValue | undefined): value is Exclude<PickleValue, string | number | null> {
  return typeof value === 'object' && value !== null;
}

/** The parts of a container; for another object its attributes, or the arguments of its class. */
export function* partsOf(value: PickleValue): Generator<Part> {
  if (value instanceof PickleDict) yield* named(value.entries);
  else if (value instanceof PickleList || value instanceof PickleTuple) yield* positioned(value.items);
  else if (value instanceof PickleArray) yield* positioned(value.data as readonly PickleValue[]);
  else if (value instanceof PickleObject) yield* ofObject(value);
}

/** The maximum number of parts; several values may share them. */
export function partCount(value: PickleValue): number {
  if (value instanceof PickleDict) return value.entries.length;
  if (value instanceof PickleList || value instanceof PickleTuple) return value.items.length;
  if (value instanceof PickleArray) return value.data.length;
  if (!(value instanceof PickleObject)) return 0;
  const { args, state, appended, items } = value;
  const held = [...args.slice(0, 1), ...statesOf(state)];
  const shared = held.reduce<number>((sum, each) => sum + (each instanceof PickleDict ? each.entries.length : 1), 0);
  return args.length + shared + appended.length + items.length;
}

/** The attributes, including slots. */
function statesOf(state: PickleValue | undefined): readonly (PickleValue | undefined)[] {
  return state instanceof PickleTuple ? state.items.slice(0, 2) : [state];
}

function* ofObject(object: PickleObject): Generator<Part> {
  const name = String(object.callable);
  if (name === SEQUENCES) yield* positioned(object.appended);
  else if (MAPPINGS.test(name)) {
    // Protocols 0 and 1, and Counter, give the dict as an argument.
    const [given] = object.args;
    yield* named([...(given instanceof PickleDict ? given.entries : []), ...object.items]);
  } else if (USER.test(name)) {
    const data = object.attribute('data') ?? null;
    // They store a dict or a list, but not another of these classes, which could be the object itself.
    if (!(data instanceof PickleObject && USER.test(String(data.callable)))) yield* partsOf(data);
  } else {
    const dicts = statesOf(object.state).filter((state) => state instanceof PickleDict);
    yield* named(dicts.flatMap(({ entries }) => entries));
    // Named tuples, and subclasses of list and dict.
    if (dicts.length === 0) yield* positioned(object.args);
    yield* positioned(object.appended);
    yield* named(object.items);
  }
}

/** If a key is set several times, the last value counts. */
function* named(entries: readonly Pair[]): Generator<Part> {
  const last = new Map(entries);
  for (const [key, value] of last) yield { key, label: labelOf(key), isPosition: false, value };
}

function* positioned(items: readonly (PickleValue | undefined)[]): Generator<Part> {
  for (const [i, value = null] of items.entries()) yield { key: i, label: `${i}`, isPosition: true, value };
}

/** A key as Python prints it, strings without quotes. */
export function labelOf(key: PickleValue): string {
  return typeof key === 'string' ? key : spelt(key);
}

/** Tuple keys may be nested, and an array without axes may contain itself. */
const MOST_NESTED = 4;

function spelt(key: PickleValue, depth = 0): string {
  if (depth > MOST_NESTED) return '?';
  if (key === null) return 'None';
  if (typeof key === 'boolean') return key ? 'True' : 'False';
  if (typeof key === 'string') return `'${key}'`;
  if (key instanceof PickleTuple && key.items.length < 9) {
    const items = key.items.map((item) => (item instanceof PickleTuple ? '(…)' : spelt(item, depth + 1)));
    return items.length === 1 ? `(${items},)` : `(${items.join(', ')})`;
  }
  if (key instanceof PickleArray && key.shape.length === 0)
    return spelt((key.data[0] as PickleValue) ?? null, depth + 1);
  return typeof key === 'number' || typeof key === 'bigint' ? `${key}` : '?';
}
