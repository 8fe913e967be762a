/** Element types of tensors, by their numbers and names in TensorFlow's types.proto. */
import { ForwardpassError } from '../../errors.ts';
import type { ElementType } from '../tensors/value.ts';

interface Known {
  /** The name in JSON files, after `DT_`. */
  readonly name: string;
  /** The type here; undefined for types that no row model has. */
  readonly type?: ElementType;
}

const TYPES: ReadonlyMap<number, Known> = new Map<number, Known>([
  [1, { name: 'FLOAT', type: 'float32' }],
  [2, { name: 'DOUBLE', type: 'float64' }],
  [3, { name: 'INT32', type: 'int32' }],
  [4, { name: 'UINT8', type: 'uint8' }],
  [5, { name: 'INT16', type: 'int16' }],
  [6, { name: 'INT8', type: 'int8' }],
  [7, { name: 'STRING', type: 'string' }],
  [8, { name: 'COMPLEX64' }],
  [9, { name: 'INT64', type: 'int64' }],
  [10, { name: 'BOOL', type: 'bool' }],
  [11, { name: 'QINT8' }],
  [12, { name: 'QUINT8' }],
  [13, { name: 'QINT32' }],
  [14, { name: 'BFLOAT16', type: 'bfloat16' }],
  [15, { name: 'QINT16' }],
  [16, { name: 'QUINT16' }],
  [17, { name: 'UINT16', type: 'uint16' }],
  [18, { name: 'COMPLEX128' }],
  [19, { name: 'HALF', type: 'float16' }],
  [20, { name: 'RESOURCE' }],
  [21, { name: 'VARIANT' }],
  [22, { name: 'UINT32', type: 'uint32' }],
  [23, { name: 'UINT64', type: 'uint64' }],
]);

/** A reference to a variable has the number of its type plus this. */
const REFERENCE = 100;

function plainType(code: number): number {
  return code > REFERENCE ? code - REFERENCE : code;
}

export function elementType(code: number, place: string): ElementType {
  const known = TYPES.get(plainType(code));
  if (known?.type !== undefined) return known.type;
  const found = known === undefined ? `the unknown type ${code}` : known.name.toLowerCase();
  throw new ForwardpassError('UNSUPPORTED_DTYPE', `expected floats, integers, bool or strings, found ${found}`, place);
}

/** The number for a name such as `DT_FLOAT` or `float32`; 0, the invalid type, for others. */
export function typeCode(name: string): number {
  for (const [code, known] of TYPES) {
    if (name === `DT_${known.name}` || name === (known.type ?? known.name.toLowerCase())) return code;
  }
  return 0;
}
