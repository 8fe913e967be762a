/** What Asserts demand, of batches that TensorFlow took and refused; test/fixtures/make/make_tensorflow_asserts.py. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { load } from '../../../lib/load.ts';
import { failureOf } from '../../failure.ts';
import { expectClose, type FixtureCase, mapValues, toInput } from '../expectations.ts';

interface AssertCase extends FixtureCase {
  readonly name: string;
  readonly file: string;
  readonly signature?: string;
  readonly refused: readonly FixtureCase['inputs'][];
}

const FOLDER = new URL('../../fixtures/tensorflow-asserts/', import.meta.url);
const { cases, whole_batch } = JSON.parse(readFileSync(new URL('asserts.json', FOLDER), 'utf8')) as {
  readonly cases: readonly AssertCase[];
  readonly whole_batch: readonly string[];
};

describe('what an Assert of TensorFlow demands', () => {
  it.each(cases.map((each) => [each.name, each] as const))('is demanded of each row: %s', async (_, each) => {
    using model = await load(new URL(each.file, FOLDER), { signature: each.signature });
    expectClose(model.run(mapValues(each.inputs, toInput)).y, each.outputs.y, 'y');
    for (const inputs of each.refused) {
      expect((await failureOf(() => model.run(mapValues(inputs, toInput)))).code).toBe('ID');
    }
  });

  it.each(whole_batch)('is refused where it is of the whole batch: %s', async (signature) => {
    const error = await failureOf(() => load(new URL('model', FOLDER), { signature }));
    expect(error).toMatchObject({ code: 'UNSUPPORTED_OP', message: expect.stringContaining('depend on other rows') });
  });
});
