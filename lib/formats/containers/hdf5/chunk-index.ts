/** Finds the stored chunks of an array, through each kind of index. */
import { leavesOf } from './btree1.ts';
import { recordsOf } from './btree2.ts';
import { extensibleArrayEntries } from './extensible-array.ts';
import { fixedArrayEntries } from './fixed-array.ts';
import type { ChunkGrid } from './grid.ts';
import type { ChunkedLayout } from './layout.ts';
import type { Part, Reader } from './reader.ts';

export interface StoredChunk {
  readonly address: number | undefined;
  /** The stored size. */
  readonly bytes: number;
  /** A bit for each filter that was not applied. */
  readonly mask: number;
  /** The index of the chunk along each axis. */
  readonly position: readonly number[];
}

const CHUNK_NODE = 1;
const [PLAIN_CHUNKS, FILTERED_CHUNKS] = [10, 11];

/** May include chunks outside of the array, and in a damaged file duplicates. */
export function storedChunks(
  reader: Reader,
  layout: ChunkedLayout,
  grid: ChunkGrid,
  isFiltered: boolean,
): Iterable<StoredChunk> {
  const { index, address } = layout;
  if (address === undefined) return [];
  const plain = { bytes: grid.chunkBytes, mask: 0 };
  switch (index.kind) {
    case 'tree':
      return treeChunks(reader, layout);
    case 'newer tree':
      return newerTreeChunks(reader, address, grid, isFiltered);
    case 'single':
      return [{ address, bytes: index.bytes ?? grid.chunkBytes, mask: index.mask, position: grid.counts.map(() => 0) }];
    case 'implicit':
      return implicitChunks(reader, address, grid, plain);
    case 'fixed array': {
      const entries = fixedArrayEntries(reader, address, isFiltered);
      return arrayChunks(entries, grid, isFiltered, (number) => grid.position(number));
    }
    case 'extensible array': {
      const entries = extensibleArrayEntries(reader, address, isFiltered);
      return arrayChunks(entries, grid, isFiltered, (number) => grid.positionByEndless(number));
    }
  }
}

/** Keys: the size, the filters not applied, the chunk's first element, and 0 for the bytes within an element. */
function* treeChunks(reader: Reader, { chunk, address }: ChunkedLayout): Generator<StoredChunk> {
  const rank = (key: Part) => [...chunk, 1].map((_, axis) => key.skip(axis === 0 ? 8 : 0).uint(8));
  const kind = { type: CHUNK_NODE, keyBytes: 8 + 8 * (chunk.length + 1), rank };
  for (const { key, address: at } of leavesOf(reader, address, kind)) {
    const [bytes, mask] = [key.u32(), key.u32()];
    const position = chunk.map((length) => key.uint(8) / length);
    if (!position.every(Number.isInteger) || key.uint(8) !== 0)
      throw key.damaged('has a chunk at a position that is not a multiple of the chunk size');
    yield { address: at, bytes, mask, position };
  }
}

function* newerTreeChunks(
  reader: Reader,
  address: number,
  grid: ChunkGrid,
  isFiltered: boolean,
): Generator<StoredChunk> {
  for (const record of recordsOf(reader, address, isFiltered ? FILTERED_CHUNKS : PLAIN_CHUNKS)) {
    const entry = readEntry(record, grid, isFiltered);
    yield { ...entry, position: grid.counts.map(() => record.uint(8)) };
  }
}

function* implicitChunks(
  reader: Reader,
  address: number,
  grid: ChunkGrid,
  plain: { bytes: number; mask: number },
): Generator<StoredChunk> {
  // All chunks were allocated at once: check that the file holds them before reading any.
  reader.find(address, grid.mostChunks * grid.chunkBytes, 'the chunks of an array');
  for (let i = 0; i < grid.mostChunks; i++) {
    yield { address: address + i * grid.chunkBytes, ...plain, position: grid.position(i) };
  }
}

function* arrayChunks(
  entries: Iterable<{ number: number; entry: Part }>,
  grid: ChunkGrid,
  isFiltered: boolean,
  positionOf: (number: number) => number[],
): Generator<StoredChunk> {
  for (const { number, entry } of entries) {
    const stored = readEntry(entry, grid, isFiltered);
    if (stored.address !== undefined) yield { ...stored, position: positionOf(number) };
  }
}

function readEntry(entry: Part, grid: ChunkGrid, isFiltered: boolean): Omit<StoredChunk, 'position'> {
  const address = entry.address();
  if (!isFiltered) return { address, bytes: grid.chunkBytes, mask: 0 };
  return { address, bytes: entry.uint(sizeBytesOf(grid.chunkBytes)), mask: entry.u32() };
}

/** Bytes that encode the size of a filtered chunk: one more than the chunk itself needs. */
function sizeBytesOf(chunkBytes: number): number {
  return Math.min(8, 1 + Math.floor((Math.log2(chunkBytes) + 8) / 8));
}
