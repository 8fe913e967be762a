/** Element types by their numbers in the format: ScalarType of torch/_export/serde/schema.py. */
import { ForwardpassError } from '../../errors.ts';
import { describe } from '../../messages.ts';
import type { TorchDType } from '../containers/torch-tensors.ts';
import type { ElementType } from '../tensors/value.ts';

const BY_NUMBER = new Map<unknown, readonly [stored: TorchDType, type: ElementType]>([
  [1, ['U8', 'uint8']],
  [2, ['I8', 'int8']],
  [3, ['I16', 'int16']],
  [4, ['I32', 'int32']],
  [5, ['I64', 'int64']],
  [6, ['F16', 'float16']],
  [7, ['F32', 'float32']],
  [8, ['F64', 'float64']],
  [12, ['BOOL', 'bool']],
  [13, ['BF16', 'bfloat16']],
  [28, ['U16', 'uint16']],
  [34, ['U32', 'uint32']],
  [35, ['U64', 'uint64']],
]);

function entryOf(number: unknown, place: string): readonly [TorchDType, ElementType] {
  const entry = BY_NUMBER.get(number);
  if (entry !== undefined) return entry;
  const found = typeof number === 'number' ? `type ${number}` : describe(number);
  const message = `expected floats, integers or bool as elements, found ${found}`;
  throw new ForwardpassError('UNSUPPORTED_DTYPE', message, place);
}

export function dtypeOf(number: unknown, place: string): TorchDType {
  return entryOf(number, place)[0];
}

export function elementTypeOf(number: unknown, place: string): ElementType {
  return entryOf(number, place)[1];
}
