/** Attributes of estimators besides arrays of numbers: plain values, labels, names of functions. */
import { ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';
import { quote } from '../../messages.ts';
import {
  PickleArray,
  PickleDict,
  PickleGlobal,
  PickleList,
  PickleObject,
  PickleTuple,
  type PickleValue,
  pickleKind,
} from '../containers/pickle/values.ts';
import { arrowStrings } from './arrow.ts';
import type { Label } from './outcome.ts';

export function isNone(value: PickleValue | undefined): boolean {
  return value === undefined || value === null;
}

/** scikit-learn's naming convention for fitted attributes: `coef_`. */
export function isFitted({ state }: PickleObject): boolean {
  const dicts = state instanceof PickleTuple ? state.items.slice(0, 2) : [state];
  return dicts.some((dict) => dict instanceof PickleDict && hasLearnt(dict));
}

/** Cached by dict: many objects may share one. */
const learnt = new WeakMap<PickleDict, boolean>();

function hasLearnt(dict: PickleDict): boolean {
  const known = learnt.get(dict) ?? dict.entries.some(([key]) => isLearnt(key));
  learnt.set(dict, known);
  return known;
}

function isLearnt(key: PickleValue): boolean {
  return typeof key === 'string' && key.endsWith('_') && !key.endsWith('__') && !key.startsWith('_');
}

/** A NumPy scalar, or an array of one element without axes, as the plain value; anything else unchanged. */
export function plainScalar(value: PickleValue): PickleValue {
  if (!(value instanceof PickleArray) || value.shape.length !== 0 || value.data.length !== 1) return value;
  const [item] = value.data;
  if (value.dtype.startsWith('b')) return item !== 0;
  return item ?? null;
}

/** Words, numbers, or booleans as 0 and 1: an array or a list of classes. */
export function labelsOf(value: PickleValue, place: string): readonly Label[] {
  const items = itemsOf(value);
  if (items === undefined)
    throw new ForwardpassError('MALFORMED', `expected an array of classes, found ${pickleKind(value)}`, place);
  return items.map((item, i) => {
    const plain = plainScalar(item);
    if (typeof plain === 'string') return plain;
    if (typeof plain === 'boolean') return Number(plain);
    if (typeof plain === 'number' && !Number.isNaN(plain)) return plain;
    const expected = 'expected a class that is a word or a number within ±2^53';
    throw new ForwardpassError('UNSUPPORTED_DTYPE', `${expected}, found ${pickleKind(plain)}`, `${place}[${i}]`);
  });
}

/** The items of a list, a tuple, or an array of one axis; undefined for anything else. */
export function itemsOf(value: PickleValue): readonly PickleValue[] | undefined {
  if (value instanceof PickleList || value instanceof PickleTuple) return value.items;
  if (!(value instanceof PickleArray) || value.shape.length !== 1) return undefined;
  return Array.from<PickleValue | undefined, PickleValue>(value.data, (item) => item ?? null);
}

/** The names in a pandas index, which is pickled as a function of its class and a dict with `data`. */
export function columnIndex(value: PickleValue, budget: Budget): PickleValue {
  if (!(value instanceof PickleObject)) return value;
  const dict = value.args.find((arg) => arg instanceof PickleDict);
  const data = dict?.get('data');
  return arrowStrings(data, budget) ?? data ?? value;
}

/** The full name of a class or function, such as `numpy.log1p`, including NumPy functions that are pickled by name. */
export function functionName(value: PickleValue): string | undefined {
  if (value instanceof PickleGlobal) return `${value}`;
  if (!(value instanceof PickleObject) || !/^_ufunc_reconstruct$/.test(value.callable.name)) return undefined;
  const [module, name] = value.args;
  return typeof module === 'string' && typeof name === 'string' ? `${module}.${name}` : undefined;
}

export type Version = readonly [major: number, minor: number];

/** The major and minor number of a version such as `1.6.1`; zeros if it is not a version. */
export function versionOf(value: PickleValue | undefined): Version {
  const [, major, minor] = /^(\d{1,4})\.(\d{1,4})/.exec(typeof value === 'string' ? value : '') ?? [];
  return [Number(major ?? 0), Number(minor ?? 0)];
}

/** Whether the module is the package or inside it. */
export function isModuleOf(name: string, module: string): boolean {
  return module === name || module.startsWith(`${name}.`);
}

/** Whether it is a step of imbalanced-learn that changes which rows a model is fitted on. */
export function isSampler(value: PickleValue | undefined): boolean {
  if (!(value instanceof PickleObject)) return false;
  const { module, name } = value.callable;
  const isOfFolder = ['over_sampling', 'under_sampling', 'combine'].some((part) =>
    isModuleOf(`imblearn.${part}`, module),
  );
  return isOfFolder || (isModuleOf('imblearn', module) && name === 'FunctionSampler');
}

export function noSuchOption(what: string, found: string, known: readonly string[]): string {
  return `expected ${what} to be ${new Intl.ListFormat('en', { type: 'disjunction' }).format(known.map((name) => quote(name)))}, found ${quote(found)}`;
}
