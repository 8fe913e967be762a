/**
 * Tensors as torch pickles them: a piece of a storage outside of the pickle, with strides. Everything is checked
 * against the bytes of the storage before it is used.
 */
import { ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';
import { quote } from '../../messages.ts';
import type { Float8Name } from './float8.ts';
import {
  PickleGlobal,
  PickleObject,
  PicklePersistent,
  PickleTuple,
  type PickleValue,
  pickleKind,
} from './pickle/values.ts';

/** Element types, by their names in safetensors. */
export type TorchDType =
  | 'F64'
  | 'F32'
  | 'F16'
  | 'BF16'
  | Float8Name
  | 'I64'
  | 'I32'
  | 'I16'
  | 'I8'
  | 'U8'
  | 'BOOL'
  | 'U16'
  | 'U32'
  | 'U64';

const BYTES: Readonly<Record<TorchDType, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  F8_E4M3: 1,
  F8_E5M2: 1,
  F8_E4M3FNUZ: 1,
  F8_E5M2FNUZ: 1,
  F8_E8M0: 1,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
  U16: 2,
  U32: 4,
  U64: 8,
};

const STORAGES: ReadonlyMap<string, TorchDType> = new Map([
  ['DoubleStorage', 'F64'],
  ['FloatStorage', 'F32'],
  ['HalfStorage', 'F16'],
  ['BFloat16Storage', 'BF16'],
  ['LongStorage', 'I64'],
  ['IntStorage', 'I32'],
  ['ShortStorage', 'I16'],
  ['CharStorage', 'I8'],
  ['ByteStorage', 'U8'],
  ['BoolStorage', 'BOOL'],
]);

const MOST_AXES = 64;

/** The description of a pickled tensor. */
export interface TorchTensor {
  readonly dtype: TorchDType;
  /** The storage's name in the file. */
  readonly key: string;
  /** The declared number of elements of the storage. */
  readonly storageElements: number;
  /** In elements of the storage. */
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/** Whether the value is a tensor or parameter of any kind that `torch.save` and `torch.jit.save` write. */
export function isTorchTensor(value: PickleValue | undefined): value is PickleObject {
  return (
    value instanceof PickleObject && value.callable.module === 'torch._utils' && /^_rebuild_/.test(value.callable.name)
  );
}

type Held = (args: readonly PickleValue[]) => PickleValue | undefined;

/** Parameters and tensor subclasses wrap a tensor: where it is among the arguments of the call. */
const WRAPPERS: ReadonlyMap<string, Held> = new Map<string, Held>([
  ['_rebuild_parameter', ([tensor]) => tensor],
  ['_rebuild_parameter_with_state', ([tensor]) => tensor],
  [
    '_rebuild_from_type_v2',
    ([rebuild, , args]) =>
      rebuild instanceof PickleGlobal && args instanceof PickleTuple
        ? new PickleObject(rebuild, args.items)
        : undefined,
  ],
]);
const DEEPEST_WRAPPER = 4;

/** The call that makes the tensor itself. */
function unwrap(value: PickleObject, place: string): PickleObject {
  let held: PickleValue | undefined = value;
  for (let depth = 0; isTorchTensor(held) && depth <= DEEPEST_WRAPPER; depth++) {
    const wrapper = WRAPPERS.get(held.callable.name);
    if (wrapper === undefined) return held;
    held = wrapper(held.args);
  }
  throw malformed(`expected the tensor of a parameter, found ${pickleKind(held)}`, place);
}

/** Reads a tensor's description. Throws `MALFORMED`, `UNSUPPORTED_DTYPE`, `LIMIT`. */
export function describeTorchTensor(value: PickleObject, budget: Budget, place: string): TorchTensor {
  const { callable, args } = unwrap(value, place);
  const [storage, offset, shape, strides, , , type] = args;
  if (!['_rebuild_tensor', '_rebuild_tensor_v2', '_rebuild_tensor_v3'].includes(callable.name)) {
    const kind = callable.name.slice('_rebuild_'.length);
    const message = `expected a plain tensor in the file, found one by ${quote(callable.name)} (${kind}: sparse, quantised or of another device)`;
    throw new ForwardpassError('UNSUPPORTED_DTYPE', message, place);
  }
  const sizes = integers(shape, 'sizes', place);
  const steps = integers(strides, 'strides', place);
  if (sizes.length !== steps.length) throw malformed(`has ${sizes.length} sizes but ${steps.length} strides`, place);
  const count = sizes.reduce((product, size) => product * size, 1);
  if (!(count <= budget.limits.parameters)) {
    throw new ForwardpassError('LIMIT', `a tensor of [${sizes.join(', ')}] exceeds \`limits.parameters\``, place);
  }
  if (!isCount(offset)) throw malformed(`expected an offset of 0 or more, found ${pickleKind(offset)}`, place);
  const own = callable.name === '_rebuild_tensor_v3' ? ownType(type, place) : undefined;
  return { ...describeStorage(storage, own, place), offset, shape: sizes, strides: steps };
}

/** Types without a storage class of their own are named beside the tensor. */
const OWN_TYPES: ReadonlyMap<string, TorchDType> = new Map([
  ['uint16', 'U16'],
  ['uint32', 'U32'],
  ['uint64', 'U64'],
  ['float8_e4m3fn', 'F8_E4M3'],
  ['float8_e5m2', 'F8_E5M2'],
  ['float8_e4m3fnuz', 'F8_E4M3FNUZ'],
  ['float8_e5m2fnuz', 'F8_E5M2FNUZ'],
  ['float8_e8m0fnu', 'F8_E8M0'],
]);

function ownType(value: PickleValue | undefined, place: string): TorchDType {
  const name = value instanceof PickleGlobal ? value.name : pickleKind(value);
  const dtype = OWN_TYPES.get(name);
  if (dtype !== undefined) return dtype;
  const message = `expected floats of 8 bits or more, integers or bool as elements, found ${quote(name)}`;
  throw new ForwardpassError('UNSUPPORTED_DTYPE', message, place);
}

/** Bytes of one element. */
export function torchElementBytes(dtype: TorchDType): number {
  return BYTES[dtype];
}

/** The pair of a persistent id: ('storage', type, key, device, elements). */
function describeStorage(value: PickleValue | undefined, own: TorchDType | undefined, place: string) {
  const id = value instanceof PicklePersistent && value.id instanceof PickleTuple ? value.id.items : [];
  const [kind, type, key, , elements] = id;
  if (kind !== 'storage' || !(type instanceof PickleGlobal) || typeof key !== 'string' || !isCount(elements)) {
    throw malformed(`expected the storage of a tensor, found ${pickleKind(value)}`, place);
  }
  const dtype = own ?? STORAGES.get(type.name);
  if (dtype !== undefined) return { dtype, key, storageElements: elements };
  const message = `expected floats, integers or bool as elements, found ${quote(type.name)}`;
  throw new ForwardpassError('UNSUPPORTED_DTYPE', message, place);
}

/** The element type of a storage class. */
export function torchStorageType(name: string): TorchDType | undefined {
  return name === 'UntypedStorage' ? 'U8' : STORAGES.get(name);
}

function integers(value: PickleValue | undefined, what: string, place: string): readonly number[] {
  if (!(value instanceof PickleTuple) || !value.items.every(isCount)) {
    throw malformed(`expected ${what} of 0 or more, found ${pickleKind(value)}`, place);
  }
  if (value.items.length <= MOST_AXES) return value.items as readonly number[];
  throw new ForwardpassError('LIMIT', `has ${value.items.length} axes; at most ${MOST_AXES} are supported`, place);
}

function isCount(value: PickleValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function malformed(message: string, place: string): ForwardpassError {
  return new ForwardpassError('MALFORMED', message, place);
}
