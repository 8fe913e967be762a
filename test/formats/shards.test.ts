/** Models in several files: that index and files agree, and that one file alone is not taken for the model. */
import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { load } from '../../lib/load.ts';
import { failureOf } from '../failure.ts';

const fixtures = fileURLToPath(new URL('../fixtures/shards/', import.meta.url));
const relu = { activation: 'relu' } as const;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'forwardpass-shards-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

interface Index {
  metadata?: { total_size: unknown };
  weight_map: Record<string, unknown>;
}

/** A copy of a fixture whose index says something else. */
function changed(name: string, file: string, change: (index: Index) => unknown): string {
  cpSync(join(fixtures, name), folder, { recursive: true });
  const path = join(folder, file);
  const index = JSON.parse(readFileSync(path, 'utf8'));
  writeFileSync(path, JSON.stringify(change(index) ?? index));
  return path;
}

describe.each([
  ['safetensors', 'model.safetensors.index.json', 'model-0000$-of-00002.safetensors'],
  ['torch', 'pytorch_model.bin.index.json', 'pytorch_model-0000$-of-00002.bin'],
])('a model of %s in several files', (name, file, shards) => {
  const shard = (number: number) => shards.replace('$', String(number));

  it.each<[title: string, change: (index: Index) => unknown, code: string, message: RegExp]>([
    [
      'a tensor that its file does not hold',
      ({ weight_map: map }) => Object.assign(map, { '4.weight': shard(1) }),
      'MALFORMED',
      /says that '\S+00001-of-00002\S+' contains the tensor '4\.weight', but it does not/,
    ],
    [
      'a tensor in the other file',
      ({ weight_map: map }) => Object.assign(map, { '2.bias': shard(1) }),
      'MALFORMED',
      /'2\.bias', but it does not/,
    ],
    [
      'no word of a tensor that a file holds',
      (index) => void Reflect.deleteProperty(index.weight_map, '0.bias'),
      'MALFORMED',
      /shard \S+: holds the tensor '0\.bias', but \S+ does not list it/,
    ],
    [
      'a file that is absent',
      ({ weight_map: map }) => Object.assign(map, { '2.bias': shard(3) }),
      'SOURCE',
      /shard \S+00003-of-00002\S+: could not be opened: .*file not found.* all of which are needed/,
    ],
    [
      'a file elsewhere',
      ({ weight_map: map }) => Object.assign(map, { '2.bias': `../${shard(2)}` }),
      'UNSAFE',
      /leads upwards/,
    ],
    [
      'a file of another kind',
      ({ weight_map: map }) => Object.assign(map, { '2.bias': 'x.h5' }),
      'MALFORMED',
      /'x\.h5'/,
    ],
    ['a number for a file', ({ weight_map: map }) => Object.assign(map, { '2.bias': 3 }), 'MALFORMED', /the number 3/],
    [
      'another size',
      (index) => Object.assign(index, { metadata: { total_size: 1000 } }),
      'MALFORMED',
      /says that the model has 1000 bytes, but its shards hold 140/,
    ],
    ['a word for a size', (index) => Object.assign(index, { metadata: { total_size: 'x' } }), 'MALFORMED', /'x'/],
  ])('is refused where the index gives %s', async (_, change, code, message) => {
    const path = changed(name, file, (index) => void change(index));
    expect(await failureOf(() => load(path, relu))).toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it('needs no size in its index', async () => {
    const path = changed(name, file, ({ weight_map }) => ({ weight_map }));
    (await load(path, relu)).dispose();
  });

  it('is refused where a tensor is listed twice', async () => {
    const path = changed(name, file, () => {});
    writeFileSync(path, readFileSync(path, 'utf8').replace('"weight_map":{', `"weight_map":{"2.bias":"${shard(1)}",`));
    expect(await failureOf(() => load(path, relu))).toMatchObject({
      code: 'MALFORMED',
      message: expect.stringContaining("the key '2.bias' twice"),
    });
  });

  it('is not one of its files, and the refusal names the index', async () => {
    for (const number of [1, 2]) {
      const error = await failureOf(() => load(join(fixtures, name, shard(number)), relu));
      expect(error).toMatchObject({ code: 'ARCHITECTURE', message: expect.stringContaining(`'${file}'`) });
    }
  });

  it('may be one file that is the only one', async () => {
    cpSync(join(fixtures, name), folder, { recursive: true });
    const only = join(folder, shard(1).replace('00002', '00001'));
    renameSync(join(folder, shard(1)), only);
    const layers = [{ weight: '0.weight', bias: '0.bias', activation: 'relu' as const }, { weight: '2.weight' }];
    (await load(only, { architecture: { layers } })).dispose();
  });

  it('keeps to the limits on tensors and elements', async () => {
    for (const limits of [{ nodes: 3 }, { parameters: 30 }]) {
      const error = await failureOf(() => load(join(fixtures, name), { ...relu, limits }));
      expect(error.code).toBe('LIMIT');
    }
  });

  it('cannot be given as the bytes of its index', async () => {
    const error = await failureOf(() => load(readFileSync(join(fixtures, name, file)), relu));
    expect(error).toMatchObject({ code: 'SOURCE', message: expect.stringContaining('load it from its path') });
  });
});

it('A folder that holds a whole model as well as an index says which of them it has', async () => {
  cpSync(join(fixtures, 'safetensors'), folder, { recursive: true });
  cpSync(join(fixtures, 'single'), folder, { recursive: true });
  const error = await failureOf(() => load(folder, relu));
  expect(error).toMatchObject({
    code: 'SOURCE',
    message: expect.stringContaining('is a folder with both model.safetensors and model.safetensors.index.json'),
  });
});

it('A shard of torch that is a whole module is refused', async () => {
  const path = changed('torch', 'pytorch_model.bin.index.json', () => {});
  cpSync(new URL('../fixtures/pytorch/module.pt', import.meta.url), join(folder, 'pytorch_model-00002-of-00002.bin'));
  const error = await failureOf(() => load(path, relu));
  expect(error).toMatchObject({ code: 'MALFORMED', message: expect.stringContaining('found a whole module') });
});
