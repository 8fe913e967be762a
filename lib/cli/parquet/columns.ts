/** The columns of a Parquet file and the values of their cells. */
import type { ColumnMetaData, SchemaElement } from 'hyparquet';
import { ForwardpassError } from '../../errors.ts';
import { widenFloat16 } from '../../formats/containers/half.ts';

/** A cell, null if missing. Dates and times are ISO 8601 strings. */
export type ParquetValue = number | bigint | string | boolean | null;

export interface ParquetColumn {
  readonly name: string;
  /** The element for hyparquet, without the annotations that are converted here. */
  readonly element: SchemaElement;
  /** What the column holds, if it is of a type that is not supported. */
  readonly refused?: string;
  /** What the text of the column represents, if it is not a number, string or boolean. */
  readonly what?: string;
  /** Converts a value from hyparquet, which is never null or undefined. */
  readonly value: (raw: unknown) => ParquetValue;
}

/** The columns of a flat schema. Each nested column becomes one that is refused. */
export function columnsOf(schema: readonly SchemaElement[]): ParquetColumn[] {
  const columns: ParquetColumn[] = [];
  for (let at = 1; at < schema.length; ) {
    const element = schema[at];
    columns.push(element.num_children ? nested(element) : columnOf(element));
    at = endOf(schema, at);
  }
  return columns;
}

/** The index after the last element of a subtree. */
function endOf(schema: readonly SchemaElement[], start: number): number {
  let at = start;
  for (let open = 1; open > 0 && at < schema.length; open--) open += schema[at++].num_children ?? 0;
  return at;
}

function nested(element: SchemaElement): ParquetColumn {
  return { name: element.name, element, refused: 'lists or structures', value: () => null };
}

function columnOf(element: SchemaElement): ParquetColumn {
  const { name, type, repetition_type, converted_type, logical_type } = element;
  const plain = { ...element, converted_type: undefined, logical_type: undefined };
  const column = (value: ParquetColumn['value'], what?: string) => ({ name, element: plain, what, value });
  const refused = (what: string) => ({ name, element, refused: what, value: () => null });
  if (repetition_type === 'REPEATED') return refused('lists');
  const logical = logical_type?.type;
  if (converted_type === 'DECIMAL' || logical === 'DECIMAL') return column(decimals(element));
  if (type === 'INT96') return column(legacyTimestamp, 'timestamps');
  if (converted_type === 'DATE' || logical === 'DATE') {
    return column((days) => isoTime(BigInt(days as number) * 86_400_000_000_000n).slice(0, 10), 'dates');
  }
  if (converted_type?.startsWith('TIME_') || logical === 'TIME') return refused('times of day');
  if (converted_type?.startsWith('TIMESTAMP') || logical === 'TIMESTAMP')
    return column(timestamps(element), 'timestamps');
  switch (type) {
    case 'BOOLEAN':
      return column((raw) => raw as boolean);
    case 'FLOAT':
    case 'DOUBLE':
      return column((raw) => raw as number);
    case 'INT32':
      return column(isUnsigned(element) ? (raw) => (raw as number) >>> 0 : (raw) => raw as number);
    case 'INT64':
      return column(isUnsigned(element) ? (raw) => BigInt.asUintN(64, raw as bigint) : (raw) => raw as bigint);
    case 'BYTE_ARRAY':
      if (converted_type === 'BSON' || logical === 'BSON') return refused('BSON');
      return { name, element: { ...plain, converted_type: 'UTF8' }, value: (raw) => raw as string };
    case 'FIXED_LEN_BYTE_ARRAY':
      if (logical === 'FLOAT16' && element.type_length === 2) return column(half);
      return refused('bytes');
    default:
      return refused('values of an unknown type');
  }
}

function isUnsigned({ converted_type, logical_type }: SchemaElement): boolean {
  return converted_type?.startsWith('UINT_') || (logical_type?.type === 'INTEGER' && !logical_type.isSigned);
}

function half(raw: unknown): number {
  const [low, high] = raw as Uint8Array;
  return widenFloat16(Uint16Array.of(low | (high << 8)))[0];
}

/** Converts decimals to the nearest float64. */
function decimals({ scale, logical_type }: SchemaElement): ParquetColumn['value'] {
  const digits = scale ?? (logical_type?.type === 'DECIMAL' ? logical_type.scale : 0) ?? 0;
  return (raw) => Number(`${raw instanceof Uint8Array ? bigEndian(raw) : raw}e${-digits}`);
}

function bigEndian(bytes: Uint8Array): bigint {
  if (bytes.length === 0) return 0n;
  return BigInt.asIntN(bytes.length * 8, BigInt(`0x${Buffer.from(bytes).toString('hex')}`));
}

function timestamps({ converted_type, logical_type }: SchemaElement): ParquetColumn['value'] {
  const stamp = logical_type?.type === 'TIMESTAMP' ? logical_type : undefined;
  const unit = stamp?.unit ?? (converted_type === 'TIMESTAMP_MICROS' ? 'MICROS' : 'MILLIS');
  const nanoseconds = unit === 'NANOS' ? 1n : unit === 'MICROS' ? 1000n : 1_000_000n;
  const zone = stamp === undefined || stamp.isAdjustedToUTC ? 'Z' : '';
  return (raw) => isoTime((raw as bigint) * nanoseconds) + zone;
}

/** Decodes INT96: the Julian day (since noon in 4713 BC) and the nanoseconds of the day. */
function legacyTimestamp(raw: unknown): string {
  const [days, nanoseconds] = [(raw as bigint) >> 64n, BigInt.asUintN(64, raw as bigint)];
  return isoTime((days - 2_440_588n) * 86_400_000_000_000n + nanoseconds);
}

/**
 * The ISO text of nanoseconds since 1970, without a time zone, with three, six or nine decimals as needed. Out of the
 * range of Date, the bare number.
 */
function isoTime(nanoseconds: bigint): string {
  const fraction = ((nanoseconds % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  const seconds = (nanoseconds - fraction) / 1_000_000_000n;
  const date = new Date(Number(seconds) * 1000);
  if (Number.isNaN(date.getTime())) return `${nanoseconds}`;
  const digits =
    fraction === 0n
      ? ''
      : `.${String(fraction)
          .padStart(9, '0')
          .replace(/(000){1,2}$/, '')}`;
  return date.toISOString().slice(0, -5) + digits;
}

/** The column chunk of a flat column in a row group. Throws `MALFORMED` if the group does not have it. */
export function chunkOf(
  columns: readonly { readonly meta_data?: ColumnMetaData; readonly file_path?: string }[],
  { name, element }: ParquetColumn,
  place: string,
): ColumnMetaData {
  const [found, ...more] = columns.filter(({ meta_data }) => meta_data?.path_in_schema[0] === name);
  const meta = found?.meta_data;
  if (more.length > 0 || meta === undefined || found.file_path || meta.type !== element.type) {
    throw new ForwardpassError('MALFORMED', 'the Parquet file is damaged, encrypted, or has the column twice', place);
  }
  return meta;
}
