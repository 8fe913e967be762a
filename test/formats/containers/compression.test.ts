import { readFileSync } from 'node:fs';
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
  METHODS[method](bytes, BoundedOutput.atMost(most, 'a.joblib'));

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
      for (let length = 1; length < bytes.length; length++) {
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
      for (let at = 0; at < bytes.length; at++) {
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
