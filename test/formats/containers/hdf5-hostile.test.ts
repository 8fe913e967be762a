/** HDF5 files that contradict themselves, or ask for more than they hold. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ForwardpassError } from '../../../lib/errors.ts';
import { type Hdf5File, openHdf5 } from '../../../lib/formats/containers/hdf5.ts';
import { Budget } from '../../../lib/graph/budget.ts';
import { damagedPlaces } from '../../damage.ts';
import { failureOf } from '../../failure.ts';

const fixture = (name: string) =>
  new Uint8Array(readFileSync(new URL(`../../fixtures/hdf5/${name}.h5`, import.meta.url)));

async function open(bytes: Uint8Array): Promise<Hdf5File> {
  const budget = new Budget();
  budget.opened(bytes.length);
  return openHdf5(bytes, 'file', budget);
}

/** Everything that a model could ask for. */
function readAll(file: Hdf5File, path = ''): void {
  for (const name of ['backend', 'names', 'weight_names']) file.strings(path, name);
  if (file.kind(path) === 'dataset') file.dataset(path).read();
  else for (const name of file.children(path)) readAll(file, path === '' ? name : `${path}/${name}`);
}

/** The file with a field of 64 bits changed, `offset` bytes after the first of these letters or bytes. */
function changed(name: string, mark: string, offset: number, value: (at: number) => number): Uint8Array {
  const bytes = fixture(name);
  const at = Buffer.from(bytes.buffer).indexOf(mark, 0, 'latin1');
  expect(at).toBeGreaterThan(0);
  new DataView(bytes.buffer).setBigUint64(at + offset, BigInt(value(at)), true);
  return bytes;
}

describe('an HDF5 file', () => {
  it.each(['earliest', 'v108', 'latest', 'user-block'])(
    'of the version %s is refused wherever it is cut off',
    async (name) => {
      const bytes = fixture(name);
      for (const length of damagedPlaces(bytes.length, 300)) {
        const { code } = await failureOf(() => open(bytes.slice(0, length)));
        expect(['TRUNCATED', 'MALFORMED']).toContain(code);
      }
    },
  );

  it.each(['earliest', 'latest', 'types', 'attributes-latest', 'sizes-4'])(
    'as %s.h5 is read or refused whichever byte is another',
    async (name) => {
      const bytes = fixture(name);
      for (const at of damagedPlaces(bytes.length, 150)) {
        for (const value of [0, 0xff, bytes[at] ^ 1]) {
          const damaged = bytes.slice();
          damaged[at] = value;
          try {
            readAll(await open(damaged));
          } catch (error) {
            if (!(error instanceof ForwardpassError)) throw error;
            expect(error.message).not.toContain('undefined');
          }
        }
      }
    },
    120_000,
  );

  it.each<[what: string, bytes: () => Uint8Array, words: string]>([
    [
      'a header that goes on in itself',
      () => changed('earliest', '\x10\0\x10\0\0\0\0\0', 8, (at) => at),
      'object header',
    ],
    ['a table of names beyond its end', () => changed('earliest', 'HEAP', 24, () => 2 ** 40), 'heap of names'],
    ['a heap of names as large as none', () => changed('earliest', 'HEAP', 8, () => 2 ** 50), 'heap of names'],
    ['a node of its tree that leads to itself', () => changed('symbols', 'TREE', 32, (at) => at), 'B-tree node'],
    ['chunks that are not in order', () => changed('superblock-1', 'TREE\x01', 32, () => 2 ** 40), 'order'],
    ['a check sum that does not fit', () => changed('latest', 'OHDR', 12, () => 1), 'checksum'],
  ])('is refused with %s', async (_, bytes, words) => {
    const file = await failureOf(async () => readAll(await open(bytes())));
    expect([file.code, file.message]).toEqual(['MALFORMED', expect.stringContaining(words)]);
  });

  it('is refused where groups lead to each other by 2^30 paths', async () => {
    const error = await failureOf(async () => readAll(await open(fixture('knots'))));
    expect([error.code, error.message]).toEqual(['LIMIT', expect.stringContaining('steps')]);
  });

  it('is refused where groups lead round in circles', async () => {
    const file = await open(fixture('links-elsewhere-latest'));
    const error = await failureOf(() => readAll(file, 'group'));
    expect([error.code, error.message]).toEqual([
      expect.stringMatching('LIMIT|UNSAFE'),
      expect.stringMatching('nested|link'),
    ]);
  });

  it('counts an array that is read again and again', async () => {
    const file = await open(fixture('chunks-sparse'));
    const array = file.dataset('endless');
    const error = await failureOf(() => {
      for (let i = 0; i < 1000; i++) array.read();
    });
    expect(error.code).toBe('LIMIT');
  });

  it('has no more elements filled in than the budget allows', async () => {
    const bytes = fixture('chunks-sparse');
    const file = await openHdf5(bytes, 'file', new Budget({ parameters: 100_000 }));
    expect((await failureOf(() => file.dataset('endless'))).code).toBe('LIMIT');
  });
});
