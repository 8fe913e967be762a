/** Weights of Keras in several files, and descriptions beside weights. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { load } from '../../../lib/load.ts';
import { failureOf } from '../../failure.ts';

const fixtures = fileURLToPath(new URL('../../fixtures/keras/', import.meta.url));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'forwardpass-keras-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('weights in several files', () => {
  beforeEach(() => cpSync(join(fixtures, 'sharded'), folder, { recursive: true }));

  it.each(['model_00000.weights.h5', 'model_00001.weights.h5'])('are not one of them: %s', async (file) => {
    for (const options of [{}, { activation: 'relu' as const }]) {
      const error = await failureOf(() => load(join(folder, file), options));
      expect(error).toMatchObject({
        code: 'ARCHITECTURE',
        message: expect.stringContaining("'model.weights.json' lists it as one of several files"),
      });
    }
  });

  it('are whole where a file of such a name is in no list', async () => {
    rmSync(join(folder, 'model.weights.json'));
    const error = await failureOf(() => load(join(folder, 'model_00001.weights.h5')));
    expect(error.message).not.toContain('several files');
  });

  it.each<[title: string, change: (map: Record<string, unknown>) => void, code: string, message: RegExp]>([
    [
      'a layer that is not there',
      (map) => Object.assign(map, { '/layers/none/vars': 'model_00000.weights.h5' }),
      'MALFORMED',
      /contains \/layers\/none\/vars, but it does not/,
    ],
    [
      'a file that is absent',
      (map) => Object.assign(map, { '/layers/none/vars': 'model_00007.weights.h5' }),
      'SOURCE',
      /model_00007.*file not found/,
    ],
    ['a number', (map) => Object.assign(map, { '/layers/none/vars': 7 }), 'MALFORMED', /names of files/],
  ])('are refused where the list names %s', async (_, change, code, message) => {
    const path = join(folder, 'model.weights.json');
    const list = JSON.parse(readFileSync(path, 'utf8'));
    change(list.weight_map);
    writeFileSync(path, JSON.stringify(list));
    expect(await failureOf(() => load(path))).toMatchObject({ code, message: expect.stringMatching(message) });
  });
});

describe('a description beside weights', () => {
  beforeEach(() => cpSync(join(fixtures, 'with-json'), folder, { recursive: true }));
  const weights = () => join(folder, 'best.weights.h5');

  it('may have the name of the weights, and be there twice', async () => {
    cpSync(join(folder, 'model.json'), join(folder, 'best.json'));
    (await load(weights())).dispose();
    rmSync(join(folder, 'model.json'));
    (await load(weights())).dispose();
  });

  it('is refused where there are two that differ', async () => {
    writeFileSync(join(folder, 'config.json'), readFileSync(join(folder, 'model.json'), 'utf8').replace('elu', 'relu'));
    expect(await failureOf(() => load(weights()))).toMatchObject({
      code: 'ARCHITECTURE',
      message: expect.stringContaining('config.json and model.json are beside the weights'),
    });
  });

  it('is not a file of another framework under its name', async () => {
    writeFileSync(join(folder, 'config.json'), '{"model_type": "bert"}');
    (await load(weights())).dispose();
  });
});
