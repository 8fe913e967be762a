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

/** Of an array in Fortran order, in memory at once. */
const COLUMN_BYTES = 1 << 26;

/** Rows of an array whose first axis counts them, block by block. */
export async function readNpy(source: ByteSource, layout: RowLayout, keep: readonly string[] = []): Promise<RowSource> {
  const place = source.name;
  if (keep.length > 0) throw noNames(place);
  if (layout.texts.size > 0) {
    const message = 'a .npy file holds numbers, and the model takes texts: give .csv, .json, .jsonl or .parquet';
    throw new ForwardpassError('INPUT', message, place);
  }
  if (layout.columns.length !== 1) {
    const names = layout.columns.map(({ port: { name } }) => `--input ${name}=FILE`).join(' ');
    throw new ForwardpassError('INPUT', `a .npy file holds one input, the model has several: give ${names}`, place);
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
    /** In Fortran order, where the column of each element of a row begins, in elements; rows of a column are neighbours. */
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
        const message = `expected ${this.rowCount} rows, ends within row ${row}`;
        throw new ForwardpassError('TRUNCATED', message, source.name);
      }
      decodeNpy(part, header, elements, source.name);
      this.rowsRead += rowCount;
      yield this.block(elements.subarray(0, rowCount * width), this.rowsRead - rowCount);
    }
  }

  /** Many blocks at once, since each column is read by itself. */
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
  /** Which of the array's axes are those of one row. */
  readonly axes: readonly number[];
}

/** By element of a row, in the order of its axes: where its column begins in an array in Fortran order. */
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

/** [rows, …row], [rows, width], [rows] for one element a row, or one row without its axis of rows. */
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
