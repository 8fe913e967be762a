import { pipeline, Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { ForwardpassError } from '../errors.ts';
import { quote } from '../words.ts';
import type { ByteSource } from './byte-source.ts';
import { BlockBuilder, type RowLayout } from './row-layout.ts';
import type { RowBlock, RowSource } from './row-source.ts';

/**
 * What the first row is. `auto`: names, if any of its cells is not a number; `names`: names; `skip`: something to
 * leave out, columns go by position; `none`: already data.
 */
export const HEADER_MODES = ['auto', 'names', 'skip', 'none'] as const;
export type HeaderMode = (typeof HEADER_MODES)[number];

const SNIFFED_BYTES = 65_536;
/** A row longer than that is rather a quote that is never closed. */
const LONGEST_ROW = 1 << 26;

export function readCsv(source: ByteSource, layout: RowLayout, header: HeaderMode = 'auto'): RowSource {
  return {
    fraction: () => source.fraction(),
    async *blocks(batch) {
      try {
        yield* parseBlocks(source, layout, header, batch);
      } catch (error) {
        if (!(error instanceof CsvError)) throw error;
        throw new ForwardpassError('MALFORMED', error.message, source.name, { cause: error });
      }
    },
  };
}

async function* parseBlocks(
  source: ByteSource,
  layout: RowLayout,
  header: HeaderMode,
  batch: number,
): AsyncGenerator<RowBlock> {
  const builder = new BlockBuilder(layout, batch);
  const delimiter = sniffDelimiter(Buffer.from(await source.peek(SNIFFED_BYTES)).toString('latin1'));
  const parser = parse({ bom: true, delimiter, trim: true, skip_empty_lines: true, max_record_size: LONGEST_ROW });
  // The parser is destroyed with the source's error, and so throws it below.
  pipeline(Readable.from(source.chunks(), { objectMode: false }), parser, () => {});

  let slots: Int32Array | undefined;
  let names: readonly string[] | undefined;
  let row = 0;
  for await (const cells of parser as AsyncIterable<string[]>) {
    if (slots === undefined) {
      const isHeader = header === 'auto' ? cells.some((cell) => parseCell(cell) === undefined) : header !== 'none';
      if (isHeader) names = cells;
      slots =
        names && header !== 'skip'
          ? layout.placeColumns(names, source.name)
          : layout.placeByPosition(cells.length, source.name);
      if (isHeader) continue;
    }
    row++;
    for (let column = 0; column < cells.length; column++) {
      if (slots[column] < 0) continue;
      const value = parseCell(cells[column]);
      if (value === undefined) {
        const place = `${source.name} row ${row}, column ${names ? quote(names[column]) : column + 1}`;
        throw new ForwardpassError('INPUT', `expected a number, found ${quote(cells[column])}`, place);
      }
      builder.set(slots[column], value);
    }
    if (builder.endRow()) yield builder.take();
  }
  if (builder.rowCount > 0) yield builder.take();
}

/** Tab or semicolon where the first line has one outside quotes, otherwise comma. */
function sniffDelimiter(head: string): string {
  const line = head.replace(/"[^"]*"/g, '').split(/\r?\n/, 1)[0];
  return ['\t', ';'].find((delimiter) => line.includes(delimiter)) ?? ',';
}

const WORDS: ReadonlyMap<string, number> = new Map([
  ['', Number.NaN],
  ['nan', Number.NaN],
  ['na', Number.NaN],
  ['n/a', Number.NaN],
  ['null', Number.NaN],
  ['none', Number.NaN],
  ['inf', Number.POSITIVE_INFINITY],
  ['+inf', Number.POSITIVE_INFINITY],
  ['-inf', Number.NEGATIVE_INFINITY],
  ['true', 1],
  ['false', 0],
]);

/** The number that a cell without surrounding blanks says, an empty one NaN; undefined when it says none. */
function parseCell(cell: string): number | undefined {
  const value = cell === '' ? Number.NaN : Number(cell);
  return Number.isNaN(value) ? WORDS.get(cell.toLowerCase()) : value;
}
