/** A smaller file, or one more like a whole one, that still has the same fault. */
import { concat } from './mutator.ts';

/**
 * First parts of `bytes` are put back to what they are in `whole`, then parts are left out, half of the file first and single bytes
 * last, for as long as `isSame` says that the fault stays and `milliseconds` last.
 */
export async function minimised(
  bytes: Uint8Array,
  whole: Uint8Array,
  isSame: (bytes: Uint8Array) => Promise<boolean>,
  milliseconds = 10_000,
): Promise<Uint8Array> {
  const end = performance.now() + milliseconds;
  const putBack = (from: Uint8Array, at: number, size: number) =>
    concat(from.subarray(0, at), whole.subarray(at, at + size), from.subarray(at + size));
  const leaveOut = (from: Uint8Array, at: number, size: number) =>
    concat(from.subarray(0, at), from.subarray(at + size));
  let smallest = bytes;
  for (const change of bytes.length === whole.length ? [putBack, leaveOut] : [leaveOut]) {
    for (let size = bytes.length >> 1; size >= 1; size >>= 1) {
      for (let at = 0; at < smallest.length && performance.now() < end; ) {
        const changed = change(smallest, at, size);
        const isSmaller = Buffer.compare(changed, smallest) !== 0 && (await isSame(changed));
        if (isSmaller) smallest = changed;
        if (!isSmaller || change === putBack) at += size;
      }
    }
  }
  return smallest;
}
