/** Functions of Python and of TorchScript itself that the code calls beside the operators of ATen. */
import { ForwardpassError } from '../../errors.ts';
import { quote } from '../../words.ts';
import { type Argument, PyNumber, TensorRef } from '../aten/argument.ts';
import { codeOfType } from '../aten/element-types.ts';
import { isFloat } from '../tracing/value.ts';
import { describeValue, NamedTuple, ScriptDict, type ScriptValue } from './values.ts';

interface Context {
  /** For messages. */
  readonly place: string;
  /** Calls an operator of ATen. */
  apply(name: string, ...args: Argument[]): ScriptValue;
}

/** Undefined where an operator of ATen goes by that name for these arguments. */
export type Builtin = (args: readonly ScriptValue[], context: Context) => ScriptValue | undefined;

/** Of a dict. */
export function keyOf(key: ScriptValue, place: string): string | number {
  const number = key instanceof PyNumber ? key.value : undefined;
  if (typeof key === 'string') return key;
  if (number !== undefined) return number;
  throw new ForwardpassError('UNSUPPORTED_OP', `${describeValue(key)} is the key of a dict`, place);
}

/** Iterations of a loop over a range. */
const LONGEST_RANGE = 100_000;

/** Whether the code goes one way or the other: that must be known while loading. */
export function truthOf(value: ScriptValue, place: string): boolean {
  if (value === null) return false;
  if (typeof value === 'string' || Array.isArray(value)) return value.length > 0;
  const number = numberOf(value);
  if (number !== undefined) return number !== 0;
  const message =
    'the way that the code takes depends on the input; forwardpass runs row models, which always do the same';
  throw new ForwardpassError('UNSUPPORTED_OP', message, place);
}

/** The number that is known, of a number or a tensor of one. */
function numberOf(value: ScriptValue): number | undefined {
  if (value instanceof PyNumber) return value.value;
  const tensor = value instanceof TensorRef ? value.value : undefined;
  return tensor?.kind === 'constant' && tensor.data.length === 1 && !tensor.batch ? tensor.data[0] : undefined;
}

/** `of[index]` of lists, tuples and dicts. */
export function itemOf(of: ScriptValue, index: ScriptValue, place: string): ScriptValue {
  if (of instanceof ScriptDict) {
    const value = of.entries.get(keyOf(index, place));
    if (value !== undefined) return value;
    throw new ForwardpassError('DANGLING', `the dict has no ${describeKey(index)}`, place);
  }
  const items = of instanceof NamedTuple ? of.items : of;
  const at = index instanceof PyNumber ? index.value : undefined;
  const item = Array.isArray(items) && at !== undefined ? items.at(at) : undefined;
  if (item !== undefined) return item;
  throw new ForwardpassError('UNSUPPORTED_OP', `${describeValue(of)} is asked for ${describeKey(index)}`, place);
}

function describeKey(key: ScriptValue): string {
  return typeof key === 'string' ? `the key ${quote(key)}` : `the item ${numberOf(key) ?? describeValue(key)}`;
}

/** A number of the type, of a number or a tensor of one element. */
function convert(type: 'int64' | 'float64' | 'bool'): Builtin {
  return ([value], { apply, place }) => {
    if (type === 'bool' && !(value instanceof PyNumber)) return PyNumber.bool(truthOf(value, place));
    const number = value instanceof TensorRef ? apply('item', value) : value;
    if (typeof number === 'string' && type === 'float64' && /^-?(inf|nan)$/.test(number)) {
      return PyNumber.float(number.endsWith('nan') ? Number.NaN : number.startsWith('-') ? -Infinity : Infinity);
    }
    if (!(number instanceof PyNumber)) {
      throw new ForwardpassError('UNSUPPORTED_OP', `a number is made of ${describeValue(value)}`, place);
    }
    const { constant } = number;
    if (constant.batch) return number;
    const [given] = constant.data;
    return PyNumber.of(type === 'int64' ? Math.trunc(given) : type === 'bool' ? Number(given !== 0) : given, type);
  };
}

function range(args: readonly ScriptValue[], { place }: Context): ScriptValue {
  const numbers = args.map(numberOf);
  const [start, end, step] = numbers.length === 1 ? [0, numbers[0], 1] : [numbers[0], numbers[1], numbers[2] ?? 1];
  if (start === undefined || end === undefined || step === undefined || step === 0) {
    throw new ForwardpassError('UNSUPPORTED_OP', 'how often the code loops depends on the input or the batch', place);
  }
  const count = Math.max(Math.ceil((end - start) / step), 0);
  if (!(count <= LONGEST_RANGE)) throw new ForwardpassError('LIMIT', `the code loops ${count} times`, place);
  return Array.from({ length: count }, (_, i) => PyNumber.int(start + i * step));
}

function length([value]: readonly ScriptValue[]): ScriptValue | undefined {
  if (typeof value === 'string' || Array.isArray(value)) return PyNumber.int(value.length);
  if (value instanceof NamedTuple) return PyNumber.int(value.items.length);
  if (value instanceof ScriptDict) return PyNumber.int(value.entries.size);
  return undefined;
}

/** Of None and objects; of others it is not asked. */
function isSame([a, b]: readonly ScriptValue[]): ScriptValue {
  return PyNumber.bool(a === b);
}

function append([list, value]: readonly ScriptValue[]): ScriptValue | undefined {
  if (!Array.isArray(list)) return undefined;
  list.push(value);
  return list;
}

function setItem([of, key, value]: readonly ScriptValue[], { place }: Context): ScriptValue {
  const at = numberOf(key);
  if (of instanceof ScriptDict) of.entries.set(keyOf(key, place), value);
  else if (Array.isArray(of) && at !== undefined && of.at(at) !== undefined) of[at < 0 ? at + of.length : at] = value;
  else throw new ForwardpassError('UNSUPPORTED_OP', `the code writes into ${describeValue(of)}`, place);
  return null;
}

/** How often a loop over `range(start, stop, step)` runs. */
function rangeLength(values: readonly ScriptValue[]): ScriptValue | undefined {
  const [start, stop, step] = values.map((value) => (value instanceof PyNumber ? value.value : undefined));
  if (start === undefined || stop === undefined || !step) return undefined;
  return PyNumber.int(Math.max(0, Math.ceil((stop - start) / step)));
}

/** The number that such a loop is at in its turn `index`. */
function deriveIndex(values: readonly ScriptValue[]): ScriptValue | undefined {
  const [index, start, step] = values.map((value) => (value instanceof PyNumber ? value.value : undefined));
  if (index === undefined || start === undefined || step === undefined) return undefined;
  return PyNumber.int(start + index * step);
}

/** `{}` stands for each value in turn. */
function format([template, ...values]: readonly ScriptValue[]): ScriptValue | undefined {
  if (typeof template !== 'string') return undefined;
  const given = values.values();
  return template.replaceAll('{}', () => describeFormatted(given.next().value));
}

function describeFormatted(value: ScriptValue | undefined): string {
  if (value instanceof PyNumber && value.value !== undefined) return String(value.value);
  return typeof value === 'string' ? value : describeValue(value ?? null);
}

function raise([message]: readonly ScriptValue[], { place }: Context): never {
  const words = typeof message === 'string' ? quote(message) : 'an exception';
  throw new ForwardpassError('UNSUPPORTED_OP', `the code of the model raises ${words}`, place);
}

/** Lists are joined; numbers and tensors are added as ATen does. */
function add([a, b]: readonly ScriptValue[]): ScriptValue | undefined {
  if (Array.isArray(a) && Array.isArray(b)) return [...a, ...b];
  return typeof a === 'string' && typeof b === 'string' ? a + b : undefined;
}

/** A list as often as a number says. */
function multiply([a, b]: readonly ScriptValue[], { place }: Context): ScriptValue | undefined {
  const [list, times] = Array.isArray(a) ? [a, b] : [b, a];
  if (!Array.isArray(list)) return undefined;
  const count = times === undefined ? undefined : numberOf(times);
  if (count === undefined || !(count * list.length <= LONGEST_RANGE)) {
    throw new ForwardpassError('LIMIT', 'a list is repeated too often', place);
  }
  return Array.from({ length: Math.max(count, 0) }, () => list).flat();
}

/** Of a list what Python has at [start:end:step]. */
function slice([of, ...bounds]: readonly ScriptValue[]): ScriptValue | undefined {
  if (!Array.isArray(of)) return undefined;
  const [start, end, step = 1] = bounds.map((bound) => numberOf(bound));
  const [low, high] = step > 0 ? [0, of.length] : [-1, of.length - 1];
  const place = (bound: number | undefined, otherwise: number) =>
    bound === undefined ? otherwise : Math.min(Math.max(bound < 0 ? bound + of.length : bound, low), high);
  const [from, to] = step > 0 ? [place(start, low), place(end, high)] : [place(start, high), place(end, low)];
  return of.filter((_, i) => i < Math.ceil((to - from) / step)).map((_, i) => of[from + i * step]);
}

/** Of text and lists; of numbers and tensors ATen compares. */
function equal(isEqual: boolean): Builtin {
  return ([a, b]) => {
    if (typeof a === 'string' || typeof b === 'string') return PyNumber.bool((a === b) === isEqual);
    if (!Array.isArray(a) || !Array.isArray(b)) return undefined;
    const isSame =
      a.length === b.length && a.every((item, i) => numberOf(item) !== undefined && numberOf(item) === numberOf(b[i]));
    return PyNumber.bool(isSame === isEqual);
  };
}

/** Of numbers of Python. */
function extreme(pick: (...values: number[]) => number): Builtin {
  return (args) => {
    const values = args.length === 1 && Array.isArray(args[0]) ? args[0] : args;
    if (!values.every((value) => value instanceof PyNumber)) return undefined;
    const numbers = values.map(numberOf);
    if (!numbers.every((number) => number !== undefined)) return undefined;
    const isFloating = values.some((value) => value instanceof PyNumber && value.type === 'float64');
    return PyNumber.of(pick(...numbers), isFloating ? 'float64' : 'int64');
  };
}

function contains([of, key]: readonly ScriptValue[], { place }: Context): ScriptValue {
  if (of instanceof ScriptDict) return PyNumber.bool(of.entries.has(keyOf(key, place)));
  if (!Array.isArray(of)) throw new ForwardpassError('UNSUPPORTED_OP', `${describeValue(of)} is searched`, place);
  return PyNumber.bool(
    of.some((item) => item === key || (numberOf(item) !== undefined && numberOf(item) === numberOf(key))),
  );
}

function dictParts(part: 'keys' | 'values' | 'items'): Builtin {
  return ([dict]) => {
    if (!(dict instanceof ScriptDict)) return undefined;
    const keys = [...dict.entries.keys()].map((key) => (typeof key === 'string' ? key : PyNumber.int(key)));
    const values = [...dict.entries.values()];
    if (part === 'items') return keys.map((key, i) => [key, values[i]]);
    return part === 'keys' ? keys : values;
  };
}

/** The number of the element type, as operators take it. */
function dtype([tensor]: readonly ScriptValue[]): ScriptValue | undefined {
  const value = tensor instanceof TensorRef ? tensor.value : undefined;
  return value && PyNumber.int(codeOfType(value.type));
}

function isFloating([tensor]: readonly ScriptValue[]): ScriptValue | undefined {
  const value = tensor instanceof TensorRef ? tensor.value : undefined;
  return value && PyNumber.bool(isFloat(value.type));
}

/** Numbers, or lists of them, as a constant tensor; `type` is the number of an element type. */
function tensor([given, type]: readonly ScriptValue[], { apply, place }: Context): ScriptValue {
  if (given instanceof PyNumber) return apply('tensor_of', given, type instanceof PyNumber ? type : null);
  if (!Array.isArray(given) || given.length === 0) {
    throw new ForwardpassError('UNSUPPORTED_OP', `a tensor is made of ${describeValue(given)}`, place);
  }
  const parts = given.map((item) => tensor([item, type ?? null], { apply, place }));
  return apply(
    'stack',
    parts.filter((part) => part instanceof TensorRef),
  );
}

const same: Builtin = ([value]) => value;
const cpu: Builtin = () => 'cpu';
const no: Builtin = () => PyNumber.bool(false);

export const builtins: ReadonlyMap<string, Builtin> = new Map<string, Builtin>([
  ['int', convert('int64')],
  ['float', convert('float64')],
  ['bool', convert('bool')],
  ['torch.Int', convert('int64')],
  ['torch.Float', convert('float64')],
  ['torch.Bool', convert('bool')],
  ['torch.IntImplicit', convert('int64')],
  ['torch.FloatImplicit', convert('float64')],
  ['torch.ScalarImplicit', ([value], { apply }) => (value instanceof TensorRef ? apply('item', value) : value)],
  ['range', range],
  ['len', length],
  ['torch.len', length],
  ['torch.__is__', isSame],
  ['torch.__isnot__', ([a, b]) => PyNumber.bool(a !== b)],
  ['torch.__contains__', contains],
  ['torch.__getitem__', ([of, index], { place }) => itemOf(of, index, place)],
  ['torch.append', append],
  ['torch._set_item', setItem],
  ['torch.keys', dictParts('keys')],
  ['torch.values', dictParts('values')],
  ['torch.items', dictParts('items')],
  ['torch.list', ([list]) => (Array.isArray(list) ? [...list] : undefined)],
  ['torch.add', add],
  ['torch.mul', multiply],
  ['torch.slice', slice],
  ['torch.__range_length', rangeLength],
  ['torch.__derive_index', deriveIndex],
  ['torch.eq', equal(true)],
  ['torch.ne', equal(false)],
  ['torch.min', extreme(Math.min)],
  ['torch.max', extreme(Math.max)],
  ['torch.format', format],
  ['str', ([value]) => (typeof value === 'string' ? value : describeValue(value))],
  ['torch.str', ([value]) => (typeof value === 'string' ? value : describeValue(value))],
  ['torch.RaiseException', raise],
  ['torch.tensor', tensor],
  ['torch.dtype', dtype],
  ['torch.is_floating_point', isFloating],
  ['torch.device', cpu],
  ['torch.layout', () => PyNumber.int(0)],
  ['torch.type', same],
  ['torch.is_cuda', no],
  ['torch.is_quantized', no],
  ['torch.is_sparse', no],
  ['torch.is_scripting', () => PyNumber.bool(true)],
  ['torch.requires_grad', no],
  ['torch.is_grad_enabled', no],
  ['torch.is_autocast_enabled', no],
  ['torch.unchecked_unwrap_optional', same],
  ['torch._unwrap_optional', same],
  ['torch.data', same],
  ['torch.warn', () => null],
  ['torch.Print', () => null],
]);
