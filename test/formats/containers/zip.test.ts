import { describe, expect, it } from 'vitest';
import { crc32, crc32ByTable } from '../../../lib/formats/containers/compression/crc32.ts';
import { isZip, lookIntoZip, openZip } from '../../../lib/formats/containers/zip.ts';
import { Budget } from '../../../lib/graph/budget.ts';
import { bytesReader } from '../../../lib/source/bytes.ts';
import { failureOf } from '../../failure.ts';
import { sourceOf } from '../safetensors-file.ts';
import { type Member, zipOf } from './zip-file.ts';

const open = (bytes: Uint8Array, limits = {}) => openZip(bytesReader('model.zip', bytes), new Budget(limits));
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

/** Opens an archive and reads every member. */
async function readAll(bytes: Uint8Array, limits = {}): Promise<string[]> {
  const archive = await open(bytes, limits);
  const texts: string[] = [];
  for (const name of archive.entries.keys()) texts.push(text(await archive.read(name)));
  return texts;
}

const plain: Member[] = [
  { name: 'a/config.json', data: '{}' },
  { name: 'a/data/0', data: 'x'.repeat(40_000), deflate: true },
  { name: 'a/empty' },
];

describe('a zip archive', () => {
  it('gives its members by name, stored or deflated', async () => {
    const archive = await open(zipOf(plain));
    expect([...archive.entries.keys()]).toEqual(['a/config.json', 'a/data/0', 'a/empty']);
    expect(archive.entries.get('a/data/0')?.size).toBe(40_000);
    expect(archive.has('a')).toBe(false);
    expect(await readAll(zipOf(plain))).toEqual(['{}', 'x'.repeat(40_000), '']);
  });

  it('gives bytes that begin at their buffer, so that they can be viewed as numbers', async () => {
    const archive = await open(
      zipOf([
        { name: 'odd', data: 'abc' },
        { name: 'numbers', data: new Uint8Array(16) },
      ]),
    );
    for (const name of ['odd', 'numbers']) expect((await archive.read(name)).byteOffset).toBe(0);
  });

  it('leaves out folders', async () => {
    expect([...(await open(zipOf([{ name: 'a/' }, { name: 'a/b' }]))).entries.keys()]).toEqual(['a/b']);
  });

  it('may have more members than one window of its directory shows', async () => {
    const members = Array.from({ length: 3000 }, (_, i) => ({ name: `member-${i}`, data: String(i) }));
    expect(await readAll(zipOf(members))).toEqual(members.map(({ data }) => data));
  });

  it('is detected by its first bytes, and shows its names to those who detect formats', async () => {
    expect(isZip(zipOf(plain))).toBe(true);
    expect(isZip(zipOf([]))).toBe(true);
    expect(isZip(Uint8Array.of(0x50, 0x4b))).toBe(false);
    expect(await lookIntoZip(sourceOf(zipOf(plain)))).toEqual(new Set(['a/config.json', 'a/data/0', 'a/empty']));
    expect(await lookIntoZip(sourceOf(Buffer.from('no zip')))).toBeUndefined();
    expect(await lookIntoZip(sourceOf(zipOf(plain).subarray(0, 90)))).toBeUndefined();
  });

  it.each<[title: string, bytes: Uint8Array, code: string, message: RegExp]>([
    ['a name that leads out of it', zipOf([{ name: 'a/../../b' }]), 'UNSAFE', /'a\/\.\.\/\.\.\/b'/],
    ['an absolute name', zipOf([{ name: '/etc/passwd' }]), 'UNSAFE', /'\/etc\/passwd'/],
    ['a name with a drive', zipOf([{ name: 'C:/a' }]), 'UNSAFE', /'C:\/a'/],
    ['a name with backslashes', zipOf([{ name: 'a\\..\\b' }]), 'UNSAFE', /which is not a path/],
    ['a name that is there twice', zipOf([{ name: 'a' }, { name: 'a' }]), 'UNSAFE', /two members named 'a'/],
    ['two names for one member', zipOf([{ name: 'a', localName: 'b' }]), 'UNSAFE', /member a: has one name/],
    ['a member that is encrypted', zipOf([{ name: 'a', flags: 1 }]), 'MALFORMED', /'a' is encrypted/],
    ['strong encryption', zipOf([{ name: 'a', flags: 0x40 }]), 'MALFORMED', /strong encryption/],
    ['several disks', zipOf([], { disk: 2 }), 'MALFORMED', /multi-disk/],
    [
      'another method',
      zipOf([{ name: 'a', method: 14 }]),
      'UNSUPPORTED_VERSION',
      /member a: is compressed by method 14/,
    ],
    ['a wrong check sum', zipOf([{ name: 'a', data: 'b', crc: 7 }]), 'MALFORMED', /member a: the checksum/],
    ['more members than there are', zipOf([], { count: 3 }), 'TRUNCATED', /46 bytes at byte 0/],
    [
      'stored bytes of another size',
      zipOf([{ name: 'a', data: 'abc', size: 4 }]),
      'MALFORMED',
      /member a: .*declares 4/,
    ],
    [
      'a member that ends after the file',
      zipOf([{ name: 'a', data: 'abc', size: 4000, compressedSize: 4000 }]),
      'TRUNCATED',
      /member a: .*4000 bytes/,
    ],
    [
      'more deflated bytes than declared',
      zipOf([{ name: 'a', data: 'abc', deflate: true, size: 2 }]),
      'MALFORMED',
      /2/,
    ],
    [
      'fewer deflated bytes than declared',
      zipOf([{ name: 'a', data: 'abc', deflate: true, size: 4 }]),
      'MALFORMED',
      /4/,
    ],
    [
      'bytes that are not deflated',
      zipOf([{ name: 'a', data: '\x07bc', method: 8 }]),
      'MALFORMED',
      /member a: .*damaged/,
    ],
    [
      'deflated bytes that are cut off',
      zipOf([{ name: 'a', data: 'abcabcabc', deflate: true, compressedSize: 4 }]),
      'TRUNCATED',
      /member a: .*ends before/,
    ],
    [
      'a member that unpacks out of proportion',
      zipOf([{ name: 'a', data: new Uint8Array(40_000_000), deflate: true }]),
      'LIMIT',
      /member a: .*40000000 bytes/,
    ],
    [
      'members that unpack out of proportion together',
      zipOf(['a', 'b', 'c', 'd', 'e'].map((name) => ({ name, data: new Uint8Array(8_000_000), deflate: true }))),
      'LIMIT',
      /member e: .*40000000 bytes/,
    ],
  ])('refuses %s', async (_, bytes, code, message) => {
    const error = await failureOf(() => readAll(bytes));
    expect(error.message).toMatch(message);
    expect(error.code).toBe(code);
  });

  it('refuses members that share their bytes', async () => {
    const bytes = zipOf([
      { name: 'a', data: 'x'.repeat(100) },
      { name: 'b', data: 'y'.repeat(100) },
    ]);
    // The second is where the first is.
    const second = Buffer.from(bytes).lastIndexOf('PK\x01\x02');
    new DataView(bytes.buffer).setUint32(second + 42, 0, true);
    const error = await failureOf(() => open(bytes));
    expect(error).toMatchObject({
      code: 'UNSAFE',
      message: expect.stringContaining("the member 'b' shares its bytes"),
    });
  });

  it('refuses a member that is read again and again', async () => {
    const archive = await open(zipOf([{ name: 'a', data: 'x'.repeat(2 ** 22) }]));
    const error = await failureOf(async () => {
      for (let i = 0; i < 20; i++) await archive.read('a');
    });
    expect(error).toMatchObject({ code: 'LIMIT', message: expect.stringContaining('raise `limits.bytes`') });
  });

  it('keeps to the limit on bytes', async () => {
    const error = await failureOf(() => readAll(zipOf(plain), { bytes: 30_000 }));
    expect(error.code).toBe('LIMIT');
  });

  it('says which member is missing', async () => {
    const archive = await open(zipOf(plain));
    expect(await failureOf(() => archive.read('a/none'))).toMatchObject({ code: 'DANGLING' });
  });

  it('is refused when it is cut off at any byte, or loads the same', async () => {
    const whole = zipOf([
      { name: 'a', data: 'b' },
      { name: 'c', data: 'deflated', deflate: true },
    ]);
    for (let length = 0; length < whole.length; length++) {
      const { code } = await failureOf(() => readAll(whole.subarray(0, length)));
      expect(['TRUNCATED', 'MALFORMED']).toContain(code);
    }
  });

  it('loads or is refused when any byte of it is another', async () => {
    const whole = zipOf([
      { name: 'a', data: 'b' },
      { name: 'c', data: 'deflated', deflate: true },
    ]);
    for (let at = 0; at < whole.length; at++) {
      for (const change of [1, 0x80, 0xff]) {
        const bytes = whole.slice();
        bytes[at] ^= change;
        const texts = await readAll(bytes).catch((error) => failureOf(() => Promise.reject(error)));
        if (Array.isArray(texts) && texts.length === 2) expect(texts).toEqual(['b', 'deflated']);
      }
    }
  });
});

describe('crc32', () => {
  it('is what its definition says, with a table as without', () => {
    const bytes = Buffer.from('123456789');
    expect(crc32(bytes)).toBe(0xcbf43926);
    expect(crc32ByTable(bytes)).toBe(0xcbf43926);
    expect(crc32ByTable(bytes.subarray(4), crc32ByTable(bytes.subarray(0, 4)))).toBe(0xcbf43926);
  });
});
