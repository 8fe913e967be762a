/** LZ4 frames: https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md, blocks: lz4_Block_format.md beside it. */
import { ForwardpassError } from '../../../errors.ts';
import { Input } from './input.ts';
import type { BoundedOutput } from './output.ts';
import { xxh32 } from './xxh32.ts';

const MAGIC = [0x04, 0x22, 0x4d, 0x18];
const SHORTEST_MATCH = 4;
/** The flag in a block's size for stored bytes. */
const STORED = 0x80000000;

export function unpackLz4(bytes: Uint8Array, output: BoundedOutput): Uint8Array {
  const input = new Input(bytes, output.place);
  output.consumed = () => input.at;
  do readFrame(input, output);
  while (input.left > 0);
  return output.finish();
}

function readFrame(input: Input, output: BoundedOutput): void {
  if (!input.takeIf(MAGIC)) {
    if (input.left < MAGIC.length) throw input.truncated();
    throw output.malformed('a frame has no valid signature');
  }
  const begin = input.at;
  const flags = input.u8();
  const maximum = (input.u8() >> 4) & 7;
  const [version, hasBlockSums, hasSize, hasSum, hasDictionary] = [
    flags >> 6,
    flags & 16,
    flags & 8,
    flags & 4,
    flags & 1,
  ];
  if (version !== 1 || hasDictionary || maximum < 4) {
    const message = 'the LZ4 frame has an unsupported version, or needs a dictionary that is not in it';
    throw new ForwardpassError('UNSUPPORTED_VERSION', message, output.place);
  }
  const size = hasSize ? input.u64() : undefined;
  const header = input.bytes.subarray(begin, input.at);
  if (((xxh32(header) >>> 8) & 0xff) !== input.u8())
    throw output.malformed('the checksum of the header does not match');

  const largestBlock = 4 ** (maximum + 4);
  const start = output.size;
  for (let word = input.u32(); word !== 0; word = input.u32()) {
    const block = input.take(word % STORED);
    if (hasBlockSums && input.u32() !== xxh32(block)) throw output.malformed('the checksum of a block does not match');
    const before = output.size;
    if (word >= STORED) output.append(block);
    else unpackBlock(new Input(block, output.place), output, start);
    if (output.size - before > largestBlock) throw output.malformed('a block is larger than its frame declares');
  }
  const unpacked = output.bytes.subarray(start, output.size);
  if (hasSum && input.u32() !== xxh32(unpacked)) throw output.malformed('the checksum of the content does not match');
  if (size !== undefined && size !== unpacked.length) {
    throw output.malformed(`holds ${unpacked.length} bytes where ${size} were declared`);
  }
}

/** Runs of literals, each but the last followed by a repetition. */
function unpackBlock(input: Input, output: BoundedOutput, start: number): void {
  while (input.left > 0) {
    const token = input.u8();
    output.append(input.take(readLength(input, token >> 4)));
    if (input.left === 0) return;
    const distance = input.u8() + 256 * input.u8();
    if (distance > output.size - start) throw output.malformed('repeats bytes from before its frame');
    output.repeat(distance, readLength(input, token & 15) + SHORTEST_MATCH);
  }
}

function readLength(input: Input, nibble: number): number {
  let length = nibble;
  if (nibble < 15) return length;
  let byte: number;
  do {
    byte = input.u8();
    length += byte;
  } while (byte === 255);
  return length;
}
