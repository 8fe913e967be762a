/** Reads the rows of a Parquet file in parts: the wanted columns of a row group, as many rows as fit in memory. */
import { type FileMetaData, parquetMetadata, parquetRead, type RowGroup } from 'hyparquet';
import { ForwardpassError } from '../errors.ts';
import { quote } from '../messages.ts';
import type { ByteSource } from './byte-source.ts';
import { keptColumns } from './keep.ts';
import { chunkOf, columnsOf, type ParquetColumn, type ParquetValue } from './parquet/columns.ts';
import { checkPages, libraryFault, type Unpacked } from './parquet/pages.ts';
import { ThriftCheck } from './parquet/thrift.ts';
import { BlockBuilder, missingNumber, type RowLayout } from './row-layout.ts';
import type { RowSource } from './row-source.ts';

const MAGIC = 0x31524150;
/** In bytes. The objects parsed from a footer take some seventy times as much. */
const LARGEST_FOOTER = 1 << 23;
const LARGEST_CHUNK = 2 ** 30;
const DEEPEST_SCHEMA = 64;
/** Cells in memory at once, approximately, because pages are read whole. */
const CELLS = 1 << 23;

export interface ParquetTable {
  readonly rowCount: number;
  readonly columns: readonly ParquetColumn[];
  /**
   * The rows, each with the cells of the wanted columns, in the order of the given positions. A row is valid until the
   * next.
   */
  rows(wanted: readonly number[]): AsyncGenerator<readonly ParquetValue[]>;
}

/** Throws `MALFORMED`, `TRUNCATED` or `LIMIT` if it is not a complete Parquet file. The source must be seekable. */
export async function openParquet(source: ByteSource): Promise<ParquetTable> {
  const metadata = await readMetadata(source);
  const columns = columnsOf(metadata.schema);
  const groupRows = metadata.row_groups.map(({ num_rows }) => safe(num_rows, source.name));
  const rowCount = groupRows.reduce((sum, rows) => sum + rows, 0);
  if (!Number.isSafeInteger(rowCount)) throw damaged('it states too many rows', source.name);
  return {
    rowCount,
    columns,
    async *rows(wanted) {
      const chosen = wanted.map((at) => columns[at]);
      const plain = withoutAnnotations(metadata, columns);
      const span = Math.max(1024, Math.floor(CELLS / Math.max(1, chosen.length)));
      const row: ParquetValue[] = new Array(chosen.length);
      for (const [g, group] of plain.row_groups.entries()) {
        for (let start = 0; start < groupRows[g]; start += span) {
          const end = Math.min(groupRows[g], start + span);
          const read: unknown[][] = [];
          for (const column of chosen) read.push(await readColumn(source, plain, group, column, start, end));
          for (let r = 0; r < end - start; r++) {
            for (let c = 0; c < chosen.length; c++) {
              const raw = read[c][r];
              row[c] = raw === null || raw === undefined ? null : chosen[c].value(raw);
            }
            yield row;
          }
        }
      }
    },
  };
}

async function readMetadata(source: ByteSource): Promise<FileMetaData> {
  const { name: place, size = 0 } = source;
  const tail = new Uint8Array(8);
  if (size < 12) throw new ForwardpassError('TRUNCATED', 'is too short for a Parquet file', place);
  await source.readAt(size - 8, tail);
  const view = new DataView(tail.buffer);
  if (view.getUint32(4, true) !== MAGIC) {
    throw new ForwardpassError(
      'TRUNCATED',
      'does not end like a Parquet file; it may be truncated or encrypted',
      place,
    );
  }
  const length = view.getUint32(0, true);
  if (length > size - 12) throw damaged(`it states a footer of ${length} bytes`, place);
  if (length > LARGEST_FOOTER) {
    const message = `has a footer of ${length} bytes; write it with fewer columns, or larger row groups`;
    throw new ForwardpassError('LIMIT', message, place);
  }
  const footer = new Uint8Array(length + 8);
  await source.readAt(size - 8 - length, footer);
  new ThriftCheck(footer.subarray(0, length), place).struct();
  return wrapped(place, () => {
    const metadata = parquetMetadata(footer, { geoparquet: false });
    checkSchema(metadata, place);
    return metadata;
  });
}

/** Checks that the schema is a tree, and not too deep for recursion. */
function checkSchema({ schema }: FileMetaData, place: string): void {
  const open: number[] = [];
  for (const [at, { num_children: children = 0, name }] of schema.entries()) {
    if (!(children >= 0) || typeof name !== 'string' || (at > 0 && open.length === 0)) {
      throw damaged('its schema is not a tree', place);
    }
    if (open.length > DEEPEST_SCHEMA) throw damaged('its schema is nested too deeply', place);
    if (open.length > 0) open[open.length - 1]--;
    open.push(children);
    while (open.at(-1) === 0) open.pop();
  }
  if (open.length > 0) throw damaged('its schema is not a tree', place);
}

function withoutAnnotations(metadata: FileMetaData, columns: readonly ParquetColumn[]): FileMetaData {
  const plain = new Map(columns.map(({ element, name }) => [name, element]));
  const schema = metadata.schema.map((element) =>
    element.num_children ? element : (plain.get(element.name) ?? element),
  );
  return { ...metadata, schema };
}

/** The raw values of the rows of one group, null for missing values. */
async function readColumn(
  source: ByteSource,
  metadata: FileMetaData,
  group: RowGroup,
  column: ParquetColumn,
  start: number,
  end: number,
): Promise<unknown[]> {
  const place = `${source.name} column ${quote(column.name)}`;
  const meta = chunkOf(group.columns, column, place);
  const first = safe(meta.dictionary_page_offset || meta.data_page_offset, place);
  const length = safe(meta.total_compressed_size, place);
  if (first + length > (source.size ?? 0)) throw damaged('a column reaches beyond its end', place);
  if (length > LARGEST_CHUNK) {
    throw new ForwardpassError(
      'LIMIT',
      `has ${length} bytes in a row group; write the file with smaller row groups`,
      place,
    );
  }
  const bytes = new Uint8Array(length);
  await source.readAt(first, bytes);
  const { element } = column;
  const isOptional = element.repetition_type !== 'REQUIRED';
  const pages: Unpacked = checkPages(
    bytes,
    { codec: meta.codec, type: meta.type, typeLength: element.type_length, isOptional },
    [start, end],
    place,
  );
  const values: unknown[] = new Array(end - start).fill(undefined);
  let found = 0;
  await wrapped(place, () =>
    parquetRead({
      file: { byteLength: source.size ?? 0, slice: (from, to) => bytes.slice(from - first, to && to - first).buffer },
      metadata: { ...metadata, row_groups: [group] },
      columns: [column.name],
      rowStart: start,
      rowEnd: end,
      utf8: false,
      geoparquet: false,
      compressors: unpackers(meta.codec, pages),
      onChunk: ({ columnData, rowStart }) => {
        for (let i = Math.max(0, start - rowStart); i < columnData.length && rowStart + i < end; i++) {
          values[rowStart + i - start] = columnData[i];
          found++;
        }
      },
    }),
  );
  if (found !== end - start || values.includes(undefined)) throw damaged('it ends before its last row', place);
  return values;
}

/** Decompressors that return what was decompressed when the pages were checked. */
function unpackers(codec: string, pages: Unpacked): Record<string, (bytes: Uint8Array) => Uint8Array> {
  return { [codec]: (bytes) => pages.get(bytes.byteOffset) ?? new Uint8Array(0) };
}

function safe(value: bigint | number | undefined, place: string): number {
  const number = Number(value);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw damaged(value === undefined ? 'a size is missing' : `it states the size ${value}`, place);
}

/** Turns errors from within the library into MALFORMED errors; errors of our own pass through. */
async function wrapped<T>(place: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof ForwardpassError) throw cause;
    throw damaged(libraryFault(cause), place, cause);
  }
}

function damaged(what: string, place: string, cause?: unknown): ForwardpassError {
  return new ForwardpassError('MALFORMED', `the Parquet file is damaged: ${what}`, place, { cause });
}

/** Columns are assigned by name, or by position if no names are known. */
export async function readParquet(
  source: ByteSource,
  layout: RowLayout,
  keep: readonly string[] = [],
): Promise<RowSource> {
  layout.refuseWholeRows(source.name);
  await source.makeSeekable();
  const { rowCount, columns, rows } = await openParquet(source);
  const names = columns.map(({ name }) => name);
  const slots = layout.placeColumns(names, source.name);
  const placed = [...slots.keys()].filter((at) => slots[at] >= 0 && !layout.isUnused(slots[at]));
  for (const at of placed) check(columns[at], columns[at].refused ?? columns[at].what, source.name);
  const kept = keptColumns(keep, names, source.name);
  for (const at of kept) check(columns[at], columns[at].refused, source.name);
  let rowsRead = 0;
  return {
    rowCount,
    fraction: () => (rowCount === 0 ? 1 : rowsRead / rowCount),
    async *blocks(batch) {
      let rowsBefore = 0;
      const placeOf = (row: number, slot: number) => {
        const at = slots.indexOf(slot);
        return `${source.name} row ${rowsBefore + row + 1}${at < 0 ? '' : `, column ${quote(names[at])}`}`;
      };
      /** The cells of the block, in which error messages look up strings. */
      let cells: ParquetValue[][] = [];
      const cellOf = (row: number, slot: number) => ({
        value: cells[row][placed.indexOf(slots.indexOf(slot))],
        place: placeOf(row, slot),
      });
      const builder = new BlockBuilder(layout, batch, cellOf, kept.length);
      for (let slot = 0; slot < layout.width; slot++) {
        if (!placed.some((at) => slots[at] === slot)) {
          builder.fill(
            slot,
            layout.numberOf(slot, undefined, () => source.name),
            batch,
          );
        }
      }
      for await (const row of rows([...placed, ...kept])) {
        for (const [c, at] of placed.entries()) {
          if (layout.isText(slots[at])) builder.setText(slots[at], row[c]);
          builder.set(
            slots[at],
            numberOf(layout, slots[at], row[c], () => placeOf(builder.rowCount, slots[at])),
          );
        }
        for (let k = 0; k < kept.length; k++) builder.keep(k, row[placed.length + k]);
        cells.push([...row]);
        rowsRead++;
        if (!builder.endRow()) continue;
        yield builder.take();
        rowsBefore = rowsRead;
        cells = [];
      }
      if (builder.rowCount > 0) yield builder.take();
    },
  };
}

function check({ name }: ParquetColumn, what: string | undefined, source: string): void {
  if (what === undefined) return;
  const place = `${source} column ${quote(name)}`;
  throw new ForwardpassError('INPUT', `expected numbers or strings, found ${what}`, place);
}

function numberOf(layout: RowLayout, slot: number, value: ParquetValue, place: () => string): number {
  if (typeof value === 'number' || layout.isWord(slot)) return layout.numberOf(slot, value, place);
  if (value === null) return missingNumber(layout, slot, place);
  if (typeof value !== 'bigint') return layout.numberOf(slot, value, place);
  if (Number.isSafeInteger(Number(value))) return Number(value);
  throw new ForwardpassError('INPUT', `expected an integer within ±(2^53 − 1), found ${value}`, place());
}
