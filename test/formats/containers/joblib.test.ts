import { readFileSync } from 'node:fs';
import { deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { detectPickle, readPickledFile } from '../../../lib/formats/containers/joblib.ts';
import type { PickleDict, PickleRecords } from '../../../lib/formats/containers/pickle/values.ts';
import { Budget } from '../../../lib/graph/budget.ts';
import { damagedPlaces } from '../../damage.ts';
import { failureOf } from '../../failure.ts';
import { sourceOf } from '../safetensors-file.ts';
import { plain } from './plain-pickle.ts';

const folder = new URL('../../fixtures/joblib/', import.meta.url);
const file = (name: string) => new Uint8Array(readFileSync(new URL(name, folder)));
const read = (bytes: Uint8Array, limits = {}) => readPickledFile(sourceOf(bytes), new Budget(limits));

interface Row {
  readonly file: string;
  readonly container: string;
  readonly protocol: number;
  readonly value: unknown;
}
const ROWS: Row[] = JSON.parse(readFileSync(new URL('files.json', folder), 'utf8'));

describe('a file of joblib', () => {
  it.each(ROWS)('gives what was put in: $file', async ({ file: name, container, protocol, value }) => {
    expect(await detectPickle(file(name).subarray(0, 4096))).toBe(true);
    const found = await read(file(name));
    expect(found).toMatchObject({ container, protocol });
    expect(plain(found.values[0])).toEqual(value);
  });

  it('reads arrays of records field by field, and reads on after them', async () => {
    const value = (await read(file('records.joblib'))).values[0] as PickleDict;
    const records = value.get('records') as PickleRecords;
    expect([...records.names]).toEqual(['a', 'b']);
    expect([0, 1].map((record) => records.column('a')?.(record))).toEqual([1, 3]);
    expect([0, 1].map((record) => records.column('b')?.(record))).toEqual([2.5, 4.5]);
    expect(records.column('other')).toBeUndefined();
    expect(plain(value.get('after'))).toEqual({ array: 'f8', shape: [3], data: [0, 1, 2] });
  });

  it('is refused when it is cut off at any byte', async () => {
    for (const name of ['plain.joblib', 'zlib.joblib']) {
      const bytes = file(name);
      for (const length of damagedPlaces(bytes.length, 150)) {
        if (length < 2) continue;
        const { code } = await failureOf(() => read(bytes.slice(0, length)));
        expect(code, `${name} at ${length}`).toBe('TRUNCATED');
      }
    }
  });

  it('loads or is refused when any byte is another', async () => {
    const bytes = file('plain.joblib');
    for (const at of damagedPlaces(bytes.length, 150)) {
      const other = bytes.slice();
      other[at] ^= 0x15;
      await read(other).catch((error) => failureOf(() => Promise.reject(error)));
    }
  });

  it('is refused when it unpacks out of proportion', async () => {
    const { code } = await failureOf(() => read(deflateSync(new Uint8Array(40_000_000))));
    expect(code).toBe('LIMIT');
  });

  it('gives all pickles of a file, of any protocol, with the arrays of each', async () => {
    const [one, other] = [file('plain.joblib'), Buffer.from('(lp0\nI7\na.')];
    const { values } = await read(Buffer.concat([one, other, one, Buffer.from('N.')]));
    expect(values.map(plain)).toEqual([plain(values[0]), [7], plain(values[0]), null]);
    expect(plain(values[0])).toEqual(ROWS.find((row) => row.file === 'plain.joblib')?.value);
  });

  it('counts the values of all its pickles together', async () => {
    const pickles = (count: number) => Buffer.from('N.'.repeat(count));
    expect((await read(pickles(64), { nodes: 2 })).values).toHaveLength(64);
    const { code } = await failureOf(() => read(pickles(65), { nodes: 2 }));
    expect(code).toBe('LIMIT');
  });

  it('is refused when bytes follow it', async () => {
    const error = await failureOf(() => read(Uint8Array.from([0x80, 2, 0x4e, 0x2e, 0x4e])));
    expect(error).toMatchObject({ code: 'MALFORMED', message: expect.stringContaining('1 bytes follow') });
  });

  it.each([
    ['ZF0x10', 'before 0.10'],
    ['cjoblib.numpy_pickle\nNDArrayWrapper\n)\x81}b.', 'before 0.10'],
    ['csklearn.externals.joblib.numpy_pickle\nZNDArrayWrapper\n)\x81}b.', 'before 0.10'],
  ])('is refused when it is older than what is read: %j', async (text, words) => {
    const error = await failureOf(() => read(Buffer.from(text, 'latin1')));
    expect(error).toMatchObject({ code: 'UNSUPPORTED_VERSION', message: expect.stringContaining(words) });
  });

  it('keeps to the limit on bytes', async () => {
    expect(await failureOf(() => read(file('plain.joblib'), { bytes: 100 }))).toMatchObject({ code: 'LIMIT' });
  });
});

describe('a pickle', () => {
  it.each<[what: string, bytes: Uint8Array, isPickle: boolean]>([
    ['of protocol 5', Uint8Array.of(0x80, 5, 0x95), true],
    ['of protocol 1', Buffer.from('ccopy_reg\n_reconstructor\nq\0('), true],
    ['of protocol 0, an object', Buffer.from('ccopy_reg\n_reconstructor\np0\n'), true],
    ['of protocol 0, a dict', Buffer.from('(dp0\nVa\n'), true],
    ['compressed by gzip', gzipSync(Uint8Array.of(0x80, 4, 0x4e, 0x2e)), true],
    ['of a protocol that there is not', Uint8Array.of(0x80, 9), false],
    ['as torch wrote them', Uint8Array.of(0x80, 2, 0x8a, 0x0a, 0x6c), false],
    ['as text that begins with a c', Buffer.from('city,age\nnice,3\n'), false],
    ['as text in gzip', gzipSync('city,age\nnice,3\n'), false],
    ['as gzip that is damaged', Uint8Array.of(0x1f, 0x8b, 8, 9, 9, 9), false],
    ['as nothing', new Uint8Array(), false],
  ])('is detected by its first bytes: %s', async (_, bytes, isPickle) => {
    expect(await detectPickle(bytes)).toBe(isPickle);
  });
});
