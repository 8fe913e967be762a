/** DEFLATE in its three wrappers, never beyond the size that the caller allows. */

import { ForwardpassError } from '../../../errors.ts';
import { type DeflateWrapper, inflateAtMost, inflatePieces } from '../../../platform/zlib.ts';
import type { BoundedOutput } from './output.ts';

/** The size of the pieces that the decoder outputs if the total is not known. */
const CHUNK = 2 ** 20;
/** Pieces of at least this size have memory of their own and need not be copied. */
const LARGE = 2 ** 16;
const LARGEST = 2 ** 30;

/** Inflates all of `bytes` into `output`; throws `MALFORMED`, `TRUNCATED`, or what `output` throws. */
export async function inflate(bytes: Uint8Array, wrapper: DeflateWrapper, output: BoundedOutput): Promise<Uint8Array> {
  // One piece if the size is declared: with room for one extra byte, which detects data that is too long.
  const chunkSize = output.isExact ? Math.min(LARGEST, Math.max(LARGE, output.expected + 1)) : CHUNK;
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    await inflatePieces(bytes, wrapper, {
      chunkSize,
      begin(consumed) {
        output.consumed = consumed;
      },
      take(chunk) {
        size += chunk.length;
        output.check(size);
        chunks.push(chunk);
      },
    });
  } catch (error) {
    if (error instanceof ForwardpassError) throw error;
    throw damaged(error as NodeJS.ErrnoException, output.place);
  }
  const [first] = chunks;
  if (chunks.length === 1 && size >= LARGE && first.byteOffset === 0) {
    output.adopt(new Uint8Array(first.buffer, 0, size));
  } else {
    if (size > 0) output.reserve(size);
    for (const chunk of chunks) output.append(chunk);
  }
  return output.finish();
}

/** Inflates `bytes`, in zlib's wrapper, to at most `most` bytes. Throws `MALFORMED` or `TRUNCATED`. */
export function inflateNow(bytes: Uint8Array, most: number, place: string): Uint8Array {
  const chunkSize = Math.min(CHUNK, Math.max(64, most + 1));
  try {
    return inflateAtMost(bytes, most, chunkSize);
  } catch (error) {
    const cause = error as NodeJS.ErrnoException;
    if (cause.code !== 'ERR_BUFFER_TOO_LARGE') throw damaged(cause, place);
    throw new ForwardpassError('MALFORMED', `the compressed data has more than the ${most} bytes expected`, place, {
      cause,
    });
  }
}

function damaged(cause: NodeJS.ErrnoException, place: string): ForwardpassError {
  if (cause.code === 'Z_BUF_ERROR') {
    return new ForwardpassError('TRUNCATED', 'the compressed data ends before its end mark', place, { cause });
  }
  return new ForwardpassError('MALFORMED', `the compressed data is damaged (${cause.message})`, place, { cause });
}
