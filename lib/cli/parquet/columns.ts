/** What the columns of a Parquet file hold, and the value of each cell. */
import type { ColumnMetaData, SchemaElement } from 'hyparquet';
import { ForwardpassError } from '../../errors.ts';
import { widenFloat16 } from '../../formats/containers/half.ts';

/** What a cell is: null where it is missing. Dates and times are text, as ISO 8601 has it. */
export type ParquetValue = number | bigint | string | boolean | null;

export interface ParquetColumn {
  readonly name: string;
  /** As hyparquet is to see it: without the annotations that are converted here. */
  readonly element: SchemaElement;
  /** In words, where the column is of a kind that holds no cells. */
  readonly refused?: string;
  /** Set where the column holds no numbers, words or truths, but text that stands for something else. */
  readonly what?: string;
  /** From what hyparquet gives, which is never null or undefined. */
  readonly value: (raw: unknown) => ParquetValue;
}

/** The columns of a flat schema; nested ones are one each, and refused. */
export function columnsOf(schema: readonly SchemaElement[]): ParquetColumn[] {
  const columns: ParquetColumn[] = [];
  for (let at = 1; at < schema.length; ) {
    const element = schema[at];
    columns.push(element.num_children ? nested(element) : columnOf(element));
    at = endOf(schema, at);
  }
  return columns;
}

/** Where the elements of a subtree end. */
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

/** The float64 that is nearest. */
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

/** Days since a noon of 4713 BC, and nanoseconds of the day. */
function legacyTimestamp(raw: unknown): string {
  const [days, nanoseconds] = [(raw as bigint) >> 64n, BigInt.asUintN(64, raw as bigint)];
  return isoTime((days - 2_440_588n) * 86_400_000_000_000n + nanoseconds);
}

/** Since 1970, without a zone; after the second three, six or nine digits as needed. Years that no calendar has are the bare number. */
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

/** The physical column of a flat one in a row group. Throws `MALFORMED` where the group does not have it. */
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
