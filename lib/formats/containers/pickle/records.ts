/** NumPy's structured arrays: records of named fields, each with a type and an offset. */
import { ForwardpassError } from '../../../errors.ts';
import type { Budget } from '../../../graph/budget.ts';
import { widenFloat16 } from '../half.ts';
import { type ArrayType, arrayParts, bytesOf, countOf, readArrayType, readShape } from './numpy.ts';
import { PickleDict, PickleObject, PickleRecords, PickleTuple, type PickleValue, type RecordColumn } from './values.ts';

/** More than any array of a model has. */
export const MOST_FIELDS = 64;

export interface Field {
  readonly name: string;
  readonly type: ArrayType;
  readonly offset: number;
}

/** A record type. Readers return undefined for other types, and for records that contain anything but numbers. */
export interface RecordType {
  readonly fields: readonly Field[];
  /** Bytes of one record. */
  readonly bytes: number;
}

export function readRecordType(value: PickleValue | undefined): RecordType | undefined {
  const isType = value instanceof PickleObject && String(value.callable) === 'numpy.dtype';
  const state = isType && value.state instanceof PickleTuple ? value.state.items : [];
  const [, , , names, fields, bytes] = state;
  if (!(names instanceof PickleTuple) || !(fields instanceof PickleDict)) return undefined;
  if (names.items.length > MOST_FIELDS || !Number.isSafeInteger(bytes) || Number(bytes) < 1) return undefined;
  const read: Field[] = [];
  for (const name of names.items) {
    const field = typeof name === 'string' ? fields.get(name) : undefined;
    const [type, offset] = field instanceof PickleTuple ? field.items : [];
    const known = readArrayType(type);
    if (typeof name !== 'string' || known === undefined || !/^[fiub]/.test(known.name)) return undefined;
    const isWithin =
      Number.isSafeInteger(offset) && Number(offset) >= 0 && Number(offset) + known.bytes <= Number(bytes);
    if (!isWithin) return undefined;
    read.push({ name, type: known, offset: Number(offset) });
  }
  return { fields: read, bytes: Number(bytes) };
}

/** The records that an object represents; undefined for other objects. */
export function readRecords(object: PickleObject, budget: Budget, place: string): PickleRecords | undefined {
  const parts = arrayParts(object);
  const type = parts && readRecordType(parts.type);
  if (parts === undefined || type === undefined) return undefined;
  return recordsFromBytes(type, readShape(parts.shape, budget, place), bytesOf(parts.data, budget, place), place);
}

/** Records of exactly the given bytes. */
export function recordsFromBytes(
  { fields, bytes: width }: RecordType,
  shape: readonly number[],
  bytes: Uint8Array,
  place: string,
): PickleRecords {
  const count = countOf(shape);
  if (bytes.length !== count * width) {
    const message = `${count} records of ${width} bytes need ${count * width} bytes, found ${bytes.length}`;
    throw new ForwardpassError('MALFORMED', message, place);
  }
  const known = new Map(fields.map((field) => [field.name, field]));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return new PickleRecords(shape, new Set(known.keys()), (name) => columnOf(view, known.get(name) as Field, width));
}

/** A function for each type, so that code that reads millions of numbers does not check the type of each. */
function columnOf(view: DataView, { type, offset: at }: Field, width: number): RecordColumn {
  const { name, littleEndian: little } = type;
  const [low, high] = little ? [at, at + 4] : [at + 4, at];
  switch (name) {
    case 'f8':
      return (record) => view.getFloat64(at + record * width, little);
    case 'f4':
      return (record) => view.getFloat32(at + record * width, little);
    case 'f2':
      return (record) => widenFloat16(Uint16Array.of(view.getUint16(at + record * width, little)))[0];
    case 'i8':
      return (record) =>
        view.getInt32(high + record * width, little) * 2 ** 32 + view.getUint32(low + record * width, little);
    case 'u8':
      return (record) =>
        view.getUint32(high + record * width, little) * 2 ** 32 + view.getUint32(low + record * width, little);
    case 'i4':
      return (record) => view.getInt32(at + record * width, little);
    case 'u4':
      return (record) => view.getUint32(at + record * width, little);
    case 'i2':
      return (record) => view.getInt16(at + record * width, little);
    case 'u2':
      return (record) => view.getUint16(at + record * width, little);
    case 'i1':
      return (record) => view.getInt8(at + record * width);
    case 'u1':
      return (record) => view.getUint8(at + record * width);
    default:
      return (record) => Number(view.getUint8(at + record * width) !== 0);
  }
}
