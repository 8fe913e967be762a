import { readFileSync } from 'node:fs';
import { deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { unpackBzip2 } from '../../../lib/formats/containers/compression/bzip2.ts';
import { crc32 } from '../../../lib/formats/containers/compression/crc32.ts';
import { crc64 } from '../../../lib/formats/containers/compression/crc64.ts';
import { inflate } from '../../../lib/formats/containers/compression/inflate.ts';
import { unpackLz4 } from '../../../lib/formats/containers/compression/lz4.ts';
import { unpackLzma } from '../../../lib/formats/containers/compression/lzma.ts';
import { BoundedOutput } from '../../../lib/formats/containers/compression/output.ts';
import { xxh32 } from '../../../lib/formats/containers/compression/xxh32.ts';
import { unpackXz } from '../../../lib/formats/containers/compression/xz.ts';
import { damagedPlaces } from '../../damage.ts';
import { failureOf } from '../../failure.ts';

type Unpack = (bytes: Uint8Array, output: BoundedOutput) => Uint8Array | Promise<Uint8Array>;

const METHODS: Readonly<Record<string, Unpack>> = {
  zlib: (bytes, output) => inflate(bytes, 'zlib', output),
  gzip: (bytes, output) => inflate(bytes, 'gzip', output),
  bz2: unpackBzip2,
  xz: unpackXz,
  lzma: unpackLzma,
  lz4: unpackLz4,
};

interface Row {
  readonly name: string;
  readonly method: string;
  readonly packed: string;
  readonly size: number;
  readonly crc32: number;
}

const ROWS: Row[] = JSON.parse(readFileSync(new URL('../../fixtures/joblib/compressed.json', import.meta.url), 'utf8'));

const decode = ({ packed }: Row) => new Uint8Array(Buffer.from(packed, 'base64'));
const unpack = async (method: string, bytes: Uint8Array, most = 2 ** 24) =>
  METHODS[method](
    bytes,
    BoundedOutput.inProportion(bytes.length, () => most, 'a.joblib'),
  );

describe('compressed bytes', () => {
  it.each(ROWS)('unpack: $name', async (row) => {
    const bytes = await unpack(row.method, decode(row));
    expect({ size: bytes.length, crc32: crc32(bytes) }).toEqual({ size: row.size, crc32: row.crc32 });
  });

  it.each(ROWS.filter(({ size }) => size > 1000 && size < 5000))(
    'are refused once more than allowed comes out: $name',
    async (row) => {
      const error = await failureOf(() => unpack(row.method, decode(row), row.size - 1));
      expect(error.code).toBe('LIMIT');
      expect((await unpack(row.method, decode(row), row.size)).length).toBe(row.size);
    },
  );

  it.each(Object.keys(METHODS))('of %s are refused when they are cut off', async (method) => {
    const rows = ROWS.filter((row) => row.method === method && row.packed.length < 600);
    expect(rows.length).toBeGreaterThan(1);
    for (const row of rows) {
      const bytes = decode(row);
      for (const length of damagedPlaces(bytes.length, 60)) {
        if (length < 1) continue;
        // Between two streams, or within zeros that may follow one, is an end like another.
        const result = await unpack(method, bytes.slice(0, length)).catch((error) => error);
        if (result instanceof Uint8Array) expect(row.name).toMatch(/(bz2 2|xz 4)$/);
        else expect((await failureOf(() => Promise.reject(result))).code, `${row.name} at ${length}`).toBe('TRUNCATED');
      }
    }
  });

  it.each(Object.keys(METHODS))('of %s unpack or are refused when any byte is another', async (method) => {
    for (const row of ROWS.filter((other) => other.method === method && other.packed.length < 600)) {
      const bytes = decode(row);
      for (const at of damagedPlaces(bytes.length, 60)) {
        for (const change of [1, 0x80]) {
          const other = bytes.slice();
          other[at] ^= change;
          const result = await unpack(method, other, 100_000).catch((error) => error);
          if (!(result instanceof Uint8Array)) await failureOf(() => Promise.reject(result));
        }
      }
    }
  });

  it.each<[title: string, method: string, bytes: number[], code: string, message: RegExp]>([
    ['an xz filter beside LZMA2', 'xz', deltaFilter(), 'UNSUPPORTED_VERSION', /filters/],
    [
      'a randomised block of bzip2',
      'bz2',
      [...Buffer.from('BZh91AY&SY'), 0, 0, 0, 0, 0x80, 0, 0],
      'UNSUPPORTED_VERSION',
      /before 1\.0/,
    ],
    [
      'an LZ4 frame with a dictionary',
      'lz4',
      [4, 0x22, 0x4d, 0x18, 0x41, 0x40, 0, 0, 0, 0, 0],
      'UNSUPPORTED_VERSION',
      /dictionary/,
    ],
    ['settings that LZMA does not have', 'lzma', [225, ...new Uint8Array(20)], 'MALFORMED', /settings/],
    [
      'a size that LZMA declares beyond the limit',
      'lzma',
      [0x5d, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0],
      'LIMIT',
      /unpacks to more/,
    ],
  ])('refuse %s', async (_, method, bytes, code, message) => {
    const error = await failureOf(() => unpack(method, Uint8Array.from(bytes)));
    expect(error.message).toMatch(message);
    expect(error.code).toBe(code);
  });
});

/** The header of a stream, and of a block with a filter before LZMA2. */
function deltaFilter(): number[] {
  const sum = (bytes: number[]) => {
    const four = Buffer.alloc(4);
    four.writeUInt32LE(crc32(Uint8Array.from(bytes)));
    return [...four];
  };
  const block = [2, 1, 3, 1, 0, 0x21, 1, 22];
  return [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0, 1, ...sum([0, 1]), ...block, ...sum(block)];
}

describe('check sums', () => {
  const bytes = Buffer.from('123456789');

  it('are those of their definitions', () => {
    expect(crc64(bytes)).toBe(0x995dc9bbdf1939fan);
    expect(xxh32(bytes)).toBe(0x937bad67);
    expect(xxh32(new Uint8Array())).toBe(0x02cc5d05);
    expect(xxh32(Buffer.from('Nobody inspects the spammish repetition'))).toBe(0xe2293b2f);
  });
});

/** A block of LZ4 that repeats one byte: 255 bytes for each of its own. */
function repeating(count: number): Buffer {
  return Buffer.concat([Buffer.from([0x1f, 0, 1, 0]), Buffer.alloc(Math.floor(count / 255), 255), Buffer.from([0, 0])]);
}

function lz4FrameOf(blocks: readonly Buffer[]): Buffer {
  const flags = Uint8Array.of(0x40, 0x70);
  const head = Buffer.from([0x04, 0x22, 0x4d, 0x18, ...flags, (xxh32(flags) >>> 8) & 0xff]);
  const sized = blocks.flatMap((block) => [Buffer.from(Uint32Array.of(block.length).buffer), block]);
  return Buffer.concat([head, ...sized, Buffer.alloc(4)]);
}

describe('what unpacks out of proportion', () => {
  const zeros = Buffer.alloc(2 ** 20);
  const noise = Uint8Array.from({ length: 60_000 }, (_, i) => Math.imul(i + 1, 0x9e3779b1) >>> 24);
  /** 64 KiB, and 20 times what was read so far. */
  const output = (bytes: Uint8Array) =>
    BoundedOutput.inProportion(bytes.length, (packed) => 2 ** 16 + 20 * packed, 'a.joblib');

  it.each([
    ['zlib', deflateSync(zeros)],
    ['gzip', gzipSync(zeros)],
    ['lz4', lz4FrameOf([repeating(2 ** 20)])],
  ])('is refused by %s', async (method, bytes) => {
    const error = await failureOf(() => METHODS[method](bytes, output(bytes)));
    expect(error).toMatchObject({ code: 'LIMIT', message: expect.stringContaining('raise `limits.bytes`') });
  });

  it('is refused where it is, though the file as a whole is in proportion', async () => {
    const bytes = lz4FrameOf([repeating(2 ** 20), ...[noise, noise, noise].map(stored)]);
    expect(await failureOf(() => unpackLz4(bytes, output(bytes)))).toMatchObject({ code: 'LIMIT' });
  });

  it('takes streams and frames that hold nothing, as many as there are', async () => {
    const empty = Buffer.concat(new Array<Buffer>(20_000).fill(lz4FrameOf([])));
    expect(unpackLz4(empty, output(empty)).length).toBe(0);
    // An empty stream of bzip2: its beginning, its end, and the sum of no blocks.
    const stream = Buffer.from('425a683917724538509000000000', 'hex');
    const streams = Buffer.concat(new Array<Buffer>(20_000).fill(stream));
    expect(unpackBzip2(streams, output(streams)).length).toBe(0);
  });
});

/** A block of bytes as they are: literals alone. */
function stored(bytes: Uint8Array): Buffer {
  const length = bytes.length - 15;
  const more = Buffer.alloc(Math.floor(length / 255), 255);
  return Buffer.concat([Buffer.from([0xf0]), more, Buffer.from([length % 255]), bytes]);
}
