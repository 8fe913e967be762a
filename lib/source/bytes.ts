/** Readers of bytes in memory, and the checks and messages that all readers share. */
import { ForwardpassError } from '../errors.ts';
import type { Reader } from '../formats/format.ts';
import { aborted } from './abort.ts';

export function bytesReader(name: string, bytes: Uint8Array): Reader {
  return {
    name,
    size: bytes.length,
    async read(offset, length) {
      checkRange(name, bytes.length, offset, length);
      const copy = allocate(name, length);
      copy.set(bytes.subarray(offset, offset + length));
      return copy;
    },
  };
}

/** Reads the requested parts of a Blob, which may be backed by a file (`fs.openAsBlob`, a form's upload). */
export function blobReader(name: string, blob: Blob, signal?: AbortSignal): Reader {
  return {
    name,
    size: blob.size,
    async read(offset, length) {
      checkRange(name, blob.size, offset, length);
      aborted(signal);
      let buffer: ArrayBuffer;
      try {
        buffer = await blob.slice(offset, offset + length).arrayBuffer();
      } catch (cause) {
        const message = `the Blob could not be read (${(cause as Error).message})`;
        throw new ForwardpassError('SOURCE', message, name, { cause });
      }
      if (buffer.byteLength !== length) throw truncated(name, offset + buffer.byteLength, offset, length);
      return new Uint8Array(buffer);
    },
  };
}

/** Throws `TRUNCATED` or `MALFORMED` unless the file of `size` bytes contains the range. */
export function checkRange(name: string, size: number, offset: number, length: number): void {
  if (![offset, length].every((value) => Number.isSafeInteger(value) && value >= 0)) {
    throw new ForwardpassError(
      'MALFORMED',
      `refers to ${length} bytes at byte ${offset}, which is not a valid range`,
      name,
    );
  }
  if (offset + length > size) throw truncated(name, size, offset, length);
}

export function truncated(name: string, size: number, offset: number, length: number): ForwardpassError {
  return new ForwardpassError('TRUNCATED', `expected ${length} bytes at byte ${offset}, but it ends at ${size}`, name);
}

/** Bytes of any content, for whoever writes all of them: zeros would take as long as the bytes of a file. */
export function allocate(name: string, length: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(Buffer.allocUnsafeSlow(length).buffer);
  } catch (cause) {
    throw new ForwardpassError('MEMORY', `${length} bytes could not be allocated`, name, { cause });
  }
}
