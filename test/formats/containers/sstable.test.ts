import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { crc32c, maskedCrc32c } from '../../../lib/formats/containers/sstable/crc32c.ts';
import { readTable } from '../../../lib/formats/containers/sstable/sstable.ts';
import { Budget } from '../../../lib/graph/budget.ts';
import { failureOf } from '../../failure.ts';

const INDEX = new URL('../../fixtures/tensorflow/module-mlp/variables/variables.index', import.meta.url);
const index = new Uint8Array(readFileSync(INDEX));
const ascii = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'));

describe('crc32c', () => {
  // RFC 3720, B.4.
  it.each([
    ['no bytes', new Uint8Array(), 0],
    ['the digits', ascii('123456789'), 0xe3069283],
    ['32 zeros', new Uint8Array(32), 0x8a9136aa],
    ['32 ones', new Uint8Array(32).fill(0xff), 0x62a8ab43],
    ['32 rising bytes', Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
  ])('of %s is what the standard says', (_, bytes, expected) => {
    expect(crc32c(bytes)).toBe(expected);
  });

  it('goes on from the bytes before', () => {
    expect(crc32c(ascii('6789'), crc32c(ascii('12345')))).toBe(0xe3069283);
  });
});

/** A table of one block, whose entries are given as bytes. */
function tableOf(entries: Uint8Array, compression = 0): Uint8Array {
  const block = (content: Uint8Array) => {
    const body = Buffer.concat([content, Uint8Array.of(0, 0, 0, 0, 1, 0, 0, 0, compression)]);
    const checksum = Buffer.alloc(4);
    checksum.writeUInt32LE(maskedCrc32c(body));
    return Buffer.concat([body, checksum]);
  };
  const data = block(entries);
  const handle = Uint8Array.of(0, data.length - 5);
  const meta = block(new Uint8Array());
  const end = block(Buffer.concat([Uint8Array.of(0, 1, handle.length), ascii('z'), handle]));
  const footer = Buffer.alloc(48);
  footer.set([data.length, meta.length - 5, data.length + meta.length, end.length - 5]);
  footer.set([0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb], 40);
  return new Uint8Array(Buffer.concat([data, meta, end, footer]));
}

describe('a table of variables', () => {
  it('is read with the beginnings that its keys share', () => {
    const entries = Buffer.concat([Uint8Array.of(0, 3, 1), ascii('abcX'), Uint8Array.of(2, 2, 2), ascii('zzYY')]);
    const table = readTable(tableOf(entries), 'index', new Budget());
    expect([...table].map(([key, value]) => [key, Buffer.from(value).toString()])).toEqual([
      ['abc', 'X'],
      ['abzz', 'YY'],
    ]);
  });

  it('is read as TensorFlow writes it', () => {
    const keys = [...readTable(index, 'index', new Budget()).keys()];
    expect(keys).toContain('layers/0/w/.ATTRIBUTES/VARIABLE_VALUE');
    expect(keys).toEqual(keys.toSorted());
  });

  it.each([
    ['a key that shares more than there is', Uint8Array.of(4, 1, 0, 97), 'MALFORMED', 'shares more bytes'],
    ['an entry past the end of its block', Uint8Array.of(0, 9, 0, 97), 'TRUNCATED', 'ends within an entry'],
    ['an endless integer', new Uint8Array(12).fill(0xff), 'MALFORMED', 'longer than 7 bytes'],
    ['a key twice', Uint8Array.of(0, 1, 0, 97, 1, 0, 0), 'DUPLICATE', 'a key twice'],
  ])('refuses %s', async (_, entries, code, words) => {
    const error = await failureOf(() => readTable(tableOf(entries), 'index', new Budget()));
    expect([error.code, error.message]).toEqual([code, expect.stringContaining(words)]);
  });

  it('refuses compressed blocks by name', async () => {
    const error = await failureOf(() => readTable(tableOf(Uint8Array.of(0, 1, 0, 97), 1), 'index', new Budget()));
    expect([error.code, error.message]).toEqual(['UNSUPPORTED_VERSION', expect.stringContaining('compressed')]);
  });

  it('is refused when it is cut off anywhere', async () => {
    for (let length = 0; length < index.length; length++) {
      const error = await failureOf(() => readTable(index.slice(0, length), 'index', new Budget()));
      expect(['TRUNCATED', 'MALFORMED']).toContain(error.code);
    }
  });

  it('is refused when any of its bytes changes, up to the footer', async () => {
    for (let at = 0; at < index.length - 48; at++) {
      const changed = index.slice();
      changed[at] ^= 0x10;
      const error = await failureOf(() => readTable(changed, 'index', new Budget()));
      expect(['TRUNCATED', 'MALFORMED', 'UNSUPPORTED_VERSION', 'DUPLICATE']).toContain(error.code);
    }
  });
});
