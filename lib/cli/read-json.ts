import { ForwardpassError } from '../errors.ts';
import { describe, quote } from '../messages.ts';
import { orientationHint } from '../rows/orientation.ts';
import type { ByteSource } from './byte-source.ts';
import { parseJson } from './json-text.ts';
import { keptJson, noColumn, noNames } from './keep.ts';
import { BlockBuilder, checkExact, missingNumber, type RowLayout, type Span } from './row-layout.ts';
import type { RowBlock, RowSource } from './row-source.ts';

const LARGEST_DOCUMENT = 1 << 28;
/** Characters that a line may have for any model, and for each value of a row. */
const MODEST_LINE = 1 << 22;
const LINE_PER_VALUE = 64;
/** How deeply the arrays of one row may be nested. */
const DEEPEST_ROW = 16;

type JsonObject = { readonly [key: string]: unknown };

/** A whole document: rows, records, columns, or one row. It is parsed as a whole; JSON Lines are read in pieces. */
export async function readJson(
  source: ByteSource,
  layout: RowLayout,
  keep: readonly string[] = [],
): Promise<RowSource> {
  const text = await source.wholeText(LARGEST_DOCUMENT, 'use JSON Lines (.jsonl), which are read in pieces');
  const document = parseJson(text, source.name, layout.width);
  const rows = findRows(document, layout, keep, source.name);
  let rowsRead = 0;
  const filler = new RowFiller(layout, keep, source.name, (row) => `${source.name} row ${row + 1}`);
  return {
    rowCount: rows.length,
    fraction: () => (rows.length === 0 ? 1 : rowsRead / rows.length),
    async *blocks(batch) {
      filler.start(batch);
      for (let i = 0; i < rows.length; i++) {
        rowsRead++;
        const block = filler.add(rows.at(i), i);
        if (block) yield block;
      }
      yield* filler.end();
    },
  };
}

/** Reads a row or record from each line. */
export function readJsonLines(source: ByteSource, layout: RowLayout, keep: readonly string[] = []): RowSource {
  return {
    fraction: () => source.fraction(),
    async *blocks(batch): AsyncGenerator<RowBlock> {
      const filler = new RowFiller(layout, keep, source.name, (line) => `${source.name} line ${line + 1}`);
      filler.start(batch);
      let lineNumber = -1;
      for await (const lines of splitLines(source, MODEST_LINE + LINE_PER_VALUE * layout.width)) {
        for (const line of lines) {
          lineNumber++;
          if (line.trim() === '') continue;
          const row = parseJson(line, `${source.name} line ${lineNumber + 1}`, layout.width);
          const block = filler.add(row, lineNumber);
          if (block) yield block;
        }
      }
      yield* filler.end();
    },
  };
}

/** Whole lines, all those of a chunk at once, so that empty lines cost next to nothing. */
async function* splitLines(source: ByteSource, longest: number): AsyncGenerator<string[]> {
  const decoder = new TextDecoder();
  /** The parts of a line that continues in the next chunk. */
  let parts: string[] = [];
  let length = 0;
  let linesBefore = 0;
  for await (const chunk of source.chunks()) {
    const lines = decoder.decode(chunk, { stream: true }).split('\n');
    const rest = lines.pop() ?? '';
    if (lines.length > 0) {
      lines[0] = parts.join('') + lines[0];
      [parts, length] = [[], 0];
      yield lines;
      linesBefore += lines.length;
    }
    parts.push(rest);
    length += rest.length;
    if (length > longest) {
      const message = `is longer than ${longest} characters; write each row on its own line`;
      throw new ForwardpassError('LIMIT', message, `${source.name} line ${linesBefore + 1}`);
    }
  }
  yield [parts.join('') + decoder.decode()];
}

/** Rows by number, whatever the layout of the document. */
interface Rows {
  readonly length: number;
  at(row: number): unknown;
}

/**
 * Rows or records: the array itself; `{"inputs": …}` or `{"columns": …}`: what is inside; pandas' split form,
 * `{"columns": names, "data": rows}`: records; otherwise an object of columns, or one row.
 */
function findRows(document: unknown, layout: RowLayout, keep: readonly string[], place: string): Rows {
  if (layout.isWholeRow) return Array.isArray(document) ? document : [document];
  for (let inner = document; ; ) {
    if (typeof inner === 'string' && layout.width === 1 && layout.isText(0)) return [inner];
    if (Array.isArray(inner)) {
      const isOneRow = layout.width !== 1 && inner.length > 0 && inner.every(isScalar);
      return isOneRow ? [inner] : inner;
    }
    if (!isObject(inner)) {
      throw new ForwardpassError('INPUT', `expected rows, records or columns, found ${describe(inner)}`, place);
    }
    const { columns, data, schema } = inner;
    if (Array.isArray(columns) && Array.isArray(data) && !layout.find('columns')) return splitRows(columns, data);
    if (isObject(schema) && Array.isArray(data) && !layout.find('data')) return data;
    const wrapped = unwrapped(inner, layout);
    if (wrapped === undefined) {
      const hint = orientationHint(inner);
      if (hint !== undefined) throw new ForwardpassError('INPUT', hint, place);
      return columnRows(inner, layout, keep, place);
    }
    inner = wrapped;
  }
}

/** The rows inside the object that a request body for a server has around them. */
function unwrapped(document: JsonObject, layout: RowLayout): unknown {
  return ['inputs', 'columns']
    .filter((wrapper) => !layout.find(wrapper))
    .map((wrapper) => document[wrapper])
    .find((inner) => typeof inner === 'object' && inner !== null);
}

function splitRows(columns: readonly string[], data: readonly unknown[]): Rows {
  return {
    length: data.length,
    at: (row) => {
      const cells = data[row];
      if (!Array.isArray(cells)) return cells;
      // Only as many names as the row has cells, so that a short row costs little.
      return Object.fromEntries(cells.slice(0, columns.length).map((cell, i) => [columns[i], cell]));
    },
  };
}

/** Columns by name: an array with a value for each row, or, for one row, the values themselves. */
function columnRows(document: JsonObject, layout: RowLayout, keep: readonly string[], place: string): Rows {
  const absent = keep.find((name) => !Object.hasOwn(document, name));
  if (absent !== undefined) throw noColumn(absent, Object.keys(document), place);
  const columns = Object.entries(document).filter(([name]) => layout.find(name) || keep.includes(name));
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

/** Collects rows in blocks. */
class RowFiller {
  private builder: BlockBuilder | undefined;
  /** The rows of the block, with their numbers from 0. */
  private rows: { readonly row: unknown; readonly number: number }[] = [];
  private readonly neverSeen: Set<string>;

  constructor(
    private readonly layout: RowLayout,
    private readonly keep: readonly string[],
    private readonly source: string,
    private readonly placeOf: (row: number) => string,
  ) {
    this.neverSeen = new Set(keep);
  }

  start(batch: number): void {
    this.builder = new BlockBuilder(this.layout, batch, (row, slot) => this.cellOf(row, slot), this.keep.length);
  }

  /** Adds a row; returns the block if it is now full. */
  add(row: unknown, number: number): RowBlock | undefined {
    const builder = this.builder as BlockBuilder;
    if (this.rows.length === 0 || builder.rowCount === 0) this.rows = [];
    this.rows.push({ row, number });
    const place = this.placeOf(number);
    if (this.layout.isWholeRow) builder.setText(0, row);
    else if (isObject(row)) this.fillRecord(builder, row, place);
    else this.fillArray(builder, row, place);
    return builder.endRow() ? builder.take() : undefined;
  }

  /** The last block. */
  *end(): Generator<RowBlock> {
    if (this.builder && this.builder.rowCount > 0) yield this.builder.take();
    const [name] = this.neverSeen;
    const last = this.rows.at(-1)?.row;
    if (name !== undefined && isObject(last)) throw noColumn(name, Object.keys(last), this.source);
  }

  /** Fills in an array of values in order, nested or not. */
  private fillArray(builder: BlockBuilder, row: unknown, place: string): void {
    const { width } = this.layout;
    if (this.keep.length > 0) throw noNames(this.source);
    if (isScalar(row) && width !== 1) {
      throw new ForwardpassError('INPUT', `expected a row of ${width} values, found ${describe(row)}`, place);
    }
    this.fillSpan(builder, row, { slot: 0, width }, place);
  }

  /** Fills in features or inputs by name. Fields with other names are ignored. */
  private fillRecord(builder: BlockBuilder, record: JsonObject, place: string): void {
    const { layout } = this;
    const filled = new Uint8Array(layout.width);
    let count = 0;
    for (const [name, value] of Object.entries(record)) {
      const span = layout.find(name);
      if (!span) continue;
      if (typeof value === 'object' && value !== null) this.checkNested(record, name, value, place);
      this.fillSpan(builder, value, span, `${place}, ${quote(name)}`);
      filled.fill(1, span.slot, span.slot + span.width);
      count += span.width;
    }
    if (count < layout.width || filled.includes(0)) {
      layout.requireAll((slot) => filled[slot] === 1, Object.keys(record), place);
      for (let slot = 0; slot < layout.width; slot++) {
        if (filled[slot] === 0)
          builder.set(
            slot,
            layout.numberOf(slot, undefined, () => place),
          );
      }
    }
    for (const [k, name] of this.keep.entries()) {
      const isThere = Object.hasOwn(record, name);
      if (isThere) this.neverSeen.delete(name);
      builder.keep(k, isThere ? keptJson(record[name], `${place}, ${quote(name)}`) : null);
    }
  }

  /** Checks that only inputs with axes are given as arrays. */
  private checkNested(record: JsonObject, name: string, value: object, place: string): void {
    if (Array.isArray(value) && !this.layout.isScalar(name)) return;
    const message = `expected one value, found ${describe(value)}`;
    throw new ForwardpassError('INPUT', orientationHint(record) ?? message, `${place}, ${quote(name)}`);
  }

  private fillSpan(builder: BlockBuilder, value: unknown, { slot, width }: Span, place: string): void {
    const { layout } = this;
    const values = Array.isArray(value) ? value.flat(DEEPEST_ROW) : [value];
    if (values.length !== width) {
      throw new ForwardpassError('SHAPE', `expected ${width} values, found ${values.length}`, place);
    }
    for (let i = 0; i < width; i++) {
      const given: unknown = values[i];
      if (layout.isText(slot + i)) {
        if (typeof given !== 'string') {
          throw new ForwardpassError('INPUT', `expected a string, found ${describe(given)}`, place);
        }
        builder.setText(slot + i, given);
      }
      if (typeof given === 'number' && layout.isInteger(slot + i)) checkExact(given, `about ${given}`, () => place);
      const isNull = given === null && !layout.isWord(slot + i);
      builder.set(
        slot + i,
        isNull ? missingNumber(layout, slot + i, () => place) : layout.numberOf(slot + i, given, () => place),
      );
    }
  }

  private cellOf(at: number, slot: number): { value: unknown; place: string } {
    const { row, number } = this.rows[at];
    const place = this.placeOf(number);
    if (!isObject(row)) return { value: Array.isArray(row) ? row.flat(DEEPEST_ROW)[slot] : row, place };
    const name = this.layout.slotName(slot);
    return { value: row[name], place: `${place}, ${quote(name)}` };
  }
}

function isScalar(value: unknown): boolean {
  return typeof value !== 'object' || value === null;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
