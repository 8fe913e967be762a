import type { ByteSink } from './byte-sink.ts';
import { shortestText } from './number-text.ts';
import { elementCount } from './row-layout.ts';
import { elementNames, type ResultColumn, type ResultValues, type RowWriter } from './row-writer.ts';

const FLUSH_CHARACTERS = 1 << 16;

/** How rows are formatted as text. */
interface TextFormat {
  readonly start: string;
  readonly separator: string;
  readonly end: string;
  row(values: readonly ResultValues[], row: number): string;
}

export class TextWriter implements RowWriter {
  private rowsWritten = 0;

  constructor(
    private readonly sink: ByteSink,
    private readonly format: TextFormat,
  ) {}

  async write(values: readonly ResultValues[], rowCount: number): Promise<void> {
    const { start, separator } = this.format;
    let text = '';
    for (let row = 0; row < rowCount; row++) {
      text += (this.rowsWritten++ === 0 ? start : separator) + this.format.row(values, row);
      if (text.length >= FLUSH_CHARACTERS) {
        await this.sink.write(text);
        text = '';
      }
    }
    await this.sink.write(text);
  }

  async end(): Promise<void> {
    await this.sink.write((this.rowsWritten === 0 ? this.format.start : '') + this.format.end);
    await this.sink.commit();
  }

  discard(): Promise<void> {
    return this.sink.discard();
  }
}

/** A header of `name`, or `name[0]`, `name[1]` … for each element of a row, then a line per row. */
export function csvFormat(columns: readonly ResultColumn[]): TextFormat {
  const widths = columns.map(({ shape }) => elementCount(shape));
  const header = columns.flatMap(elementNames);
  return {
    start: `${header.map(csvCell).join(',')}\n`,
    separator: '',
    end: '',
    row(values, row) {
      const cells: string[] = [];
      for (const [c, array] of values.entries()) {
        for (let i = row * widths[c]; i < (row + 1) * widths[c]; i++) cells.push(csvValue(array, i));
      }
      return `${cells.join(',')}\n`;
    },
  };
}

function csvValue(values: ResultValues, index: number): string {
  const value = values[index];
  if (typeof value === 'number') return shortestText(value, values instanceof Float32Array);
  return value === null ? '' : csvCell(String(value));
}

function csvCell(text: string): string {
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * An array with a row on each line. A row is nested according to its shape, or a record if there are several columns.
 */
export function jsonFormat(columns: readonly ResultColumn[]): TextFormat {
  return { start: '[\n', separator: ',\n', end: '\n]\n', row: jsonRows(columns) };
}

/** A row on each line. */
export function jsonLinesFormat(columns: readonly ResultColumn[]): TextFormat {
  const row = jsonRows(columns);
  return { start: '', separator: '', end: '', row: (values, i) => `${row(values, i)}\n` };
}

function jsonRows(columns: readonly ResultColumn[]): TextFormat['row'] {
  const widths = columns.map(({ shape }) => elementCount(shape));
  const labels = columns.map(({ byLabel, labels }) =>
    byLabel ? labels?.map((l) => JSON.stringify(String(l))) : undefined,
  );
  const column = (values: ResultValues, c: number, row: number) => {
    const start = row * widths[c];
    const named = labels[c]?.map((label, i) => `${label}:${jsonValue(values, start + i)}`);
    return named ? `{${named.join(',')}}` : nestedText(values, columns[c].shape, start, widths[c]);
  };
  if (columns.length === 1) return ([values], row) => column(values, 0, row);
  const keys = columns.map(({ name }) => JSON.stringify(name));
  return (values, row) => `{${values.map((array, c) => `${keys[c]}:${column(array, c, row)}`).join(',')}}`;
}

function nestedText(values: ResultValues, shape: readonly number[], start: number, count: number): string {
  if (shape.length === 0) return jsonValue(values, start);
  const [size, ...inner] = shape;
  const step = count / size;
  return `[${Array.from({ length: size }, (_, i) => nestedText(values, inner, start + i * step, step)).join(',')}]`;
}

/**
 * JSON has no NaN, which is written as null, and no infinity, which is written as a number beyond float64, because
 * every parser reads that as infinity.
 */
function jsonValue(values: ResultValues, index: number): string {
  const value = values[index];
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'number') return JSON.stringify(value);
  if (Number.isNaN(value)) return 'null';
  if (!Number.isFinite(value)) return value > 0 ? '1e999' : '-1e999';
  return shortestText(value, values instanceof Float32Array);
}
