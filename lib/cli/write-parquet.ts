import type { ByteWriter, ParquetWriter, SchemaElement } from 'hyparquet-writer';
import { ForwardpassError } from '../errors.ts';
import type { ByteSink } from './byte-sink.ts';
import { elementCount } from './row-layout.ts';
import { elementNames, type ResultColumn, type ResultValue, type ResultValues, type RowWriter } from './row-writer.ts';

const MOST_ROWS = 1 << 16;
/** The approximate number of cells in a row group. */
const MOST_CELLS = 1 << 22;

/** A column of the file: the elements at one position of a row's values. */
interface FileColumn {
  readonly name: string;
  readonly result: number;
  readonly width: number;
  readonly at: number;
}

type Kind = 'float' | 'double' | 'integer' | 'text' | 'truth';

const ELEMENTS: Record<Kind, Omit<SchemaElement, 'name'>> = {
  float: { type: 'FLOAT' },
  double: { type: 'DOUBLE' },
  integer: { type: 'INT64' },
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  truth: { type: 'BOOLEAN' },
};

/** Writes a column for each element of a row, named as in a CSV header, one row group at a time. */
export class ParquetRowWriter implements RowWriter {
  private readonly columns: readonly FileColumn[];
  private readonly groupRows: number;
  /** The values of the current row group, by column. */
  private cells: ResultValue[][];
  /** The kind of each column; undefined if it has had no value yet. */
  private readonly kinds: (Kind | undefined)[];
  private writer: ParquetWriter | undefined;

  private constructor(
    private readonly sink: ByteSink,
    private readonly results: readonly ResultColumn[],
    private readonly bytes: ByteWriter,
    private readonly start: (schema: SchemaElement[]) => ParquetWriter,
  ) {
    this.columns = results.flatMap((result, r) => {
      const width = elementCount(result.shape);
      return elementNames(result).map((name, at) => ({ name, result: r, width, at }));
    });
    this.cells = this.columns.map(() => []);
    this.kinds = this.columns.map(({ result }) => results[result].kind);
    this.groupRows = Math.max(1, Math.min(MOST_ROWS, Math.floor(MOST_CELLS / Math.max(1, this.columns.length))));
  }

  static async create(sink: ByteSink, results: readonly ResultColumn[]): Promise<ParquetRowWriter> {
    const { ByteWriter, ParquetWriter } = await import('hyparquet-writer');
    const bytes = new ByteWriter();
    const createdBy = 'forwardpass';
    return new ParquetRowWriter(
      sink,
      results,
      bytes,
      (schema) => new ParquetWriter({ writer: bytes, schema, createdBy }),
    );
  }

  async write(values: readonly ResultValues[], rowCount: number): Promise<void> {
    for (let row = 0; row < rowCount; row++) {
      for (const [c, { result, width, at }] of this.columns.entries()) {
        this.cells[c].push(this.cellOf(values[result], row * width + at, c));
      }
      if (this.cells[0]?.length === this.groupRows) await this.writeGroup();
    }
  }

  private cellOf(values: ResultValues, at: number, column: number): ResultValue {
    const value = values[at];
    if (value === null) return null;
    this.kinds[column] ??= kindOf(values, value);
    const kind = this.kinds[column];
    if (kind === 'text') return String(value);
    if (kind === 'integer' && (typeof value === 'bigint' || Number.isSafeInteger(value)))
      return BigInt(value as number);
    if (kind === 'truth' ? typeof value === 'boolean' : typeof value === 'number' && kind !== 'integer') return value;
    const message = `${this.columns[column].name} has values of several types; write csv or jsonl`;
    throw new ForwardpassError('OPTION', message, '--output');
  }

  private async writeGroup(): Promise<void> {
    // The file now declares columns without a value so far as text, so later values must be text.
    for (const c of this.kinds.keys()) this.kinds[c] ??= 'text';
    this.writer ??= this.start([
      { name: 'schema', num_children: this.columns.length },
      ...this.columns.map(({ name, result }, c) => ({
        name,
        ...ELEMENTS[this.kinds[c] as Kind],
        repetition_type: this.results[result].isKept ? ('OPTIONAL' as const) : ('REQUIRED' as const),
      })),
    ]);
    const rows = this.cells[0]?.length ?? 0;
    if (rows > 0) {
      const columnData = this.columns.map(({ name }, c) => ({ name, data: dataOf(this.cells[c], this.kinds[c]) }));
      await this.writer.write({ columnData, rowGroupSize: rows });
    }
    this.cells = this.columns.map(() => []);
    await this.flush();
  }

  private async flush(): Promise<void> {
    await this.sink.write(this.bytes.getBytes());
    this.bytes.index = 0;
  }

  async end(): Promise<void> {
    await this.writeGroup();
    await this.writer?.finish();
    await this.flush();
    await this.sink.commit();
  }

  discard(): Promise<void> {
    return this.sink.discard();
  }
}

function kindOf(values: ResultValues, value: ResultValue): Kind {
  if (values instanceof Float32Array) return 'float';
  if (typeof value === 'string') return 'text';
  if (typeof value === 'boolean') return 'truth';
  return typeof value === 'bigint' ? 'integer' : 'double';
}

/** A typed array if possible, which the writer handles faster. */
function dataOf(cells: ResultValue[], kind: Kind | undefined): ResultValue[] | Float32Array | Float64Array {
  if (cells.includes(null)) return cells;
  if (kind === 'float') return Float32Array.from(cells as number[]);
  return kind === 'double' ? Float64Array.from(cells as number[]) : cells;
}
