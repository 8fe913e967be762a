/** Nothing is allocated for an array that the file does not hold: its size is charged when it is declared. */
import { ForwardpassError } from '../../../errors.ts';
import type { Budget } from '../../../graph/budget.ts';
import type { Description } from './dataset.ts';
import { product } from './grid.ts';

export class ArraySizes {
  private stored = 0;
  private elements = 0;
  /** By the address of the header. */
  private readonly declared = new Set<number>();
  private readonly wasRead = new Set<number>();

  constructor(
    /** The size of the file. */
    private readonly size: number,
    private readonly budget: Budget,
  ) {}

  /**
   * Charges the elements of an array beyond the bytes of the file, which come from decompression, fill values or shared
   * storage. Throws `LIMIT`.
   */
  declare(address: number, { reader, shape, type, layout, filters, grid }: Description): void {
    if (this.declared.has(address)) return;
    this.declared.add(address);
    const elements = product(shape);
    const bytes = elements * type.bytes;
    this.elements += elements;
    const place = `${reader.place}, an array of the shape [${shape.join(', ')}]`;
    if (this.elements > this.budget.limits.parameters) {
      const message = `brings the file's arrays to ${this.elements} elements, over \`limits.parameters\``;
      throw new ForwardpassError('LIMIT', message, place);
    }
    if (grid !== undefined) this.checkChunks(grid.chunkBytes, reader.place);
    if (grid !== undefined && filters.length > 0) this.budget.unpack(grid.coveredBytes, place);
    else if (layout.kind === 'contiguous' && layout.address === undefined) this.budget.build(bytes, place);
    else this.hold(bytes, place);
  }

  /** An array that is read again is charged again. */
  read(address: number, { reader, shape, type }: Description): void {
    if (this.wasRead.has(address)) this.budget.build(product(shape) * type.bytes, reader.place);
    this.wasRead.add(address);
  }

  private checkChunks(bytes: number, place: string): void {
    const most = this.budget.mostUnpacked;
    if (bytes <= most) return;
    throw new ForwardpassError('LIMIT', `declares chunks of ${bytes} bytes; ${most} are allowed`, place);
  }

  private hold(bytes: number, place: string): void {
    const before = Math.max(this.stored, this.size);
    this.stored += bytes;
    if (this.stored > before) this.budget.build(this.stored - before, place);
  }
}
