/** A file within a file, already in memory; reads beyond its end are refused. */
import { ForwardpassError } from '../../errors.ts';
import type { Reader } from '../format.ts';

/** Throws `TRUNCATED` for reads beyond the end. */
export function innerReader(name: string, bytes: Uint8Array): Reader {
  return {
    name,
    size: bytes.length,
    async read(offset, length) {
      const isRange = [offset, length].every((value) => Number.isSafeInteger(value) && value >= 0);
      if (isRange && offset + length <= bytes.length) return bytes.slice(offset, offset + length);
      const message = `expected ${length} bytes at byte ${offset}, but it ends at ${bytes.length}`;
      throw new ForwardpassError('TRUNCATED', message, name);
    },
  };
}
