/** Checks the runs and deltas of pages before a decoder allocates memory and loops as they say. */

/** What is wrong with a page. The caller adds the place. */
export class PageFault extends Error {}

/**
 * Checks `count` numbers of `width` bits in Parquet's hybrid of run lengths and bit packing, from `at` to `end`.
 * Returns how many are 1; among definition levels, these are the values that are not null.
 */
export function checkRuns(bytes: Uint8Array, at: number, end: number, width: number, count: number): number {
  if (width > 32) throw new PageFault(`numbers of ${width} bits`);
  const valueBytes = (width + 7) >> 3;
  let [seen, ones] = [0, 0];
  while (seen < count && at < end) {
    const { value: header, next } = varint(bytes, at, end);
    at = next;
    const left = count - seen;
    if (header % 2 === 0) {
      const run = header / 2;
      if (run > left) throw new PageFault(`a run of ${run} values where ${left} are left`);
      if (bytes[at] === 1) ones += run;
      at += valueBytes;
      seen += run;
      continue;
    }
    const groups = (header - 1) / 2;
    if (groups * 8 > left + 7) throw new PageFault(`${groups * 8} packed values where ${left} are left`);
    if (width === 1) ones += onesOf(bytes, at, Math.min(groups * 8, left));
    at += groups * width;
    seen += groups * 8;
  }
  if (seen < count) throw new PageFault(`${seen} values where it states ${count}`);
  return ones;
}

function onesOf(bytes: Uint8Array, at: number, count: number): number {
  let ones = 0;
  for (let i = 0; i < count; i++) ones += (bytes[at + (i >> 3)] >> (i & 7)) & 1;
  return ones;
}

/** Checks `count` integers as deltas, starting at `at`; returns where they end. */
export function checkDeltas(bytes: Uint8Array, at: number, count: number): number {
  const next = () => {
    const read = varint(bytes, at, bytes.length);
    at = read.next;
    return read.value;
  };
  const [blockSize, miniBlocks] = [next(), next()];
  next();
  next();
  const size = blockSize / miniBlocks;
  if (!(blockSize <= 2 ** 20 && Number.isInteger(size / 8))) throw new PageFault(`delta blocks of ${blockSize}`);
  for (let seen = 1; seen < count; ) {
    next();
    const widths = at;
    at += miniBlocks;
    for (let i = 0; i < miniBlocks && seen < count; i++, seen += size) {
      const width = bytes[widths + i];
      if (!(width <= 64)) throw new PageFault('a delta of more than 64 bits');
      at += (size * width) / 8;
    }
    if (at > bytes.length) throw new PageFault('deltas that are longer than their page');
  }
  return at;
}

function varint(bytes: Uint8Array, at: number, end: number): { value: number; next: number } {
  let value = 0;
  for (let i = 0; i < 10 && at + i < end; i++) {
    value += (bytes[at + i] & 127) * 2 ** (7 * i);
    if (bytes[at + i] < 128) return { value, next: at + i + 1 };
  }
  throw new PageFault('a number that does not end');
}
