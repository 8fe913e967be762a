/** Bags of any number of ids, in the formats that torch writes, against torch: see fixtures/make/make_torch_bags.py. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { freeze } from '../../lib/freeze.ts';
import { load } from '../../lib/load.ts';
import type { Model } from '../../lib/model.ts';
import { failureOf } from '../failure.ts';
import { expectClose } from './expectations.ts';

const FOLDER = new URL('../fixtures/torch-bags/', import.meta.url);

interface Run {
  readonly ids: readonly number[];
  readonly offsets: readonly number[];
  readonly weights?: readonly number[];
  readonly numbers?: readonly number[];
  readonly output: readonly number[];
}

const FILES = readdirSync(FOLDER).filter((file) => file.endsWith('.json'));

function given({ ids, offsets, weights, numbers }: Run, model: Model): Parameters<Model['run']>[0] {
  const pairs = {
    ids: Int32Array.from(ids),
    offsets: Int32Array.from(offsets),
    ...(weights && { weights: Float32Array.from(weights) }),
  };
  return numbers === undefined ? pairs : { [model.inputs[0].name]: pairs, numbers: Float32Array.from(numbers) };
}

function outputOf(model: Model, run: Run): Float32Array {
  const result: unknown = model.run(given(run, model));
  return (ArrayBuffer.isView(result) ? result : Object.values(result as object)[0]) as Float32Array;
}

describe('bags of any number of ids', () => {
  it.each(FILES)('%s', async (description) => {
    const { file, runs } = JSON.parse(readFileSync(new URL(description, FOLDER), 'utf8')) as {
      file: string;
      runs: readonly Run[];
    };
    const url = new URL(file, FOLDER);
    const model = await load(url);
    const frozen = await load(Buffer.concat(await freeze(url)));
    expect(model.inputs[0]).toMatchObject({ ragged: true, shape: [null, 12] });
    for (const run of runs) {
      const result = outputOf(model, run);
      const shape = [run.offsets.length - 1, result.length / (run.offsets.length - 1)];
      expectClose(result, { dtype: 'float32', shape, data: run.output }, file);
      expect(outputOf(frozen, run)).toEqual(result);
    }
  });

  it('refuse ids beyond the table', async () => {
    const model = await load(new URL('mean.pt2', FOLDER));
    const ids = Int32Array.of(3, 12);
    expect((await failureOf(() => model.run({ ids, offsets: Int32Array.of(0, 2) }))).code).toBe('ID');
  });
});
