/** Converts a TensorProto to a constant: inline or external, raw or typed, checked against its own shape. */
import { ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';
import { formatShape } from '../../graph/shapes.ts';
import { quote } from '../../messages.ts';
import { widenBfloat16, widenFloat16 } from '../containers/half.ts';
import type { Parts } from '../containers/protobuf.ts';
import type { Reader, Source } from '../format.ts';
import { exactOrInfinite, rawElements, unpack, WIDTHS } from '../tensors/raw-elements.ts';
import { type Constant, constant, type ElementType, HIGHEST_RANK, type Numbers } from '../tensors/value.ts';
import type { Vocabulary } from '../tensors/vocabulary.ts';
import { elementType } from './element-types.ts';
import type { TensorProto } from './proto.ts';
import { shortened } from './scope.ts';

function tensorPlace(tensor: TensorProto): string {
  return `tensor ${shortened(tensor.name) || '(unnamed)'}`;
}

/** A view of the tensor's own bytes if they are aligned, else a copy. Its words are added to `words`. */
export function decodeTensor(tensor: TensorProto, budget: Budget, words: Vocabulary): Constant {
  const place = tensorPlace(tensor);
  const type = elementType(tensor.dataType, place);
  const count = countElements(tensor, budget);
  const data = elementsOf(tensor, type, count, place, words);
  if (data.length !== count) {
    const dims = formatShape(tensor.dims);
    throw new ForwardpassError('MALFORMED', `the shape ${dims} needs ${count} elements, found ${data.length}`, place);
  }
  return constant(type, tensor.dims, data);
}

function elementsOf(tensor: TensorProto, type: ElementType, count: number, place: string, words: Vocabulary): Numbers {
  if (type === 'string') return Float64Array.from(tensor.strings ?? [], (word) => words.indexOf(word));
  return tensor.raw === undefined ? typedElements(tensor, type, count) : rawElements(tensor.raw, type, count, place);
}

function countElements(tensor: TensorProto, budget: Budget): number {
  if (tensor.dims.length > HIGHEST_RANK) {
    const message = `expected at most ${HIGHEST_RANK} axes, found ${tensor.dims.length}`;
    throw new ForwardpassError('LIMIT', message, tensorPlace(tensor));
  }
  let count = 1;
  for (const dim of tensor.dims) {
    if (!Number.isSafeInteger(dim) || dim < 0) {
      throw new ForwardpassError('MALFORMED', `expected dimensions of 0 or more, found ${dim}`, tensorPlace(tensor));
    }
    count *= dim;
  }
  if (count > budget.limits.parameters) {
    throw new ForwardpassError(
      'LIMIT',
      `the tensor has ${count} elements; \`limits.parameters\` allows ${budget.limits.parameters}`,
      tensorPlace(tensor),
    );
  }
  return count;
}

/** From the field that holds elements of the type if they are not raw. */
function typedElements(tensor: TensorProto, type: ElementType, count: number): Numbers {
  switch (type) {
    case 'float32':
    case 'float64': {
      const bytes = (type === 'float32' ? tensor.floats : tensor.doubles)?.all() ?? new Uint8Array(0);
      return rawElements(bytes, type, bytes.length / WIDTHS[type], tensorPlace(tensor));
    }
    case 'float16':
      return widenFloat16(Uint16Array.from(numbersOf(tensor.int32s)));
    case 'bfloat16':
      return widenBfloat16(Uint16Array.from(numbersOf(tensor.int32s)));
    case 'int64':
      return numbersOf(tensor.int64s).map(exactOrInfinite);
    case 'uint32':
    case 'uint64':
      // The wire format reads 64 bits as signed: negative values represent 2^63 and above.
      return numbersOf(tensor.uint64s).map((value) => (value < 0 ? Infinity : exactOrInfinite(value)));
    case 'bool':
      return Float32Array.from(numbersOf(tensor.int32s), (value) => (value === 0 ? 0 : 1));
    case 'int2':
    case 'uint2':
    case 'int4':
    case 'uint4':
      return unpack(numbersOf(tensor.int32s), type, count);
    case 'int8':
    case 'uint8':
    case 'int16':
    case 'uint16':
      return Float32Array.from(numbersOf(tensor.int32s));
    default:
      return numbersOf(tensor.int32s);
  }
}

function numbersOf(doubles: Parts | undefined): Float64Array {
  const bytes = doubles?.all() ?? new Uint8Array(0);
  return new Float64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8);
}

/** Reads external tensors through the source; each file is opened once and no byte is read twice. */
export class ExternalData {
  readonly #source: Source;
  readonly #budget: Budget;
  readonly #files = new Map<string, Reader>();
  #bytes: number;

  constructor(source: Source, budget: Budget) {
    this.#source = source;
    this.#budget = budget;
    this.#bytes = source.main.size;
  }

  /** Stores an external tensor's bytes in its `raw`. */
  async fetch(tensor: TensorProto): Promise<void> {
    const place = tensorPlace(tensor);
    const type = elementType(tensor.dataType, place);
    if (type === 'string') throw new ForwardpassError('MALFORMED', 'strings cannot be external data', place);
    const expected = Math.ceil(countElements(tensor, this.#budget) * WIDTHS[type]);
    const path = tensor.location?.get('location') ?? '';
    if (path === '') throw new ForwardpassError('MALFORMED', 'the data is external but has no location', place);
    const offset = decimal(tensor, 'offset') ?? 0;
    const length = decimal(tensor, 'length') ?? expected;
    if (length !== expected) {
      throw new ForwardpassError('MALFORMED', `expected ${expected} bytes of external data, found ${length}`, place);
    }
    const file = this.#files.get(path) ?? (await this.#source.sibling(path));
    this.#files.set(path, file);
    if (offset + length > file.size) {
      throw new ForwardpassError(
        'TRUNCATED',
        `the data is ${length} bytes at ${offset} of ${path}, which has only ${file.size}`,
        place,
      );
    }
    this.#bytes += length;
    if (this.#bytes > this.#budget.limits.bytes) {
      throw new ForwardpassError(
        'LIMIT',
        `the model has more bytes than \`limits.bytes\`, ${this.#budget.limits.bytes}`,
        place,
      );
    }
    tensor.raw = await file.read(offset, length);
    tensor.external = false;
  }
}

function decimal(tensor: TensorProto, key: string): number | undefined {
  const text = tensor.location?.get(key);
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/.test(text)) {
    const message = `expected a decimal ${key} of the external data, found ${quote(text)}`;
    throw new ForwardpassError('MALFORMED', message, tensorPlace(tensor));
  }
  return Number(text);
}
