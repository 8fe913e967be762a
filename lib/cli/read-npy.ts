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
import { elementCount, type LayoutInput, type RowLayout } from './row-layout.ts';
import type { RowSource } from './row-source.ts';

/** Rows of an array whose first axis counts them, block by block. */
export async function readNpy(source: ByteSource, layout: RowLayout): Promise<RowSource> {
  const place = source.name;
  if (layout.inputs.length !== 1) {
    const names = layout.inputs.map(({ name }) => `--input ${name}=FILE`).join(' ');
    throw new ForwardpassError('INPUT', `a .npy file holds one input, the model has several: give ${names}`, place);
  }
  const prefix = await source.peek(NPY_PREFIX_BYTES);
  const header = parseNpyHeader(await source.peek(npyDataOffset(prefix, place)), place);
  const rowCount = countRows(header, layout.inputs[0], place);
  const dataBytes = header.elementCount * header.elementBytes;
  if (source.file && source.file.size < header.dataOffset + dataBytes) {
    const message = `expected ${dataBytes} bytes of elements, found ${source.file.size - header.dataOffset}`;
    throw new ForwardpassError('TRUNCATED', message, place);
  }
  const isStrided = header.fortranOrder && header.shape.length > 1 && rowCount > 1 && layout.width > 1;
  if (isStrided && (!source.file || header.shape.length > 2)) {
    const message =
      'is in Fortran order, which is read from two-dimensional files only: save numpy.ascontiguousarray(…)';
    throw new ForwardpassError('INPUT', message, place);
  }
  await source.readInto(new Uint8Array(header.dataOffset));
  return new NpyRows(source, header, layout.width, rowCount, isStrided);
}

class NpyRows implements RowSource {
  private rowsRead = 0;

  constructor(
    private readonly source: ByteSource,
    private readonly header: NpyHeader,
    private readonly width: number,
    readonly rowCount: number,
    private readonly isStrided: boolean,
  ) {}

  fraction(): number {
    return this.rowCount === 0 ? 1 : this.rowsRead / this.rowCount;
  }

  async *blocks(batch: number) {
    const { source, header, width } = this;
    const capacity = Math.min(batch, this.rowCount) * width;
    const bytes = new Uint8Array(capacity * header.elementBytes);
    const elements = createNpyArray(header.element, capacity);
    const columns = createNpyArray(header.element, this.isStrided ? capacity : 0);
    while (this.rowsRead < this.rowCount) {
      const rowCount = Math.min(batch, this.rowCount - this.rowsRead);
      const part = bytes.subarray(0, rowCount * width * header.elementBytes);
      if (this.isStrided) {
        await this.readColumns(part, rowCount);
        decodeNpy(part, header, columns, source.name);
        for (let row = 0; row < rowCount; row++) {
          for (let column = 0; column < width; column++) {
            elements[row * width + column] = columns[column * rowCount + row];
          }
        }
      } else {
        const found = await source.readInto(part);
        if (found < part.length) {
          const message = `expected ${this.rowCount} rows, ends within row ${this.rowsRead + Math.floor((found / part.length) * rowCount) + 1}`;
          throw new ForwardpassError('TRUNCATED', message, source.name);
        }
        decodeNpy(part, header, elements, source.name);
      }
      this.rowsRead += rowCount;
      yield { rowCount, inputs: [elements.subarray(0, rowCount * width)] };
    }
  }

  /** Fills `target` with the next rows' part of the first column, of the second, and so on. */
  private async readColumns(target: Uint8Array, rowCount: number): Promise<void> {
    const { elementBytes, dataOffset } = this.header;
    const partBytes = rowCount * elementBytes;
    for (let column = 0; column < this.width; column++) {
      const position = dataOffset + (column * this.rowCount + this.rowsRead) * elementBytes;
      await this.source.readAt(position, target.subarray(column * partBytes, (column + 1) * partBytes));
    }
  }
}

/** [rows, …row], [rows, width], [rows] for one element a row, or one row without its axis of rows. */
function countRows({ shape }: NpyHeader, { name, shape: rowShape }: LayoutInput, place: string): number {
  const width = elementCount(rowShape);
  const isSame = (a: readonly number[], b: readonly number[]) => a.length === b.length && a.every((n, i) => n === b[i]);
  const rest = shape.slice(1);
  if (shape.length > 0 && (isSame(rest, rowShape) || isSame(rest, [width]) || (rest.length === 0 && width === 1))) {
    return shape[0];
  }
  if (isSame(shape, rowShape) || isSame(shape, [width])) return 1;
  throw new ForwardpassError(
    'SHAPE',
    `expected [rows, ${rowShape.length > 0 ? rowShape.join(', ') : 1}] for ${name}, found [${shape.join(', ')}]`,
    place,
  );
}
