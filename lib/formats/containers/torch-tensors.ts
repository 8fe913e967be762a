/**
 * Tensors as torch pickles them: a piece of a storage that lies outside the pickle, with strides. Nothing is believed
 * before it is held against the bytes of the storage.
 */
import { ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';
import { quote } from '../../words.ts';
import {
  PickleGlobal,
  PickleObject,
  PicklePersistent,
  PickleTuple,
  type PickleValue,
  pickleKind,
} from './pickle/values.ts';

/** Names of element types as safetensors has them. */
export type TorchDType =
  | 'F64'
  | 'F32'
  | 'F16'
  | 'BF16'
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
/** Bytes that a tensor may have beyond those of its storage, of which it may be an expansion. */
const MOST_REPEATED = 2 ** 24;

/** What a pickled tensor says of itself. */
export interface TorchTensor {
  readonly dtype: TorchDType;
  /** The storage's name in the file. */
  readonly key: string;
  /** Elements of the storage, as declared. */
  readonly storageElements: number;
  /** In elements of the storage. */
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/** Whether the value is a tensor or parameter as `torch.save` and `torch.jit.save` write them, of whichever kind. */
export function isTorchTensor(value: PickleValue | undefined): value is PickleObject {
  return (
    value instanceof PickleObject && value.callable.module === 'torch._utils' && /^_rebuild_/.test(value.callable.name)
  );
}

type Held = (args: readonly PickleValue[]) => PickleValue | undefined;

/** Parameters, and tensors of a class of their own, hold a tensor: by the call, where it is among the arguments. */
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
function unwrap(value: PickleValue | undefined, place: string, depth = 0): PickleObject {
  if (!isTorchTensor(value) || depth > DEEPEST_WRAPPER) {
    throw malformed(`expected the tensor of a parameter, found ${pickleKind(value)}`, place);
  }
  const wrapper = WRAPPERS.get(value.callable.name);
  return wrapper === undefined ? value : unwrap(wrapper(value.args), place, depth + 1);
}

/** Takes a tensor's description apart. Throws `MALFORMED`, `UNSUPPORTED_DTYPE`, `LIMIT`. */
export function describeTorchTensor(value: PickleObject, budget: Budget, place: string): TorchTensor {
  const { callable, args } = unwrap(value, place);
  const [storage, offset, shape, strides, , , type] = args;
  if (!['_rebuild_tensor', '_rebuild_tensor_v2', '_rebuild_tensor_v3'].includes(callable.name)) {
    const kind = callable.name.replace(/^_rebuild_/, '');
    const message = `expected a plain tensor in the file, found one by ${quote(callable.name)} (${kind}: sparse, quantised or of another device)`;
    throw new ForwardpassError('UNSUPPORTED_DTYPE', message, place);
  }
  const sizes = integers(shape, 'sizes', place);
  const steps = integers(strides, 'strides', place);
  if (sizes.length !== steps.length) throw malformed(`has ${sizes.length} sizes and ${steps.length} strides`, place);
  const count = sizes.reduce((product, size) => product * size, 1);
  if (!(count <= budget.limits.parameters)) {
    throw new ForwardpassError('LIMIT', `a tensor of [${sizes.join(', ')}] exceeds \`limits.parameters\``, place);
  }
  if (!isCount(offset)) throw malformed(`expected an offset from 0, found ${pickleKind(offset)}`, place);
  const own = callable.name === '_rebuild_tensor_v3' ? ownType(type, place) : undefined;
  return { ...describeStorage(storage, own, place), offset, shape: sizes, strides: steps };
}

/** Types without a storage of their own are said beside the tensor. */
const OWN_TYPES: ReadonlyMap<string, TorchDType> = new Map([
  ['uint16', 'U16'],
  ['uint32', 'U32'],
  ['uint64', 'U64'],
]);

function ownType(value: PickleValue | undefined, place: string): TorchDType {
  const name = value instanceof PickleGlobal ? value.name : pickleKind(value);
  const dtype = OWN_TYPES.get(name);
  if (dtype !== undefined) return dtype;
  const message = `expected floats of 16 bits or more, integers or bool as elements, found ${quote(name)}`;
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

/** The element type that a storage's class stands for. */
export function torchStorageType(name: string): TorchDType | undefined {
  return name === 'UntypedStorage' ? 'U8' : STORAGES.get(name);
}

function integers(value: PickleValue | undefined, what: string, place: string): readonly number[] {
  if (!(value instanceof PickleTuple) || !value.items.every(isCount)) {
    throw malformed(`expected ${what} from 0, found ${pickleKind(value)}`, place);
  }
  if (value.items.length <= MOST_AXES) return value.items as readonly number[];
  throw new ForwardpassError('LIMIT', `has ${value.items.length} axes; at most ${MOST_AXES} are read`, place);
}

function isCount(value: PickleValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/**
 * A tensor's elements, row-major and little-endian as the storage's bytes are: a view of them where they lie in that
 * order, a copy otherwise. Throws `TRUNCATED` when they are not all there.
 */
export function torchTensorBytes(
  tensor: Omit<TorchTensor, 'key' | 'storageElements'>,
  storage: Uint8Array,
  place: string,
): Uint8Array {
  const { dtype, offset, shape, strides } = tensor;
  const size = BYTES[dtype];
  const count = shape.reduce((product, length) => product * length, 1);
  if (count === 0) return new Uint8Array(0);
  const last = shape.reduce((at, length, axis) => at + (length - 1) * strides[axis], offset);
  if (!((last + 1) * size <= storage.length)) {
    const message = `needs ${(last + 1) * size} bytes of its storage, which has ${storage.length}`;
    throw new ForwardpassError('TRUNCATED', message, place);
  }
  if (isContiguous(shape, strides)) return storage.subarray(offset * size, (offset + count) * size);
  if (count * size > Math.max(storage.length, MOST_REPEATED)) {
    const message = `repeats the ${storage.length} bytes of its storage up to ${count * size}, out of proportion`;
    throw new ForwardpassError('LIMIT', message, place);
  }
  return gather(storage, size, count, offset, shape, strides);
}

/** The same elements in the other byte order, as a copy. */
export function swappedBytes(bytes: Uint8Array, dtype: TorchDType): Uint8Array {
  const swapped = Buffer.from(new Uint8Array(bytes).buffer);
  if (BYTES[dtype] === 2) return swapped.swap16();
  if (BYTES[dtype] === 4) return swapped.swap32();
  return BYTES[dtype] === 8 ? swapped.swap64() : swapped;
}

function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= shape[axis];
  }
  return true;
}

function gather(
  storage: Uint8Array,
  size: number,
  count: number,
  offset: number,
  shape: readonly number[],
  strides: readonly number[],
): Uint8Array {
  const result = new Uint8Array(count * size);
  const at = new Array<number>(shape.length).fill(0);
  let from = offset;
  for (let to = 0; to < result.length; to += size) {
    for (let byte = 0; byte < size; byte++) result[to + byte] = storage[from * size + byte];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis];
      if (++at[axis] < shape[axis]) break;
      from -= shape[axis] * strides[axis];
      at[axis] = 0;
    }
  }
  return result;
}

function malformed(message: string, place: string): ForwardpassError {
  return new ForwardpassError('MALFORMED', message, place);
}
