import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readTable } from '../../../lib/formats/containers/sstable/sstable.ts';
import type { Source } from '../../../lib/formats/format.ts';
import { Bundle } from '../../../lib/formats/tensorflow/bundle/bundle.ts';
import { sliceKey } from '../../../lib/formats/tensorflow/bundle/ordered-code.ts';
import { partOf } from '../../../lib/formats/tensorflow/bundle/part.ts';
import { Budget } from '../../../lib/graph/budget.ts';
import { bytesReader } from '../../../lib/source/bytes.ts';
import { failureOf } from '../../failure.ts';

const FIXTURES = new URL('../../fixtures/tensorflow/', import.meta.url);

/** The files of a fixture, each after `change`. */
function sourceOf(fixture: string, change: (bytes: Uint8Array, path: string) => Uint8Array = (bytes) => bytes): Source {
  const read = (path: string) => new Uint8Array(readFileSync(new URL(`${fixture}/${path}`, FIXTURES)));
  return {
    main: bytesReader('saved_model.pb', read('saved_model.pb')),
    sibling: async (path) => bytesReader(path, change(read(path), path)),
  };
}

describe('a bundle of variables', () => {
  it('has a tensor by its key, and the same one each time', async () => {
    const bundle = new Bundle(sourceOf('module-mlp'), new Budget());
    const weight = await bundle.read('layers/0/w/.ATTRIBUTES/VARIABLE_VALUE');
    expect([weight.type, weight.shape, weight.data.length]).toEqual(['float32', [4, 8], 32]);
    expect(await bundle.read('layers/0/w/.ATTRIBUTES/VARIABLE_VALUE')).toBe(weight);
  });

  it('puts together a variable that was saved in slices', async () => {
    const weight = await new Bundle(sourceOf('session-partitioned'), new Budget()).read('parts/w');
    expect(weight.shape).toEqual([4, 5]);
    expect(weight.data.every((value) => value !== 0)).toBe(true);
  });

  it('says which key was probably meant', async () => {
    const bundle = new Bundle(sourceOf('module-mlp'), new Budget());
    const error = await failureOf(() => bundle.read('layers/0/v/.ATTRIBUTES/VARIABLE_VALUE'));
    expect([error.code, error.message]).toEqual(['DANGLING', expect.stringContaining("did you mean 'layers/0/")]);
  });

  it('refuses a tensor whose bytes changed, by its name', async () => {
    const source = sourceOf('module-mlp', (bytes, path) => (path.includes('data') ? bytes.fill(1) : bytes));
    const error = await failureOf(() => new Bundle(source, new Budget()).read('layers/0/w/.ATTRIBUTES/VARIABLE_VALUE'));
    expect([error.code, error.place]).toEqual(['MALFORMED', 'variable layers/0/w/.ATTRIBUTES/VARIABLE_VALUE']);
  });

  it('keeps what a tensor may take within the limits', async () => {
    const bundle = new Bundle(sourceOf('module-mlp'), new Budget({ parameters: 31 }));
    const error = await failureOf(() => bundle.read('layers/0/w/.ATTRIBUTES/VARIABLE_VALUE'));
    expect(error.code).toBe('LIMIT');
  });
});

async function wholeIndex(source: Source): Promise<Uint8Array> {
  const index = await source.sibling('variables/variables.index');
  return index.read(0, index.size);
}

describe('the key of a slice', () => {
  it('is what the index has', async () => {
    const keys = readTable(await wholeIndex(sourceOf('session-partitioned')), 'index', new Budget());
    const slices = [0, 2, 3].map((start, i) =>
      sliceKey('parts/w', [
        { start, length: [2, 1, 1][i] },
        { start: 0, length: 5 },
      ]),
    );
    expect(slices.filter((key) => keys.has(key))).toEqual(slices);
  });

  // The examples of ordered_code_test.cc: numbers of one byte, of two, and either side of where the length changes.
  it.each([
    [0, '80'],
    [63, 'bf'],
    [64, 'c040'],
    [-1, '7f'],
    [-64, '40'],
    [-65, '3fbf'],
    [8191, 'dfff'],
    [8192, 'e02000'],
  ])('has %d in the bytes that sort as it does', (length, hex) => {
    const key = Buffer.from(sliceKey('', [{ start: 0, length }]), 'latin1').toString('hex');
    expect(key).toBe(`0000010101${'80'}${hex}`);
  });

  it('marks the bytes of a name that could be its end', () => {
    expect(Buffer.from(sliceKey('a\0b\xff', []), 'latin1').toString('hex')).toBe('006100ff62ff00000100');
  });
});

describe('a part of a variable', () => {
  const whole = { kind: 'constant', type: 'float32', shape: [2, 3], data: Float32Array.of(0, 1, 2, 3, 4, 5) } as const;

  it.each([
    ['', [0, 1, 2, 3, 4, 5]],
    ['2 3 -:-', [0, 1, 2, 3, 4, 5]],
    ['2 3 1,1:-', [3, 4, 5]],
    ['2 3 0,2:1,2', [1, 2, 4, 5]],
  ])('that is %j is taken', (specification, expected) => {
    expect([...partOf(whole, specification, 'w').data]).toEqual(expected);
  });

  it.each(['2 3 0,3:-', '2 3 -', '3 0,1', '2 3 x,1:-', '2 3 0,-1:-', '2 3 1:-'])(
    'that is %j is refused',
    async (words) => {
      expect((await failureOf(() => partOf(whole, words, 'w'))).code).toBe('MALFORMED');
    },
  );
});
