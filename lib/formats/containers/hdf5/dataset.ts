/** One array of an HDF5 file: its description, and its elements. */
import { ForwardpassError } from '../../../errors.ts';
import { storedChunks } from './chunk-index.ts';
import { type Dataspace, readDataspace } from './dataspace.ts';
import { type Datatype, type Hdf5Element, readDatatype } from './datatype.ts';
import { readFill } from './fill.ts';
import { type Filter, readFilters, unfilter } from './filters.ts';
import { ChunkGrid, product } from './grid.ts';
import { type ChunkedLayout, type Layout, readLayout } from './layout.ts';
import { type Messages, TYPES } from './messages.ts';
import { ChunkPlacer } from './place-chunk.ts';
import type { Reader } from './reader.ts';

export type { Hdf5Element } from './datatype.ts';

export interface Hdf5Dataset {
  readonly shape: readonly number[];
  readonly element: Hdf5Element;
  /** For messages. */
  readonly place: string;
  /** The elements, row-major, in a buffer that the caller owns. */
  read(): Uint8Array;
}

/** An array as its header describes it. */
export interface Description {
  readonly reader: Reader;
  readonly shape: readonly number[];
  readonly element: Hdf5Element;
  readonly type: Datatype;
  readonly layout: Layout;
  readonly filters: readonly Filter[];
  /** If it is stored in chunks. */
  readonly grid: ChunkGrid | undefined;
  /** One element; undefined means zero. */
  readonly fill: Uint8Array | undefined;
}

/** Throws for types, storage or filters that a model's weights never have. */
export function describeArray(messages: Messages, isBfloat16: boolean): Description {
  const { reader } = messages;
  if (messages.has(TYPES.external)) {
    throw new ForwardpassError('UNSAFE', 'its data is in another file (external storage)', reader.place);
  }
  const layoutPart = messages.find(TYPES.layout, 'a layout of an array');
  const typePart = messages.find(TYPES.datatype, 'a type');
  const spacePart = messages.find(TYPES.dataspace, 'a shape');
  if (!layoutPart || !typePart || !spacePart) throw reader.damaged('an array lacks its layout, type or shape');
  const layout = readLayout(layoutPart);
  const type = readDatatype(typePart);
  const element = elementOf(type, isBfloat16, reader.place);
  const space = readDataspace(spacePart);
  const shape = checkShape(space, type, reader);
  const filterPart = layout.kind === 'chunked' ? messages.find(TYPES.filters, 'the filters of an array') : undefined;
  const filters = filterPart === undefined ? [] : readFilters(filterPart);
  const grid = layout.kind === 'chunked' ? gridOf(layout, space, type, reader) : undefined;
  return { reader, shape, element, type, layout, filters, grid, fill: readFill(messages, type.bytes) };
}

/**
 * Throws `UNSUPPORTED_DTYPE`. Software without a type for bfloat16 writes two opaque bytes and says so in an attribute.
 */
function elementOf(type: Datatype, isBfloat16: boolean, place: string): Hdf5Element {
  if (isBfloat16 && type.kind === 'opaque' && type.bytes === 2) return 'BF16';
  if (type.element !== undefined && !(isBfloat16 && type.element !== 'BF16')) return type.element;
  const found = isBfloat16 ? `${type.words} that are declared as bfloat16` : type.words;
  throw new ForwardpassError('UNSUPPORTED_DTYPE', `expected floats, integers or booleans, found ${found}`, place);
}

function checkShape({ shape }: Dataspace, { bytes }: Datatype, { place }: Reader): readonly number[] {
  if (shape === undefined) throw new ForwardpassError('MALFORMED', 'expected an array, found none', place);
  if (shape.every(Number.isSafeInteger) && Number.isSafeInteger(product(shape) * bytes)) return shape;
  throw new ForwardpassError('LIMIT', `declares the shape [${shape.join(', ')}], more than any file holds`, place);
}

function gridOf(
  { chunk, elementBytes }: ChunkedLayout,
  { shape = [], most }: Dataspace,
  type: Datatype,
  reader: Reader,
): ChunkGrid {
  if (chunk.length !== shape.length || elementBytes !== type.bytes) {
    throw reader.damaged(`chunks of [${chunk.join(', ')}] times ${elementBytes} bytes do not fit the array`);
  }
  return new ChunkGrid(shape, most, chunk, elementBytes);
}

/** The elements, little-endian, in a buffer that the caller owns. */
export function readArray({ reader, shape, type, layout, filters, grid, fill }: Description): Uint8Array {
  const bytes = product(shape) * type.bytes;
  if (bytes === 0) return new Uint8Array(0);
  const array = grid === undefined ? readWhole(reader, layout, bytes) : undefined;
  if (array !== undefined) return toLittleEndian(array, type);
  const filled = new Uint8Array(bytes);
  if (fill !== undefined) repeat(fill, filled);
  if (grid !== undefined && layout.kind === 'chunked') readChunks(reader, layout, grid, filters, filled);
  return toLittleEndian(filled, type);
}

/** Undefined if nothing was written. */
function readWhole(reader: Reader, layout: Layout, bytes: number): Uint8Array | undefined {
  if (layout.kind === 'chunked' || (layout.kind === 'contiguous' && layout.address === undefined)) return undefined;
  if (layout.bytes < bytes) throw reader.damaged(`an array of ${bytes} bytes is stored in ${layout.bytes}`);
  const start = layout.kind === 'compact' ? layout.start : reader.find(layout.address, bytes, 'the data of an array');
  return reader.storage.bytes.slice(start, start + bytes);
}

function readChunks(
  reader: Reader,
  layout: ChunkedLayout,
  grid: ChunkGrid,
  filters: readonly Filter[],
  array: Uint8Array,
): void {
  const placer = new ChunkPlacer(grid.shape, grid.chunk, grid.elementBytes);
  const seen = new Set<number>();
  for (const { address, bytes, mask, position } of storedChunks(reader, layout, grid, filters.length > 0)) {
    if (!grid.contains(position)) continue;
    const number = grid.numberOf(position);
    if (seen.has(number)) throw reader.damaged(`the chunk at [${position.join(', ')}] occurs twice`);
    seen.add(number);
    const start = reader.find(address, bytes, 'a chunk of an array');
    const stored = reader.storage.bytes.subarray(start, start + bytes);
    const used = layout.leavesEdges && grid.isAtEdge(position) ? [] : filters;
    placer.place(unfilter(reader, used, mask, stored, grid.chunkBytes), position, array);
  }
}

function repeat(element: Uint8Array, array: Uint8Array): void {
  array.set(element);
  for (let done = element.length; done < array.length; done *= 2) array.copyWithin(done, 0, done);
}

function toLittleEndian(array: Uint8Array, { bytes, isBigEndian }: Datatype): Uint8Array {
  if (!isBigEndian || bytes === 1) return array;
  for (let start = 0; start < array.length; start += bytes) {
    for (let low = start, high = start + bytes - 1; low < high; low++, high--) {
      [array[low], array[high]] = [array[high], array[low]];
    }
  }
  return array;
}
