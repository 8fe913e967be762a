/** Models of ragged rows, frozen and loaded: the same inputs, the same bits, the same refusals. */
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { freeze } from '../../lib/freeze.ts';
import { load } from '../../lib/load.ts';
import type { Model } from '../../lib/model.ts';
import type { RaggedRows } from '../../lib/ragged.ts';
import { failureOf } from '../failure.ts';
import { Random } from '../random-graph.ts';

const BAGS = new URL('../fixtures/torch-bags/', import.meta.url);
const TEXTS = new URL('../fixtures/sklearn-texts/', import.meta.url);
const FILES = [
  ...readdirSync(BAGS).flatMap((file) => (file.endsWith('.json') ? [] : [new URL(file, BAGS)])),
  ...readdirSync(TEXTS).flatMap((file) =>
    /^(logistic|union-selected|columns-logistic|hashing-chars|forest)\.(pkl|joblib)$/.test(file)
      ? [new URL(file, TEXTS)]
      : [],
  ),
];
const BATCHES = [0, 1, 2, 5, 17, 64];

type Inputs = Record<string, RaggedRows | Float32Array>;

/** Rows of a model's inputs: of ragged ones many are empty, and ids stand in a row more than once. */
function inputsFor({ inputs }: Model, batch: number, random: Random): Inputs {
  return Object.fromEntries(
    inputs.map(({ name, shape, ragged, dtype, categories = {} }) => {
      const width = shape.slice(1).reduce<number>((product, size) => product * Number(size), 1);
      if (!ragged) {
        const isWhole = dtype.startsWith('int') || Object.keys(categories).length > 0;
        return [name, Float32Array.from({ length: batch * width }, () => (isWhole ? 0 : random.normal()))];
      }
      const offsets = [0];
      for (let row = 0; row < batch; row++) offsets.push(offsets[row] + random.below(4) * random.below(6));
      const count = offsets[batch];
      const ids = Int32Array.from({ length: count }, () => random.below(width));
      const weights = Float32Array.from({ length: count }, () => random.normal());
      return [name, { ids, offsets, ...(random.below(2) === 1 && { weights }) }];
    }),
  );
}

const outcome = async (run: () => unknown) => {
  try {
    return await run();
  } catch (error) {
    return (error as Error).message;
  }
};

describe.each(FILES.map((url) => ({ name: url.pathname.split('/').at(-1) as string, url })))('$name', ({ url }) => {
  it.each(['f32', 'f64'] as const)('gives the same bits in %s', async (precision) => {
    using model = await load(url, { precision });
    using frozen = await load(Buffer.concat(await freeze(url, { precision })));
    expect(frozen.inputs).toEqual(model.inputs);
    expect(model.inputs.some(({ ragged }) => ragged)).toBe(true);
    const random = new Random(41);
    let answers = 0;
    for (const batch of BATCHES) {
      const inputs = inputsFor(model, batch, random);
      const wanted = await outcome(() => model.run(inputs as never));
      if (typeof wanted === 'object') answers++;
      expect(await outcome(() => frozen.run(inputs as never))).toEqual(wanted);
      expect(await outcome(() => frozen.runAsync(inputs as never))).toEqual(wanted);
    }
    expect(answers).toBeGreaterThan(1);
  });

  it('has bound calls, and refuses ids and offsets that lie', async () => {
    using frozen = await load(Buffer.concat(await freeze(url)));
    const { name, shape } = frozen.inputs.find(({ ragged }) => ragged) as Model['inputs'][number];
    const most = Number(shape[1]) - 1;
    const given = inputsFor(frozen, 2, new Random(43));
    const wrong = (rows: RaggedRows) => failureOf(() => frozen.run({ ...given, [name]: rows } as never));
    expect((await wrong({ ids: Int32Array.of(0, most + 1), offsets: [0, 1, 2] })).code).toBe('ID');
    expect((await wrong({ ids: Int32Array.of(0, -1), offsets: [0, 1, 2] })).code).toBe('ID');
    expect((await wrong({ ids: Int32Array.of(0, 0), offsets: [0, 2, 1] })).code).toBe('INPUT');
    expect((await wrong({ ids: Int32Array.of(0, 0), offsets: [0, 1, 3] })).code).toBe('INPUT');
    const call = frozen.bind({ batch: 2, items: 64 }) as {
      inputs: Record<string, { ids: Int32Array; weights?: Float64Array; offsets: Int32Array } | Float64Array>;
      outputs: Record<string, Float64Array>;
      run(): void;
    };
    for (const [input, value] of Object.entries(given)) {
      const buffers = call.inputs[input];
      if (buffers instanceof Float32Array || buffers instanceof Float64Array) {
        buffers.set(value as Float32Array);
        continue;
      }
      if (ArrayBuffer.isView(buffers)) continue;
      const { ids, weights, offsets } = value as RaggedRows;
      buffers.ids.set(ids as Int32Array);
      if (weights) buffers.weights?.set(weights);
      buffers.offsets.set(offsets);
    }
    const wanted = await outcome(() => frozen.run(given as never));
    const found = await outcome(() => {
      call.run();
      return call.outputs;
    });
    if (typeof wanted === 'object') expect({ ...(found as object) }).toEqual({ ...wanted });
    else expect(found).toBe(wanted);
  });
});
