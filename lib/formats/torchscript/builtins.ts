/** Functions of Python and of TorchScript itself that the code calls besides ATen operators. */
import { ForwardpassError } from '../../errors.ts';
import { quote } from '../../messages.ts';
import { PyNumber, TensorRef } from '../aten/argument.ts';
import { codeOfType } from '../aten/element-types.ts';
import { HIGHEST_RANK, isFloat } from '../tensors/value.ts';
import { type Builtin, type Context, truthOf } from './context.ts';
import {
  add,
  append,
  contains,
  copy,
  dictParts,
  equal,
  format,
  itemOf,
  length,
  multiply,
  range,
  setItem,
  slice,
} from './lists.ts';
import { describeValue, type ScriptValue } from './values.ts';

/** Converts a number or a tensor of one element to a number of the type. */
function convert(type: 'int64' | 'float64' | 'bool'): Builtin {
  return ([value], { apply, place }) => {
    if (type === 'bool' && !(value instanceof PyNumber)) return PyNumber.bool(truthOf(value, place));
    const number = value instanceof TensorRef ? apply('item', value) : value;
    if (typeof number === 'string' && type === 'float64' && /^-?(inf|nan)$/.test(number)) {
      return PyNumber.float(number.endsWith('nan') ? Number.NaN : number.startsWith('-') ? -Infinity : Infinity);
    }
    if (!(number instanceof PyNumber)) {
      throw new ForwardpassError('UNSUPPORTED_OP', `cannot make a number from ${describeValue(value)}`, place);
    }
    const given = number.value;
    if (given === undefined) return number;
    return PyNumber.of(type === 'int64' ? Math.trunc(given) : type === 'bool' ? Number(given !== 0) : given, type);
  };
}

/** For None and objects; code does not use `is` for other values. */
function isSame([a, b]: readonly ScriptValue[]): ScriptValue {
  return PyNumber.bool(a === b);
}

/** The number of iterations of a loop over `range(start, stop, step)`. */
function rangeLength(values: readonly ScriptValue[]): ScriptValue | undefined {
  const [start, stop, step] = values.map((value) => (value instanceof PyNumber ? value.value : undefined));
  if (start === undefined || stop === undefined || !step) return undefined;
  return PyNumber.int(Math.max(0, Math.ceil((stop - start) / step)));
}

/** The value of such a range at `index`. */
function deriveIndex(values: readonly ScriptValue[]): ScriptValue | undefined {
  const [index, start, step] = values.map((value) => (value instanceof PyNumber ? value.value : undefined));
  if (index === undefined || start === undefined || step === undefined) return undefined;
  return PyNumber.int(start + index * step);
}

/** The error for code that raises; for inputs of other shapes it may not. */
export class Raised extends ForwardpassError {}

function raise([message]: readonly ScriptValue[], { place }: Context): never {
  const words = typeof message === 'string' ? quote(message) : 'an exception';
  throw new Raised('UNSUPPORTED_OP', `the code of the model raises ${words}`, place);
}

/** For Python numbers. */
function extreme(pick: (a: number, b: number) => number): Builtin {
  return (args, { budget, place }) => {
    const values = args.length === 1 && Array.isArray(args[0]) ? args[0] : args;
    budget.step(values.length / 16, place);
    let result: number | undefined;
    let isFloating = false;
    for (const value of values) {
      const number = value instanceof PyNumber ? value : undefined;
      if (number?.value === undefined) return undefined;
      result = result === undefined ? number.value : pick(result, number.value);
      isFloating ||= number.type === 'float64';
    }
    return result === undefined ? undefined : PyNumber.of(result, isFloating ? 'float64' : 'int64');
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
const tensor: Builtin = ([given, type], context) => tensorOf(given, type ?? null, context, 0);

function tensorOf(given: ScriptValue, type: ScriptValue, context: Context, depth: number): ScriptValue {
  const { apply, place } = context;
  if (given instanceof PyNumber) return apply('tensor_of', given, type instanceof PyNumber ? type : null);
  if (!Array.isArray(given) || given.length === 0 || depth >= HIGHEST_RANK) {
    throw new ForwardpassError('UNSUPPORTED_OP', `cannot make a tensor from ${describeValue(given)}`, place);
  }
  const parts = given.map((item) => tensorOf(item, type, context, depth + 1));
  return apply(
    'stack',
    parts.filter((part) => part instanceof TensorRef),
  );
}

const same: Builtin = ([value]) => value;
const cpu: Builtin = () => 'cpu';
const no: Builtin = () => PyNumber.bool(false);
const text: Builtin = ([value]) => (typeof value === 'string' ? value : describeValue(value ?? null));

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
  ['torch.list', copy],
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
  ['str', text],
  ['torch.str', text],
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
