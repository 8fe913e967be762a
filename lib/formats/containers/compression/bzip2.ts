/**
 * bzip2: blocks, each sorted (Burrows and Wheeler), moved to front, run-length coded and Huffman coded. Its only
 * specification is its source; https://github.com/dsnet/compress/blob/master/doc/bzip2-format.pdf describes it.
 */
import { ForwardpassError } from '../../../errors.ts';
import { BitInput } from './bits.ts';
import { HuffmanCode } from './huffman.ts';
import type { BoundedOutput } from './output.ts';

const STREAM = 0x425a68; // BZh
const BLOCK = [0x314159, 0x265359];
const END = [0x177245, 0x385090];
const GROUP_SYMBOLS = 50;
const LONGEST_CODE = 20;
/** Two symbols count zeros: they are the digits 1 and 2 of a bijective base-2 number. */
const RUN_B = 1;

export function unpackBzip2(bytes: Uint8Array, output: BoundedOutput): Uint8Array {
  const bits = new BitInput(bytes, output.place);
  // Several streams may follow each other.
  const room: Room = { column: new Uint32Array() };
  output.consumed = () => bits.consumed;
  do readStream(bits, output, room);
  while (bits.alignToByte() > 0);
  return output.finish();
}

/** Memory for sorting blocks, which all streams share: there may be a new stream every few bytes. */
interface Room {
  column: Uint32Array;
}

function readStream(bits: BitInput, output: BoundedOutput, room: Room): void {
  const level = bits.take(24) === STREAM ? bits.take(8) - 0x30 : 0;
  if (level < 1 || level > 9) throw output.malformed('a stream has no valid signature');
  const length = level * 100_000;
  let sum = 0;
  for (;;) {
    const magic = [bits.take(24), bits.take(24)];
    const declared = (bits.take(16) * 0x10000 + bits.take(16)) >>> 0;
    if (magic[0] === END[0] && magic[1] === END[1]) {
      if (declared !== sum) throw output.malformed('the checksum of the file does not match');
      return;
    }
    if (magic[0] !== BLOCK[0] || magic[1] !== BLOCK[1]) throw output.malformed('a block has no valid signature');
    const start = output.size;
    if (room.column.length < length) room.column = new Uint32Array(length);
    writeBlock(readBlock(bits, room.column.subarray(0, length), output), output);
    const found = crc32Forward(output.bytes.subarray(start, output.size));
    if (found !== declared) throw output.malformed('the checksum of a block does not match');
    sum = (((sum << 1) | (sum >>> 31)) ^ found) >>> 0;
  }
}

interface SortedBlock {
  /** The last column of the sorted rotations, a byte in the low bits of each. */
  readonly column: Uint32Array;
  readonly first: number;
}

/** `column`: memory for the block, which takes the front of it. */
function readBlock(bits: BitInput, column: Uint32Array, output: BoundedOutput): SortedBlock {
  if (bits.take(1) === 1) {
    throw new ForwardpassError('UNSUPPORTED_VERSION', 'a block is of bzip2 before 1.0 (randomised)', output.place);
  }
  const first = bits.take(24);
  const symbols = readSymbols(bits);
  const codeCount = bits.take(3);
  const selectorCount = bits.take(15);
  if (symbols.length === 0 || codeCount < 2 || codeCount > 6 || selectorCount === 0) {
    throw output.malformed('a block has no symbols or no codes');
  }
  const selectors = readSelectors(bits, selectorCount, codeCount, output);
  const codes = Array.from({ length: codeCount }, () => readCode(bits, symbols.length + 2, output));

  const most = column.length;
  const endOfBlock = symbols.length + 1;
  let length = 0;
  let run = 0;
  let digit = 1;
  for (let group = 0; ; group++) {
    const code = codes[selectors[group]];
    if (code === undefined) throw output.malformed('a block has fewer codes than it uses');
    for (let i = 0; i < GROUP_SYMBOLS; i++) {
      const symbol = code.decode(bits);
      if (symbol <= RUN_B) {
        run += digit << symbol;
        digit <<= 1;
        if (run > most) throw output.malformed('a block is longer than its stream says');
        continue;
      }
      if (length + run + (symbol === endOfBlock ? 0 : 1) > most) {
        throw output.malformed('a block is longer than its stream says');
      }
      column.fill(symbols[0], length, length + run);
      length += run;
      [run, digit] = [0, 1];
      if (symbol === endOfBlock) {
        if (first >= Math.max(length, 1)) throw output.malformed('a block begins beyond its end');
        return { column: column.subarray(0, length), first };
      }
      column[length++] = moveToFront(symbols, symbol - 1);
    }
  }
}

/** Which bytes occur: one bit for each group of sixteen, then one for each byte. */
function readSymbols(bits: BitInput): Uint8Array {
  const sixteens = bits.take(16);
  const symbols: number[] = [];
  for (let high = 0; high < 16; high++) {
    const present = sixteens & (0x8000 >> high) ? bits.take(16) : 0;
    for (let low = 0; low < 16; low++) if (present & (0x8000 >> low)) symbols.push(16 * high + low);
  }
  return Uint8Array.from(symbols);
}

function readSelectors(bits: BitInput, count: number, codeCount: number, output: BoundedOutput): Uint8Array {
  const order = Uint8Array.from({ length: codeCount }, (_, i) => i);
  return Uint8Array.from({ length: count }, () => {
    let position = 0;
    while (bits.take(1) === 1)
      if (++position >= codeCount) throw output.malformed('a block uses a code that it does not define');
    return moveToFront(order, position);
  });
}

/** Lengths of codes, each coded as steps from the previous one. */
function readCode(bits: BitInput, count: number, output: BoundedOutput): HuffmanCode {
  let length = bits.take(5);
  const lengths = Uint8Array.from({ length: count }, () => {
    while (bits.take(1) === 1) {
      length += bits.take(1) === 1 ? -1 : 1;
      if (length < 1 || length > LONGEST_CODE) throw output.malformed('a code has a length that is not allowed');
    }
    return length;
  });
  if (length < 1 || length > LONGEST_CODE) throw output.malformed('a code has a length that is not allowed');
  return new HuffmanCode(lengths, output);
}

function moveToFront(list: Uint8Array, position: number): number {
  const value = list[position];
  list.copyWithin(1, 0, position);
  list[0] = value;
  return value;
}

/** Undoes the sorting, and the first run-length coding: after four equal bytes comes the number of further ones. */
function writeBlock({ column, first }: SortedBlock, output: BoundedOutput): void {
  if (column.length === 0) return;
  const starts = new Uint32Array(256);
  for (const byte of column) starts[byte]++;
  let total = 0;
  for (let byte = 0; byte < 256; byte++) [starts[byte], total] = [total, total + starts[byte]];
  // Above the low byte of each row: the row that follows it in the text.
  for (let row = 0; row < column.length; row++) column[starts[column[row] & 0xff]++] |= row << 8;

  let row = column[first] >>> 8;
  let previous = -1;
  let equal = 0;
  for (let i = 0; i < column.length; i++) {
    const byte = column[row] & 0xff;
    row = column[row] >>> 8;
    if (equal === 4) {
      output.reserve(byte);
      output.bytes.fill(previous, output.size, output.size + byte);
      output.size += byte;
      [equal, previous] = [0, -1];
      continue;
    }
    equal = byte === previous ? equal + 1 : 1;
    previous = byte;
    output.reserve(1);
    output.bytes[output.size++] = byte;
  }
}

let table: Uint32Array | undefined;

/** CRC-32 with the highest bit first, unlike the one of zip. */
function crc32Forward(bytes: Uint8Array): number {
  table ??= Uint32Array.from({ length: 256 }, (_, byte) => {
    let sum = byte << 24;
    for (let bit = 0; bit < 8; bit++) sum = sum & 0x80000000 ? (sum << 1) ^ 0x04c11db7 : sum << 1;
    return sum;
  });
  let sum = -1;
  for (const byte of bytes) sum = (sum << 8) ^ table[((sum >>> 24) ^ byte) & 0xff];
  return ~sum >>> 0;
}
