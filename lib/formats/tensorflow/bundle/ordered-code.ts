/**
 * The keys under which a bundle has the slices of a variable: written so that their bytes sort as their numbers do.
 * https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/lib/strings/ordered_code.cc
 */

/** Where a slice of a tensor is along one axis; without a length it is all of it. */
export interface Extent {
  readonly start: number;
  readonly length?: number;
}

/** `name` as the characters of its bytes. The key is so too. */
export function sliceKey(name: string, extents: readonly Extent[]): string {
  const axes = extents.map(({ start, length = -1 }) => signed(start) + signed(length));
  return unsigned(0) + text(name) + unsigned(extents.length) + axes.join('');
}

/** The number of bytes, then those, the highest first. */
function unsigned(value: number): string {
  let bytes = '';
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes = String.fromCharCode(rest % 256) + bytes;
  return String.fromCharCode(bytes.length) + bytes;
}

/** Ends with 0 and 1; bytes of 0 and 255 have a byte after them that says they are not an end. */
function text(value: string): string {
  return `${value.replace(/[\0\xff]/g, (byte) => (byte === '\0' ? '\0\xff' : '\xff\0'))}\0\x01`;
}

/** The highest bits count the bytes, turned over where the number is negative; the rest are its two's complement. */
function signed(value: number): string {
  const magnitude = BigInt(value < 0 ? -value - 1 : value);
  let length = 1;
  while (magnitude >> BigInt(7 * length - 1) > 0n) length++;
  const bits = BigInt.asUintN(8 * length, BigInt(value)) ^ (((1n << BigInt(length)) - 1n) << BigInt(7 * length));
  const byteAt = (at: number) => Number(BigInt.asUintN(8, bits >> BigInt(8 * (length - 1 - at))));
  return Array.from({ length }, (_, at) => String.fromCharCode(byteAt(at))).join('');
}
