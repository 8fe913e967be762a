import { pipeline, Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { ForwardpassError } from '../errors.ts';
import { quote } from '../words.ts';
import type { ByteSource } from './byte-source.ts';
import type { CsvOptions } from './csv-options.ts';
import { BlockBuilder, type RowLayout } from './row-layout.ts';
import type { RowBlock, RowSource } from './row-source.ts';

const SNIFFED_BYTES = 65_536;
/** A row longer than that is rather a quote that is never closed. */
const LONGEST_ROW = 1 << 26;

export function readCsv(source: ByteSource, layout: RowLayout, options: CsvOptions): RowSource {
  return {
    fraction: () => source.fraction(),
    async *blocks(batch) {
      try {
        yield* parseBlocks(source, layout, options, batch);
      } catch (error) {
        if (!(error instanceof CsvError)) throw error;
        throw new ForwardpassError('MALFORMED', error.message, source.name, { cause: error });
      }
    },
  };
}

/** What the parser gives with `info`. */
interface ParsedRow {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

async function* parseBlocks(
  source: ByteSource,
  layout: RowLayout,
  options: CsvOptions,
  batch: number,
): AsyncGenerator<RowBlock> {
  const { header = 'auto' } = options;
  const builder = new BlockBuilder(layout, batch);
  const delimiter =
    options.delimiter ?? sniffDelimiter(Buffer.from(await source.peek(SNIFFED_BYTES)).toString('latin1'), options);
  const parseCell = options.decimal === ',' ? parseDecimalComma : parseNumber;
  const parser = parse({ delimiter, trim: true, skip_empty_lines: true, max_record_size: LONGEST_ROW, info: true });
  // The parser is destroyed with the source's error, and so throws it below.
  pipeline(Readable.from(source.chunks(), { objectMode: false }), parser, () => {});

  let slots: Int32Array | undefined;
  let names: readonly string[] | undefined;
  let row = 0;
  for await (const { record: cells, info } of parser as AsyncIterable<ParsedRow>) {
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
        const hint = /^[+-]?\d+,\d+$/.test(cells[column]) ? '; a decimal comma needs --decimal ,' : '';
        const message = `expected a number, found ${quote(cells[column])} (line ${info.lines})${hint}`;
        throw new ForwardpassError('INPUT', message, place);
      }
      builder.set(slots[column], value);
    }
    if (builder.endRow()) yield builder.take();
  }
  if (builder.rowCount > 0) yield builder.take();
}

/** Tab or semicolon where the first line has one outside quotes, otherwise comma, or a bar where it has no comma. */
function sniffDelimiter(head: string, { decimal }: CsvOptions): string {
  const line = head.replace(/"[^"]*"/g, '').split(/\r?\n/, 1)[0];
  const usual = ['\t', ';', ',', '|'].filter((delimiter) => delimiter !== decimal);
  return usual.find((delimiter) => line.includes(delimiter)) ?? usual[1];
}

/** What pandas takes for a missing value, to the letter, and some words for numbers in any case. */
const MISSING = [
  ...['', '#N/A', '#N/A N/A', '#NA', '-1.#IND', '-1.#QNAN', '-NaN', '-nan', '1.#IND', '1.#QNAN', '<NA>', 'N/A', 'NA'],
  ...['NULL', 'NaN', 'None', 'n/a', 'nan', 'null'],
];
const WORDS: ReadonlyMap<string, number> = new Map([
  ...MISSING.map((word): [string, number] => [word.toLowerCase(), Number.NaN]),
  ['inf', Number.POSITIVE_INFINITY],
  ['+inf', Number.POSITIVE_INFINITY],
  ['-inf', Number.NEGATIVE_INFINITY],
  ['infinity', Number.POSITIVE_INFINITY],
  ['+infinity', Number.POSITIVE_INFINITY],
  ['-infinity', Number.NEGATIVE_INFINITY],
  ['true', 1],
  ['false', 0],
]);

/** The number that a cell without surrounding blanks says, of a missing one NaN; undefined when it says none. */
function parseNumber(cell: string): number | undefined {
  const value = cell === '' ? Number.NaN : Number(cell);
  // JavaScript alone reads 0x10, 0b1 and 0o7 as numbers.
  if (Number.isNaN(value) || isPrefixed(cell)) return WORDS.get(cell.toLowerCase());
  return value;
}

/** The same where a comma stands before the fraction. A point would group thousands, which is not read either way. */
function parseDecimalComma(cell: string): number | undefined {
  return cell.includes('.') ? WORDS.get(cell.toLowerCase()) : parseNumber(cell.replace(',', '.'));
}

function isPrefixed(cell: string): boolean {
  return cell.length > 2 && cell[0] === '0' && cell.charCodeAt(1) > 0x39 && cell[1] !== 'e' && cell[1] !== 'E';
}
