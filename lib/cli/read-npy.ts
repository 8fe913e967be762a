import { ForwardpassError } from '../errors.ts';
import {
  createNpyArray,
  decodeNpy,
  NPY_PREFIX_BYTES,
  type NpyHeader,
  npyDataOffset,
  parseNpyHeader,
} from '../formats/containers/npy.ts';
import type { ByteSource } from './byte-source.ts';
import { noNames } from './keep.ts';
import { elementCount, type RowLayout } from './row-layout.ts';
import type { FloatArray, RowBlock, RowSource } from './row-source.ts';

/** Bytes of an array in Fortran order that are in memory at once. */
const COLUMN_BYTES = 1 << 26;

/** Reads the rows of an array, whose first axis is that of rows, block by block. */
export async function readNpy(source: ByteSource, layout: RowLayout, keep: readonly string[] = []): Promise<RowSource> {
  const place = source.name;
  if (keep.length > 0) throw noNames(place);
  if (layout.texts.size > 0) {
    const message = 'a .npy file contains numbers, but the model takes texts; use .csv, .json, .jsonl or .parquet';
    throw new ForwardpassError('INPUT', message, place);
  }
  if (layout.columns.length !== 1) {
    const names = layout.columns.map(({ port: { name } }) => `${name}=FILE`).join(' ');
    throw new ForwardpassError(
      'INPUT',
      `a .npy file contains one input, but the model has several: pass a file for each, ${names}`,
      place,
    );
  }
  const prefix = await source.peek(NPY_PREFIX_BYTES);
  const header = parseNpyHeader(await source.peek(npyDataOffset(prefix, place)), place);
  const rows = findRows(header, layout.columns[0].port, place);
  const isStrided = header.fortranOrder && header.shape.length > 1;
  if (isStrided) await source.makeSeekable();
  const dataBytes = header.elementCount * header.elementBytes;
  if (source.size !== undefined && source.size < header.dataOffset + dataBytes) {
    const message = `expected ${dataBytes} bytes of elements, found ${source.size - header.dataOffset}`;
    throw new ForwardpassError('TRUNCATED', message, place);
  }
  if (isStrided) return new NpyRows(source, header, layout.width, rows.count, columnsOf(header, rows));
  await source.readInto(new Uint8Array(header.dataOffset));
  return new NpyRows(source, header, layout.width, rows.count);
}

class NpyRows implements RowSource {
  private rowsRead = 0;

  constructor(
    private readonly source: ByteSource,
    private readonly header: NpyHeader,
    private readonly width: number,
    readonly rowCount: number,
    /** For Fortran order: the offset of each element's column, in elements. The rows of a column are contiguous. */
    private readonly columns?: Float64Array,
  ) {}

  fraction(): number {
    return this.rowCount === 0 ? 1 : this.rowsRead / this.rowCount;
  }

  async *blocks(batch: number) {
    if (this.columns) yield* this.columnBlocks(batch, this.columns);
    else yield* this.rowBlocks(batch);
  }

  private block(values: FloatArray, rowsBefore: number): RowBlock {
    const { width, source } = this;
    const cell = (row: number, _: number, element: number) => ({
      value: values[row * width + element],
      place: `${source.name} row ${rowsBefore + row + 1}`,
    });
    return { rowCount: values.length / width, inputs: [values], kept: [], cell };
  }

  private async *rowBlocks(batch: number): AsyncGenerator<RowBlock> {
    const { source, header, width } = this;
    const capacity = Math.min(batch, this.rowCount) * width;
    const bytes = new Uint8Array(capacity * header.elementBytes);
    const elements = createNpyArray(header.element, capacity);
    while (this.rowsRead < this.rowCount) {
      const rowCount = Math.min(batch, this.rowCount - this.rowsRead);
      const part = bytes.subarray(0, rowCount * width * header.elementBytes);
      const found = await source.readInto(part);
      if (found < part.length) {
        const row = this.rowsRead + Math.floor((found / part.length) * rowCount) + 1;
        const message = `expected ${this.rowCount} rows, but the file ends within row ${row}`;
        throw new ForwardpassError('TRUNCATED', message, source.name);
      }
      decodeNpy(part, header, elements, source.name);
      this.rowsRead += rowCount;
      yield this.block(elements.subarray(0, rowCount * width), this.rowsRead - rowCount);
    }
  }

  /** Reads many blocks at once, because each column is read separately. */
  private async *columnBlocks(batch: number, columns: Float64Array): AsyncGenerator<RowBlock> {
    const { source, width } = this;
    const { element, elementBytes, dataOffset } = this.header;
    const most = Math.max(1, Math.floor(COLUMN_BYTES / (width * elementBytes * batch))) * batch;
    const capacity = Math.min(most, this.rowCount);
    const elements = createNpyArray(element, capacity * width);
    const column = createNpyArray(element, capacity);
    const bytes = new Uint8Array(capacity * elementBytes);
    for (let first = 0; first < this.rowCount; first += capacity) {
      const count = Math.min(capacity, this.rowCount - first);
      const part = bytes.subarray(0, count * elementBytes);
      for (let at = 0; at < width; at++) {
        await source.readAt(dataOffset + (columns[at] + first) * elementBytes, part);
        decodeNpy(part, this.header, column, source.name);
        for (let row = 0; row < count; row++) elements[row * width + at] = column[row];
      }
      for (let row = 0; row < count; row += batch) {
        const rowCount = Math.min(batch, count - row);
        this.rowsRead += rowCount;
        yield this.block(elements.subarray(row * width, (row + rowCount) * width), this.rowsRead - rowCount);
      }
    }
  }
}

interface ArrayRows {
  readonly count: number;
  /** The axes of the array that belong to one row. */
  readonly axes: readonly number[];
}

/** The offset of each element's column in an array in Fortran order, by element in the order of the row's axes. */
function columnsOf({ shape }: NpyHeader, { axes }: ArrayRows): Float64Array {
  const strides = shape.map((_, axis) => elementCount(shape.slice(0, axis)));
  const columns = new Float64Array(elementCount(axes.map((axis) => shape[axis])));
  for (let at = 0; at < columns.length; at++) {
    let rest = at;
    for (const axis of [...axes].reverse()) {
      columns[at] += (rest % shape[axis]) * strides[axis];
      rest = Math.floor(rest / shape[axis]);
    }
  }
  return columns;
}

/** Accepts [rows, …row], [rows, width], [rows] for one element per row, or one row without the axis of rows. */
function findRows(
  { shape }: NpyHeader,
  { name, shape: rowShape }: { readonly name: string; readonly shape: readonly number[] },
  place: string,
): ArrayRows {
  const width = elementCount(rowShape);
  const isSame = (a: readonly number[], b: readonly number[]) => a.length === b.length && a.every((n, i) => n === b[i]);
  const rest = shape.slice(1);
  if (shape.length > 0 && (isSame(rest, rowShape) || isSame(rest, [width]) || (rest.length === 0 && width === 1))) {
    return { count: shape[0], axes: rest.map((_, axis) => axis + 1) };
  }
  if (isSame(shape, rowShape) || isSame(shape, [width])) return { count: 1, axes: shape.map((_, axis) => axis) };
  throw new ForwardpassError(
    'SHAPE',
    `expected [rows, ${rowShape.length > 0 ? rowShape.join(', ') : 1}] for ${name}, found [${shape.join(', ')}]`,
    place,
  );
}
