import { ForwardpassError } from '../errors.ts';
import { encodeNpyHeader } from '../formats/containers/npy.ts';
import type { ByteSink } from './byte-sink.ts';
import type { ResultColumn, ResultValues, RowWriter } from './row-writer.ts';
import { Spool } from './spool.ts';

/**
 * The header comes first and contains the number of rows. If the number is known, the header is written at once.
 * Otherwise it is patched at the end if the sink can seek; if not, the rows are spooled to a temporary file.
 */
export class NpyWriter implements RowWriter {
  private rowsWritten = 0;
  private element: 'f4' | 'f8' = 'f4';
  private spool: Spool | undefined;

  constructor(
    private readonly sink: ByteSink,
    private readonly column: ResultColumn,
    private readonly rowCount: number | undefined,
  ) {}

  async write([values]: readonly ResultValues[], rowCount: number): Promise<void> {
    const floats = toFloats(values);
    if (this.rowsWritten === 0) await this.start(floats);
    const bytes = new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength);
    await (this.spool ? this.spool.write(bytes) : this.sink.write(bytes));
    this.rowsWritten += rowCount;
  }

  async end(): Promise<void> {
    if (this.rowsWritten === 0) await this.sink.write(this.header(0));
    else if (this.spool) await this.unspool(this.spool);
    else if (this.rowsWritten !== this.rowCount) await this.sink.overwriteStart?.(this.header(this.rowsWritten));
    await this.sink.commit();
  }

  async discard(): Promise<void> {
    await this.spool?.remove();
    await this.sink.discard();
  }

  private header(rowCount: number): Uint8Array {
    return encodeNpyHeader(this.element, rowCount, this.column.shape);
  }

  private async start(first: Float32Array | Float64Array): Promise<void> {
    this.element = first instanceof Float32Array ? 'f4' : 'f8';
    if (this.rowCount !== undefined || this.sink.overwriteStart) await this.sink.write(this.header(this.rowCount ?? 0));
    else this.spool = await Spool.create();
  }

  private async unspool(spool: Spool): Promise<void> {
    await this.sink.write(this.header(this.rowsWritten));
    for await (const bytes of spool.chunks()) await this.sink.write(bytes);
    await spool.remove();
  }
}

function toFloats(values: ResultValues): Float32Array | Float64Array {
  if (values instanceof Float32Array || values instanceof Float64Array) return values;
  const text = values.find((value) => typeof value === 'string');
  if (text !== undefined) {
    throw new ForwardpassError(
      'OPTION',
      'labels that are strings cannot be written as .npy; use csv or json',
      '--output',
    );
  }
  return Float64Array.from(values as readonly number[]);
}
