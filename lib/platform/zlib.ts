/** DEFLATE and CRC-32 by Node's zlib. Errors have its codes, such as Z_BUF_ERROR if data ends early. */
import * as zlib from 'node:zlib';

const DECODERS = { raw: zlib.createInflateRaw, zlib: zlib.createInflate, gzip: zlib.createGunzip } as const;
export type DeflateWrapper = keyof typeof DECODERS;

export interface Pieces {
  /** The most bytes of a piece. */
  readonly chunkSize: number;
  /** Receives each piece in turn; an error that it throws stops the work. */
  take(piece: Uint8Array): void;
  /** Called first, with a function that returns how many bytes were read so far. */
  begin(consumed: () => number): void;
}

/** Inflates all of `bytes`, off the event loop. */
export async function inflatePieces(bytes: Uint8Array, wrapper: DeflateWrapper, pieces: Pieces): Promise<void> {
  const decoder = DECODERS[wrapper]({ chunkSize: pieces.chunkSize });
  pieces.begin(() => decoder.bytesWritten);
  try {
    await new Promise<void>((resolve, reject) => {
      decoder.on('error', reject);
      decoder.on('end', resolve);
      decoder.on('data', (piece: Uint8Array) => {
        try {
          pieces.take(piece);
        } catch (error) {
          reject(error);
        }
      });
      decoder.end(bytes);
    });
  } finally {
    decoder.destroy();
  }
}

/** Inflates `bytes` in zlib's wrapper; ERR_BUFFER_TOO_LARGE for more than `most` bytes. */
export function inflateAtMost(bytes: Uint8Array, most: number, chunkSize: number): Uint8Array {
  return zlib.inflateSync(bytes, { chunkSize, maxOutputLength: Math.max(1, most) });
}

/** Inflates the first bytes of compressed data, to at most 16 MB. */
export function inflateHead(head: Uint8Array, wrapper: 'zlib' | 'gzip'): Uint8Array {
  const options = { finishFlush: zlib.constants.Z_SYNC_FLUSH, maxOutputLength: 2 ** 24 };
  return wrapper === 'zlib' ? zlib.inflateSync(head, options) : zlib.gunzipSync(head, options);
}

/** Node's CRC-32; undefined before Node 20.15 and 22.2. */
export const ownCrc32: ((bytes: Uint8Array, before?: number) => number) | undefined = zlib.crc32;
