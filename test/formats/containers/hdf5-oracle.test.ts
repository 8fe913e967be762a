/** Our reader of HDF5 against the HDF5 library: every name, text, shape, type and byte of every file. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openHdf5 } from '../../../lib/formats/containers/hdf5.ts';
import { isZip, openZip } from '../../../lib/formats/containers/zip.ts';
import { Budget } from '../../../lib/graph/budget.ts';
import { type Comparison, compare } from './hdf5-compare.ts';
import { openOracle } from './hdf5-oracle.ts';

const FIXTURES = new URL('../../fixtures/', import.meta.url);
const WEIGHTS = 'model.weights.h5';

const files = readdirSync(FIXTURES, { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => /\.(h5|keras)$/.test(path));

/** The HDF5 file, which may be in an archive; undefined if there is none. */
async function contentOf(path: string): Promise<Uint8Array | undefined> {
  const bytes = new Uint8Array(readFileSync(new URL(path, FIXTURES)));
  if (!isZip(bytes)) return bytes;
  const read = async (offset: number, length: number) => bytes.slice(offset, offset + length);
  try {
    return await (await openZip({ name: path, size: bytes.length, read }, budgetFor(bytes))).read(WEIGHTS);
  } catch {
    return undefined;
  }
}

function budgetFor(bytes: Uint8Array): Budget {
  const budget = new Budget();
  budget.opened(bytes.length);
  return budget;
}

async function compareFile(bytes: Uint8Array): Promise<Comparison> {
  const file = await openHdf5(bytes, 'file', budgetFor(bytes));
  const oracle = openOracle(bytes.slice());
  if (oracle === undefined) return { alike: [], refused: [], different: ['the library refuses the file'] };
  const result = compare(file, oracle);
  oracle.close();
  return result;
}

/** What is refused in files that are to be read otherwise; attributes that are no text are not asked for. */
const REFUSED: Readonly<Record<string, readonly string[]>> = {
  'hdf5/types.h5': [
    'UNSUPPORTED_DTYPE array-elements data',
    'UNSUPPORTED_DTYPE bfloat16-half data',
    'MALFORMED committed',
    'MALFORMED committed-text',
    'UNSUPPORTED_DTYPE complex data',
    'UNSUPPORTED_DTYPE compound data',
    'UNSUPPORTED_DTYPE enum-4 data',
    'UNSUPPORTED_DTYPE fixed-text data',
    'MALFORMED nothing data',
    'UNSUPPORTED_DTYPE short-integer data',
    'UNSUPPORTED_DTYPE text data',
  ],
  'hdf5/links-elsewhere-earliest.h5': ['UNSAFE dangling', 'UNSAFE external', 'UNSAFE soft'],
  'hdf5/links-elsewhere-latest.h5': ['UNSAFE dangling', 'UNSAFE external', 'UNSAFE soft'],
};

describe('HDF5 is read as the library reads it', () => {
  it.each(files.filter((path) => !path.includes('-refused/')))('in %s', async (path) => {
    const bytes = await contentOf(path);
    if (bytes === undefined) expect.fail('the file holds no HDF5');
    const { alike, refused, different } = await compareFile(bytes);
    expect(different).toEqual([]);
    expect(alike.length).toBeGreaterThan(2);
    const others = refused.filter((one) => !/^MALFORMED [^ ]*@|group\/up\//.test(one));
    expect(others.sort()).toEqual([...(REFUSED[path] ?? [])].sort());
  });

  it.each(files.filter((path) => path.includes('-refused/')))('in %s, or refused', async (path) => {
    const bytes = await contentOf(path);
    if (bytes !== undefined) expect((await compareFile(bytes)).different).toEqual([]);
  });
});
