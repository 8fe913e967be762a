/**
 * The keys of a variable's slices in a bundle, encoded so that their bytes sort like the numbers.
 * https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/lib/strings/ordered_code.cc
 */

/** The range of a slice along one axis; without a length it is the whole axis. */
export interface Extent {
  readonly start: number;
  readonly length?: number;
}

/** `name` and the key are bytes as characters. */
export function sliceKey(name: string, extents: readonly Extent[]): string {
  const axes = extents.map(({ start, length = -1 }) => signed(start) + signed(length));
  return unsigned(0) + text(name) + unsigned(extents.length) + axes.join('');
}

/** The number of bytes, then the bytes, highest first. */
function unsigned(value: number): string {
  let bytes = '';
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes = String.fromCharCode(rest % 256) + bytes;
  return String.fromCharCode(bytes.length) + bytes;
}

/** Terminated by 0 and 1; bytes 0 and 255 are followed by a byte that marks them as content. */
function text(value: string): string {
  return `${value.replace(/[\0\xff]/g, (byte) => (byte === '\0' ? '\0\xff' : '\xff\0'))}\0\x01`;
}

/** The highest bits count the bytes, inverted for negative numbers; the rest is the number in two's complement. */
function signed(value: number): string {
  const magnitude = BigInt(value < 0 ? -value - 1 : value);
  let length = 1;
  while (magnitude >> BigInt(7 * length - 1) > 0n) length++;
  const bits = BigInt.asUintN(8 * length, BigInt(value)) ^ (((1n << BigInt(length)) - 1n) << BigInt(7 * length));
  const byteAt = (at: number) => Number(BigInt.asUintN(8, bits >> BigInt(8 * (length - 1 - at))));
  return Array.from({ length }, (_, at) => String.fromCharCode(byteAt(at))).join('');
}
