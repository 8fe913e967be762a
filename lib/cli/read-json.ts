import { ForwardpassError } from '../errors.ts';
import { describe, listNames, quote } from '../words.ts';
import type { ByteSource } from './byte-source.ts';
import { BlockBuilder, type RowLayout } from './row-layout.ts';
import type { RowBlock, RowSource } from './row-source.ts';

const LARGEST_DOCUMENT = 1 << 28;
const LONGEST_LINE = 1 << 28;
/** Nested arrays of one row. */
const DEEPEST_ROW = 16;

type JsonObject = { readonly [key: string]: unknown };

/** A whole document: rows, records, columns, or one row. It is parsed at once; JSON Lines are read piece by piece. */
export async function readJson(source: ByteSource, layout: RowLayout): Promise<RowSource> {
  const text = await source.wholeText(
    LARGEST_DOCUMENT,
    'give JSON Lines (.jsonl) instead, they are read piece by piece',
  );
  const rows = findRows(parseJson(text, source.name), layout, source.name);
  let rowsRead = 0;
  return {
    rowCount: rows.length,
    fraction: () => (rows.length === 0 ? 1 : rowsRead / rows.length),
    async *blocks(batch) {
      const builder = new BlockBuilder(layout, batch);
      for (let i = 0; i < rows.length; i++) {
        fillRow(builder, layout, rows.at(i), `${source.name} row ${i + 1}`);
        rowsRead++;
        if (builder.endRow()) yield builder.take();
      }
      if (builder.rowCount > 0) yield builder.take();
    },
  };
}

/** A row or record on each line. */
export function readJsonLines(source: ByteSource, layout: RowLayout): RowSource {
  return {
    fraction: () => source.fraction(),
    async *blocks(batch): AsyncGenerator<RowBlock> {
      const builder = new BlockBuilder(layout, batch);
      let lineNumber = 0;
      for await (const line of splitLines(source)) {
        lineNumber++;
        if (line.trim() === '') continue;
        const place = `${source.name} line ${lineNumber}`;
        fillRow(builder, layout, parseJson(line, place), place);
        if (builder.endRow()) yield builder.take();
      }
      if (builder.rowCount > 0) yield builder.take();
    },
  };
}

async function* splitLines(source: ByteSource): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  /** Of a line that goes on in the next chunk. */
  let parts: string[] = [];
  let length = 0;
  for await (const chunk of source.chunks()) {
    const lines = decoder.decode(chunk, { stream: true }).split('\n');
    const rest = lines.pop() ?? '';
    if (lines.length > 0) {
      lines[0] = parts.join('') + lines[0];
      [parts, length] = [[], 0];
      yield* lines;
    }
    parts.push(rest);
    length += rest.length;
    if (length > LONGEST_LINE) {
      throw new ForwardpassError('LIMIT', `a line is longer than ${LONGEST_LINE} characters`, source.name);
    }
  }
  yield parts.join('') + decoder.decode();
}

function parseJson(text: string, place: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ForwardpassError('MALFORMED', `is not JSON: ${(cause as Error).message}`, place, { cause });
  }
}

/** Rows by number, whichever way the document lays them out. */
interface Rows {
  readonly length: number;
  at(row: number): unknown;
}

/**
 * Rows or records: the array itself; `{"inputs": …}` or `{"columns": …}`: what is inside; pandas' split form,
 * `{"columns": names, "data": rows}`: records; otherwise an object of columns, or one row.
 */
function findRows(document: unknown, layout: RowLayout, place: string): Rows {
  if (Array.isArray(document)) {
    const isOneRow = layout.width !== 1 && document.length > 0 && document.every(isScalar);
    return isOneRow ? [document] : document;
  }
  if (!isObject(document)) {
    throw new ForwardpassError('INPUT', `expected rows, records or columns, found ${describe(document)}`, place);
  }
  const { columns, data } = document;
  if (Array.isArray(columns) && Array.isArray(data) && !layout.find('columns')) {
    return {
      length: data.length,
      at: (row) =>
        Array.isArray(data[row]) ? Object.fromEntries(columns.map((c, i) => [c, data[row][i]])) : data[row],
    };
  }
  for (const wrapper of ['inputs', 'columns']) {
    const inner = document[wrapper];
    if (typeof inner === 'object' && inner !== null && !layout.find(wrapper)) return findRows(inner, layout, place);
  }
  return columnRows(document, layout, place);
}

/** Columns by name: an array of as many values as there are rows, or, for one row, the row's own values. */
function columnRows(document: JsonObject, layout: RowLayout, place: string): Rows {
  const columns = Object.entries(document).filter(([name]) => layout.find(name));
  const isOneRow = columns.every(([name, value]) => {
    const width = layout.find(name)?.width ?? 1;
    return isScalar(value) || (width > 1 && Array.isArray(value) && value.length === width && value.every(isScalar));
  });
  if (isOneRow) return [document];
  let length: number | undefined;
  for (const [name, value] of columns) {
    const found = Array.isArray(value) ? value.length : 1;
    length ??= found;
    if (!Array.isArray(value) || found !== length) {
      const message = `expected an array of ${length} values, as ${quote(columns[0][0])} has, found ${describe(value)}`;
      throw new ForwardpassError('INPUT', message, `${place} column ${quote(name)}`);
    }
  }
  return {
    length: length ?? 0,
    at: (row) => Object.fromEntries(columns.map(([name, value]) => [name, (value as unknown[])[row]])),
  };
}

/** One row: its values in order, nested or not, or a record of features or inputs. Unknown fields are left out. */
function fillRow(builder: BlockBuilder, layout: RowLayout, row: unknown, place: string): void {
  if (!isObject(row)) {
    if (isScalar(row) && layout.width !== 1) {
      throw new ForwardpassError('INPUT', `expected a row of ${layout.width} values, found ${describe(row)}`, place);
    }
    fillSpan(builder, row, 0, layout.width, place);
    return;
  }
  const filled = new Uint8Array(layout.width);
  for (const [name, value] of Object.entries(row)) {
    const span = layout.find(name);
    if (!span) continue;
    fillSpan(builder, value, span.slot, span.width, `${place}, ${quote(name)}`);
    filled.fill(1, span.slot, span.slot + span.width);
  }
  layout.requireAll((slot) => filled[slot] === 1, `the fields ${listNames(Object.keys(row), 5)}`, place);
}

function fillSpan(builder: BlockBuilder, value: unknown, slot: number, width: number, place: string): void {
  const values = Array.isArray(value) ? value.flat(DEEPEST_ROW) : [value];
  if (values.length !== width) {
    throw new ForwardpassError('SHAPE', `expected ${width} values, found ${values.length}`, place);
  }
  for (let i = 0; i < width; i++) builder.set(slot + i, toNumber(values[i], place));
}

/** null is NaN, which JSON cannot say. */
function toNumber(value: unknown, place: string): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (value === null) return Number.NaN;
  throw new ForwardpassError('INPUT', `expected a number, found ${describe(value)}`, place);
}

function isScalar(value: unknown): boolean {
  return typeof value !== 'object' || value === null;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
