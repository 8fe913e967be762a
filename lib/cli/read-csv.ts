import { pipeline, Readable } from 'node:stream';
import { CsvError, type Parser, parse } from 'csv-parse';
import { withoutPlace } from '../error-text.ts';
import { ForwardpassError } from '../errors.ts';
import { quote } from '../messages.ts';
import type { ByteSource } from './byte-source.ts';
import { isMissing, parseDecimalComma, parseNumber } from './csv-cells.ts';
import type { CsvOptions } from './csv-options.ts';
import { keptColumns } from './keep.ts';
import { BlockBuilder, checkExact, type RowLayout } from './row-layout.ts';
import type { RowBlock, RowSource } from './row-source.ts';

const SNIFFED_BYTES = 65_536;
/**
 * Bytes that a row may have for any model, and for each of its values. A longer row is likely a quote that is never
 * closed.
 */
const MODEST_ROW = 2 ** 22;
const ROW_PER_VALUE = 64;
/** The number of cells is checked every so many bytes. */
const CHECKED_BYTES = 2 ** 18;
/** How many columns there may be beside those of the model. */
const MOST_OTHER_COLUMNS = 2 ** 17;

export function readCsv(
  source: ByteSource,
  layout: RowLayout,
  options: CsvOptions,
  keep: readonly string[] = [],
): RowSource {
  return {
    fraction: () => source.fraction(),
    async *blocks(batch) {
      const rows = new CsvRows(source, layout, options, keep);
      try {
        yield* rows.blocks(batch);
      } catch (error) {
        if (!(error instanceof CsvError)) throw error;
        throw refusalOf(error, source.name, rows.lineOfLastRow + 1);
      }
    },
  };
}

/** The parser's error, at the line where the row begins, because the parser only knows where it ends. */
function refusalOf(error: CsvError, place: string, line: number): ForwardpassError {
  const options = { cause: error };
  if (error.code === 'CSV_MAX_RECORD_SIZE') {
    const message =
      'the row that begins here exceeds the size limit of a row; check whether a quote in it is never closed';
    return new ForwardpassError('LIMIT', message, `${place} line ${line}`, options);
  }
  if (error.code === 'CSV_QUOTE_NOT_CLOSED') {
    const message = `a quote in the row that begins here is never closed${remedyOf(error)}`;
    return new ForwardpassError('MALFORMED', message, `${place} line ${line}`, options);
  }
  return new ForwardpassError('MALFORMED', `${error.message}${remedyOf(error)}`, place, options);
}

/** What to do about a table that the parser rejects, to append to its message. */
function remedyOf({ code }: CsvError): string {
  if (code === 'CSV_RECORD_INCONSISTENT_FIELDS_LENGTH')
    return '; every row must have as many cells as the first, and a cell that contains the delimiter must be quoted';
  if (code.includes('QUOTE'))
    return '; a quote within a quoted cell must be doubled, and --delimiter sets the separator of cells';
  return '';
}

/** What the parser returns with the option `info`. */
interface ParsedRow {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

/** How the cells of a column are used. */
interface CsvColumn {
  readonly at: number;
  readonly slot: number;
  readonly isWord: boolean;
  readonly isText: boolean;
  readonly isInteger: boolean;
}

class CsvRows {
  /** The line at which the last parsed row ends, whether the row has been taken or not. */
  lineOfLastRow = 0;
  private names: readonly string[] | undefined;
  private columns: readonly CsvColumn[] = [];
  private kept: readonly number[] = [];
  private rowsBefore = 0;
  /** The line at which each row of the block ends. */
  private lines: number[] = [];
  /** The strings of each row of the block, in the order of `columns`. Numbers are in the block itself. */
  private words: string[][] = [];
  private hasWords = false;
  private readonly parseCell: (cell: string) => number | undefined;

  constructor(
    private readonly source: ByteSource,
    private readonly layout: RowLayout,
    private readonly options: CsvOptions,
    private readonly keep: readonly string[],
  ) {
    this.parseCell = options.decimal === ',' ? parseDecimalComma : parseNumber;
  }

  async *blocks(batch: number): AsyncGenerator<RowBlock> {
    const { source, layout, options } = this;
    layout.refuseWholeRows(source.name);
    const head = Buffer.from(await source.peek(SNIFFED_BYTES)).toString('latin1');
    // Excel writes the delimiter on a line before the header.
    const stated = /^sep=(.)\r?\n/.exec(head)?.[1];
    const parser = parse({
      delimiter: options.delimiter ?? stated ?? sniffDelimiter(head, options),
      from_line: stated === undefined ? 1 : 2,
      // Blanks are part of a cell if strings that the model knows contain blanks.
      trim: !hasBlankWords(layout) && layout.texts.size === 0,
      skip_empty_lines: true,
      max_record_size: MODEST_ROW + ROW_PER_VALUE * layout.width,
      info: true,
      on_record: (row, { lines }) => {
        this.lineOfLastRow = lines;
        return row;
      },
    });
    // pipeline() destroys the parser with the source's error, which the loop below then throws.
    pipeline(Readable.from(this.chunksFor(parser), { objectMode: false }), parser, () => {});

    let builder: BlockBuilder | undefined;
    for await (const row of parser as AsyncIterable<ParsedRow>) {
      if (builder === undefined) {
        const isHeader = this.start(row.record);
        const made = new BlockBuilder(layout, batch, (r, slot) => this.cellOf(made, r, slot), this.keep.length);
        builder = made;
        this.fillAbsent(builder, batch);
        if (isHeader) continue;
      }
      this.lines.push(row.info.lines);
      this.fill(builder, row.record);
      if (!builder.endRow()) continue;
      yield builder.take();
      this.rowsBefore += this.lines.length;
      this.lines = [];
      this.words = [];
    }
    if (builder !== undefined && builder.rowCount > 0) yield builder.take();
  }

  /** The parser limits the bytes of a row, but not its cells, and empty cells have no bytes. */
  private async *chunksFor(parser: Parser): AsyncGenerator<Uint8Array> {
    const { source, layout } = this;
    for await (const chunk of source.chunks()) {
      for (let start = 0; start < chunk.length; start += CHECKED_BYTES) {
        if (cellsOfOpenRow(parser) > layout.width + MOST_OTHER_COLUMNS) {
          const message = `expected ${layout.width} columns and at most ${MOST_OTHER_COLUMNS} others, found more`;
          throw new ForwardpassError('LIMIT', message, `${source.name} line ${this.lineOfLastRow + 1}`);
        }
        yield chunk.subarray(start, start + CHECKED_BYTES);
      }
    }
  }

  /** Assigns the columns by the first row; returns whether it is a header. */
  private start(cells: readonly string[]): boolean {
    const { layout, source, keep } = this;
    const { header = 'auto' } = this.options;
    const isHeader = header === 'auto' ? this.isHeader(cells) : header !== 'none';
    if (isHeader) this.names = cells;
    if (!isHeader && layout.isIndexed(cells)) {
      throw new ForwardpassError('SHAPE', `expected ${layout.width} columns, found ${cells.length}`, source.name);
    }
    // Checked first, because a missing name is a better message than too many columns without it.
    this.kept = keptColumns(keep, this.names, source.name);
    const slots = isHeader && header !== 'skip' ? this.placeByName(cells) : layout.placeByPosition(cells, source.name);
    this.columns = cells.flatMap((_, at) => {
      const slot = slots[at];
      return slot < 0 || layout.isUnused(slot)
        ? []
        : [
            {
              ...{ at, slot, isWord: layout.isWord(slot), isText: layout.isText(slot) },
              isInteger: layout.isInteger(slot),
            },
          ];
    });
    this.hasWords = this.columns.some(({ isWord }) => isWord);
    return isHeader;
  }

  private placeByName(names: readonly string[]): Int32Array {
    try {
      return this.layout.placeColumns(names, this.source.name);
    } catch (error) {
      if (!(error instanceof ForwardpassError) || names.some((name) => this.layout.find(name))) throw error;
      const isOne = names.length === 1 && this.layout.width > 1;
      if (!isOne && error.code !== 'INPUT') throw error;
      const hint = isOne
        ? `found one column, ${quote(names[0])}; --delimiter sets the separator of columns`
        : '--header skip assigns columns by position';
      throw new ForwardpassError(error.code, `${withoutPlace(error)}; ${hint}`, error.place);
    }
  }

  /** The first row is a header if it has names of the model, or a string where a number is expected. */
  private isHeader(cells: readonly string[]): boolean {
    const { layout } = this;
    if (layout.isIndexed(cells) || cells.some((cell) => layout.find(cell)?.width === 1)) return true;
    if (cells.length !== layout.width) return cells.some((cell) => this.parseCell(cell) === undefined);
    const isNumber = (cell: string) => this.parseCell(cell) !== undefined;
    const slots = [...cells.keys()].filter((slot) => !layout.isUnused(slot));
    const words = slots.filter((slot) => layout.isWord(slot) && !layout.isText(slot));
    const numbers = slots.filter((slot) => !layout.isWord(slot) && !layout.isText(slot));
    if (numbers.some((slot) => !isNumber(cells[slot]))) return true;
    if (numbers.length === 0 && words.length === 0) throw this.noHeaderOrRow(cells);
    // If all columns are strings, a known string makes the row data.
    const all = slots.filter((slot) => !layout.isText(slot));
    return words.length === all.length && !words.some((slot) => this.isKnown(slot, cells[slot]));
  }

  /** If all columns are texts, the first row may be either. */
  private noHeaderOrRow(cells: readonly string[]): ForwardpassError {
    const names = this.layout.slotName(0);
    const message = `the first row may be a header or a text: pass --header skip for a header, --header none for a text, or name the column ${quote(names)}`;
    return new ForwardpassError('INPUT', `${message}; found ${quote(cells[0])}`, this.source.name);
  }

  private isKnown(slot: number, cell: string): boolean {
    return isMissing(cell) || this.layout.numberOf(slot, cell, () => '') >= 0;
  }

  /** Slots without a column have the same value in every row. */
  private fillAbsent(builder: BlockBuilder, batch: number): void {
    const { layout, source } = this;
    const filled = new Set(this.columns.map(({ slot }) => slot));
    for (let slot = 0; slot < layout.width; slot++) {
      if (!filled.has(slot))
        builder.fill(
          slot,
          layout.numberOf(slot, undefined, () => source.name),
          batch,
        );
    }
  }

  private fill(builder: BlockBuilder, record: readonly string[]): void {
    const { columns, layout, parseCell } = this;
    const words: string[] = [];
    if (this.hasWords) this.words.push(words);
    for (let c = 0; c < columns.length; c++) {
      const { at, slot, isWord, isText, isInteger } = columns[c];
      const cell = record[at];
      if (isText) builder.setText(slot, cell);
      if (isWord) {
        words.push(cell);
        builder.set(slot, this.wordOf(slot, cell));
        continue;
      }
      if (isText) continue;
      const value = parseCell(cell);
      if (value === undefined) throw this.noNumber(slot, cell);
      if (isInteger) checkExact(value, cell, () => this.placeOf(slot));
      builder.set(slot, Number.isNaN(value) ? layout.numberOf(slot, value, () => this.placeOf(slot)) : value);
    }
    for (let k = 0; k < this.kept.length; k++) builder.keep(k, record[this.kept[k]]);
  }

  /** A string that the model knows is that string, even if it usually means a missing value. */
  private wordOf(slot: number, cell: string): number {
    const place = () => this.placeOf(slot);
    const index = this.layout.numberOf(slot, cell, place);
    const isText = index < 0 || this.layout.isPresent(slot);
    return isText && isMissing(cell) ? this.layout.numberOf(slot, Number.NaN, place) : index;
  }

  private noNumber(slot: number, cell: string): ForwardpassError {
    const hint = /^[+-]?\d+,\d+$/.test(cell) ? '; a decimal comma needs --decimal ,' : '';
    const message = `expected a number, found ${quote(cell)} (line ${this.lines.at(-1)})${hint}`;
    return new ForwardpassError('INPUT', message, this.placeOf(slot));
  }

  /** The place of a cell in the last row read, or in a row of the block. */
  private placeOf(slot: number, row = this.lines.length - 1): string {
    const at = this.columns.find((column) => column.slot === slot)?.at ?? slot;
    const name = this.names ? quote(this.names[at]) : at + 1;
    return `${this.source.name} row ${this.rowsBefore + row + 1}, column ${name}`;
  }

  private cellOf(builder: BlockBuilder, row: number, slot: number): { value: unknown; place: string } {
    const words = this.columns.filter(({ isWord }) => isWord).findIndex((column) => column.slot === slot);
    const value = this.layout.isText(slot)
      ? builder.textOf(row, slot)
      : words < 0
        ? builder.valueOf(row, slot)
        : this.words[row][words];
    return { value, place: `${this.placeOf(slot, row)} (line ${this.lines[row]})` };
  }
}

/** The number of cells of the unfinished row in the parser, whose types do not include its state. */
function cellsOfOpenRow(parser: Parser): number {
  return (parser as Parser & { readonly state: { readonly record: readonly string[] } }).state.record.length;
}

/** Tab or semicolon if the first line has one outside quotes, otherwise comma, or a vertical bar if it has no comma. */
function sniffDelimiter(head: string, { decimal }: CsvOptions): string {
  const line = head.replace(/"[^"]*"/g, '').split(/\r?\n/, 1)[0];
  const usual = ['\t', ';', ',', '|'].filter((delimiter) => delimiter !== decimal);
  return usual.find((delimiter) => line.includes(delimiter)) ?? usual[1];
}

function hasBlankWords(layout: RowLayout): boolean {
  const lists = layout.columns.flatMap(({ port }) => [...(port.categories?.values() ?? [])]);
  return lists.some((words) => words.some((word) => word !== null && word !== word.trim()));
}
