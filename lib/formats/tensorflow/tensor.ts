/**
 * Converts a TensorProto to a constant: packed, or in the field for its type, where the last element is repeated for
 * all that follow.
 */
import { ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';
import { widenBfloat16, widenFloat16 } from '../containers/half.ts';
import type { Parts } from '../containers/protobuf.ts';
import { exactOrInfinite, rawElements } from '../tensors/raw-elements.ts';
import { allocate, type Constant, constant, type ElementType, HIGHEST_RANK, type Numbers } from '../tensors/value.ts';
import type { Vocabulary } from '../tensors/vocabulary.ts';
import type { TensorProto, TensorShape } from './proto.ts';
import { elementType } from './types.ts';

/** Charges elements beyond those in the file. */
export type Spend = (elements: number) => void;

/** Words become indices into `words`. */
export function decodeTensor(
  tensor: TensorProto,
  place: string,
  budget: Budget,
  spend: Spend,
  words: Vocabulary,
): Constant {
  const shape = fixedShape(tensor.shape, place);
  const count = countElements(shape, place, budget);
  const type = elementType(tensor.type, place);
  if (tensor.content.length > 0) return constant(type, shape, rawElements(tensor.content, type, count, place));
  const stored = typedElements(tensor, type, place, words);
  if (stored.length > count) {
    throw new ForwardpassError('MALFORMED', `expected ${count} elements, found ${stored.length}`, place);
  }
  return constant(type, shape, stored.length === count ? stored : repeated(stored, type, count, spend));
}

export function fixedShape({ dims }: TensorShape, place: string): number[] {
  const isFixed = dims?.every((dim) => Number.isSafeInteger(dim) && dim >= 0);
  if (dims === undefined || !isFixed) {
    throw new ForwardpassError('MALFORMED', 'the shape of a stored tensor is incomplete', place);
  }
  if (dims.length > HIGHEST_RANK) {
    throw new ForwardpassError('LIMIT', `expected at most ${HIGHEST_RANK} axes, found ${dims.length}`, place);
  }
  return dims;
}

export function countElements(shape: readonly number[], place: string, { limits: { parameters } }: Budget): number {
  const count = shape.reduce((product, dim) => product * dim, 1);
  if (count <= parameters) return count;
  const message = `the tensor has ${count} elements; \`limits.parameters\` allows ${parameters}`;
  throw new ForwardpassError('LIMIT', message, place);
}

function typedElements(tensor: TensorProto, type: ElementType, place: string, words: Vocabulary): Numbers {
  switch (type) {
    case 'string':
      return Float64Array.from(tensor.strings ?? [], (word) => words.indexOf(word));
    case 'float32':
      return joined(tensor.floats, type, 4, place);
    case 'float64':
      return joined(tensor.doubles, type, 8, place);
    case 'float16':
      return widenFloat16(Uint16Array.from(integersOf(tensor)));
    case 'bfloat16':
      return widenBfloat16(Uint16Array.from(integersOf(tensor)));
    case 'uint64':
      // 64 bits are read as signed: negative values represent 2^63 and above.
      return integersOf(tensor).map((value) => (value < 0 ? Infinity : exactOrInfinite(value)));
    default:
      return integersOf(tensor).map(exactOrInfinite);
  }
}

function integersOf({ integers }: TensorProto): Float64Array {
  const bytes = integers?.all() ?? new Uint8Array(0);
  return new Float64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8);
}

function joined(parts: Parts | undefined, type: ElementType, width: number, place: string): Numbers {
  const bytes = parts?.all() ?? new Uint8Array(0);
  return rawElements(bytes, type, bytes.length / width, place);
}

/** Without any element, all are zero. */
function repeated(stored: Numbers, type: ElementType, count: number, spend: Spend): Numbers {
  spend(count);
  const data = allocate(type, count);
  data.set(stored);
  if (stored.length > 0) data.fill(stored[stored.length - 1], stored.length);
  return data;
}
