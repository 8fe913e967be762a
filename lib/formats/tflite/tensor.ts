/** The content of a tensor, if it is in the file: its elements as numbers. */
import { ForwardpassError } from '../../errors.ts';
import { elementCount, formatShape } from '../../graph/shapes.ts';
import { rawElements, WIDTHS } from '../tensors/raw-elements.ts';
import { type Constant, constant, type ElementType, HIGHEST_RANK, isFloat } from '../tensors/value.ts';
import type { LiteModel, TensorInfo } from './model.ts';

/** The element types after decoding. */
type LiteType = Exclude<ElementType, 'string' | 'int2' | 'uint2' | 'int4' | 'uint4'>;

/** TensorType. Elements of 4 bits are unpacked to bytes. */
const ELEMENT_TYPES = new Map<number, LiteType>([
  [0, 'float32'],
  [1, 'float16'],
  [2, 'int32'],
  [3, 'uint8'],
  [4, 'int64'],
  [6, 'bool'],
  [7, 'int16'],
  [9, 'int8'],
  [10, 'float64'],
  [12, 'uint64'],
  [15, 'uint32'],
  [16, 'uint16'],
  [17, 'int8'],
  [18, 'bfloat16'],
]);

const REFUSED_TYPES = new Map([
  [5, 'strings'],
  [8, 'complex numbers'],
  [11, 'complex numbers'],
  [13, 'a resource'],
  [14, 'a variant'],
  [19, 'integers of 2 bits'],
  [20, 'unsigned integers of 4 bits'],
]);

const INT4 = 17;

export function elementType({ type, place }: TensorInfo): LiteType {
  const known = ELEMENT_TYPES.get(type);
  if (known !== undefined) return known;
  const found = REFUSED_TYPES.get(type) ?? `the unknown type ${type}`;
  throw new ForwardpassError('UNSUPPORTED_DTYPE', `expected floats, integers or bool, found ${found}`, place);
}

/** The tensor's elements; undefined if the file does not contain any, because they are computed. */
export function readConstant(model: LiteModel, info: TensorInfo): Constant | undefined {
  const { shape, place, odd } = info;
  const bytes = model.buffer(info.buffer, place);
  const count = elementCount(shape);
  if (odd !== undefined && (odd !== 'a variable' || bytes.length > 0)) {
    throw new ForwardpassError('UNSUPPORTED_DTYPE', `is ${odd}, which is not supported`, place);
  }
  if (bytes.length === 0 && count > 0) return undefined;
  const type = elementType(info);
  if (shape.length > HIGHEST_RANK) {
    throw new ForwardpassError('LIMIT', `expected at most ${HIGHEST_RANK} axes, found ${shape.length}`, place);
  }
  const stored = info.type === INT4 ? 'int4' : type;
  const expected = Math.ceil(count * WIDTHS[stored]);
  if (bytes.length !== expected) {
    const message = `expected ${expected} bytes for a shape of ${formatShape(shape)} of ${type}, found ${bytes.length}`;
    throw new ForwardpassError('SHAPE', message, place);
  }
  const elements = model.once(bytes, info.type, () => rawElements(bytes, stored, count, place));
  model.budget.stored(elements, bytes.length);
  return constant(type, shape, elements);
}

/** Whether a tensor's integers represent real numbers by a scale. */
export function isQuantized(info: TensorInfo | undefined): boolean {
  return info?.quantization !== undefined && !isFloat(elementType(info));
}
