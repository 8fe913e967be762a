/** Where an array's elements are: in its header, in one piece, or in chunks that an index lists. */
import { ForwardpassError } from '../../../errors.ts';
import type { Part } from './reader.ts';

export type Layout =
  /** Within the header. */
  | { readonly kind: 'compact'; readonly start: number; readonly bytes: number }
  /** Without an address, nothing was written. */
  | { readonly kind: 'contiguous'; readonly address: number | undefined; readonly bytes: number }
  | ChunkedLayout;

export interface ChunkedLayout {
  readonly kind: 'chunked';
  readonly chunk: readonly number[];
  readonly elementBytes: number;
  /** Whether chunks that extend beyond the array's edge are left unfiltered. */
  readonly leavesEdges: boolean;
  readonly index: ChunkIndex;
  /** The address of the index; undefined if nothing was written. */
  readonly address: number | undefined;
}

export type ChunkIndex =
  | { readonly kind: 'tree' | 'implicit' | 'newer tree' }
  /** `bytes` is set if the chunk is filtered. */
  | { readonly kind: 'single'; readonly bytes?: number; readonly mask: number }
  | { readonly kind: 'fixed array' | 'extensible array' };

const [COMPACT, CONTIGUOUS, CHUNKED, VIRTUAL] = [0, 1, 2, 3];
const LEAVES_EDGES = 1;
const SINGLE_IS_FILTERED = 2;

export function readLayout(part: Part): Layout {
  const version = part.version(3, 4);
  const kind = part.u8();
  if (kind === COMPACT) {
    const bytes = part.u16();
    return { kind: 'compact', start: part.skip(bytes).at - bytes, bytes };
  }
  if (kind === CONTIGUOUS) return { kind: 'contiguous', address: part.address(), bytes: part.length() };
  if (kind === CHUNKED) return version === 3 ? readChunks(part) : readNewerChunks(part);
  if (kind === VIRTUAL) {
    const message = 'its data is put together from other files (a virtual dataset)';
    throw new ForwardpassError('UNSAFE', message, part.reader.place);
  }
  throw part.damaged(`is of an unknown class ${kind}`);
}

function readChunks(part: Part): ChunkedLayout {
  const rank = part.u8();
  const address = part.address();
  return { ...readShape(part, rank, 4), leavesEdges: false, index: { kind: 'tree' }, address };
}

function readNewerChunks(part: Part): ChunkedLayout {
  const flags = part.u8();
  const rank = part.u8();
  const shape = readShape(part, rank, part.u8());
  const index = readIndex(part, flags);
  return { ...shape, leavesEdges: (flags & LEAVES_EDGES) !== 0, index, address: part.address() };
}

/** The size of an element comes last, like an extra axis. */
function readShape(
  part: Part,
  rank: number,
  lengthBytes: number,
): Pick<ChunkedLayout, 'kind' | 'chunk' | 'elementBytes'> {
  const lengths = Array.from({ length: rank }, () => part.uint(lengthBytes));
  if (rank < 2 || lengths.some((length) => length === 0)) throw part.damaged('declares chunks of an impossible shape');
  return { kind: 'chunked', chunk: lengths.slice(0, -1), elementBytes: lengths[rank - 1] };
}

/** The index itself repeats its settings. */
function readIndex(part: Part, flags: number): ChunkIndex {
  const type = part.u8();
  switch (type) {
    case 1:
      if ((flags & SINGLE_IS_FILTERED) === 0) return { kind: 'single', mask: 0 };
      return { kind: 'single', bytes: part.length(), mask: part.u32() };
    case 2:
      return { kind: 'implicit' };
    case 3:
      part.skip(1);
      return { kind: 'fixed array' };
    case 4:
      part.skip(5);
      return { kind: 'extensible array' };
    case 5:
      part.skip(6);
      return { kind: 'newer tree' };
    default:
      throw part.damaged(`has chunks with an index of the unknown type ${type}`);
  }
}
