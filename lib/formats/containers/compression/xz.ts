/** .xz: blocks of LZMA2 with checksums, and an index of them. https://tukaani.org/xz/xz-file-format.txt */
import { ForwardpassError } from '../../../errors.ts';
import { crc32 } from './crc32.ts';
import { crc64 } from './crc64.ts';
import { Input } from './input.ts';
import { unpackLzma2 } from './lzma.ts';
import type { BoundedOutput } from './output.ts';

const MAGIC = [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00];
const FOOTER_MAGIC = [0x59, 0x5a];
const LZMA2 = 0x21;
/** Bytes of each kind of checksum. */
const CHECK_BYTES = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64];
const CHECK_CRC32 = 1;
const CHECK_CRC64 = 4;

export function unpackXz(bytes: Uint8Array, output: BoundedOutput): Uint8Array {
  const input = new Input(bytes, output.place);
  output.consumed = () => input.at;
  do {
    readStream(input, output);
    while (input.left >= 4 && input.takeIf([0, 0, 0, 0])); // Padding between streams.
  } while (input.left > 0);
  return output.finish();
}

function readStream(input: Input, output: BoundedOutput): void {
  if (!input.takeIf(MAGIC)) {
    if (input.left < MAGIC.length) throw input.truncated();
    throw output.malformed('a stream has no valid signature');
  }
  const flags = input.take(2);
  expectSum(input, flags, output);
  const check = flags[1] & 0x0f;
  let blocks = 0;
  for (let headerSize = input.u8(); headerSize !== 0; headerSize = input.u8()) {
    readBlock(input, headerSize, check, output);
    blocks++;
  }
  readIndex(input, blocks, output);
  const footer = { sum: input.u32(), bytes: input.take(6), magic: input.take(2) };
  const isFooter = footer.sum === crc32(footer.bytes) && footer.bytes[5] === flags[1];
  if (!isFooter || !FOOTER_MAGIC.every((byte, i) => byte === footer.magic[i])) {
    throw output.malformed('a stream has no valid footer');
  }
}

function readBlock(input: Input, headerSize: number, check: number, output: BoundedOutput): void {
  const headerStart = input.at - 1;
  const header = new Input(input.take(headerSize * 4 - 1), output.place);
  expectSum(input, input.bytes.subarray(headerStart, input.at), output);
  const flags = header.u8();
  const packedSize = flags & 0x40 ? multibyte(header, output) : undefined;
  const size = flags & 0x80 ? multibyte(header, output) : undefined;
  const filter = multibyte(header, output);
  if ((flags & 3) !== 0 || filter !== LZMA2) {
    const message = 'the xz file is compressed by filters other than LZMA2, the only supported one';
    throw new ForwardpassError('UNSUPPORTED_VERSION', message, output.place);
  }
  const [dataStart, start] = [input.at, output.size];
  unpackLzma2(input, output);
  const unpacked = output.bytes.subarray(start, output.size);
  if ((packedSize ?? input.at - dataStart) !== input.at - dataStart || (size ?? unpacked.length) !== unpacked.length) {
    throw output.malformed('the size of a block differs from the declared one');
  }
  while ((input.at - dataStart) % 4 !== 0)
    if (input.u8() !== 0) throw output.malformed('the padding of a block is not zero');
  const sum = input.take(CHECK_BYTES[check]);
  const view = new DataView(sum.buffer, sum.byteOffset, sum.byteLength);
  const fits =
    check === CHECK_CRC32
      ? view.getUint32(0, true) === crc32(unpacked)
      : check !== CHECK_CRC64 || view.getBigUint64(0, true) === crc64(unpacked);
  if (!fits) throw output.malformed('the checksum of a block does not match');
}

/** Repeats the number and sizes of the blocks; the blocks themselves were already checked. */
function readIndex(input: Input, blocks: number, output: BoundedOutput): void {
  const start = input.at - 1;
  if (multibyte(input, output) !== blocks) throw output.malformed('the index does not match the blocks');
  for (let i = 0; i < 2 * blocks; i++) multibyte(input, output);
  while ((input.at - start) % 4 !== 0) input.u8();
  expectSum(input, input.bytes.subarray(start, input.at), output);
}

function expectSum(input: Input, bytes: Uint8Array, output: BoundedOutput): void {
  if (input.u32() !== crc32(bytes)) throw output.malformed('the checksum of a header does not match');
}

/** Seven bits a byte, the lowest first. */
function multibyte(input: Input, output: BoundedOutput): number {
  let value = 0;
  for (let i = 0; i < 9; i++) {
    const byte = input.u8();
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return value;
  }
  throw output.malformed('an encoded size is too long');
}
