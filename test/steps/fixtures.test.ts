/** Models with steps of the author's own: what the frameworks give, with the steps in JavaScript. */
import { describe, expect, it } from 'vitest';
import { load } from '../../lib/load.ts';
import { failureOf } from '../failure.ts';
import { FOLDER, fixtures, open } from './fixtures.ts';
import { FUNCTIONS } from './functions.ts';

function expectNear(found: ArrayLike<number>, expected: readonly number[], where: string, tolerance = 1e-10): void {
  expect(found.length, where).toBe(expected.length);
  expected.forEach((value, i) => {
    const error = Math.abs(found[i] - value);
    expect(error <= tolerance * Math.max(1, Math.abs(value)), `${where}[${i}]: ${found[i]}, not ${value}`).toBe(true);
  });
}

describe.each(fixtures())('$name', ({ fixture }) => {
  it('gives what the framework gives', async () => {
    using model = await open(fixture);
    for (const [i, { rows, labels, values, probabilities }] of fixture.cases.entries()) {
      if (labels !== undefined) expect(Array.from(model.predict(rows) as ArrayLike<string | number>)).toEqual(labels);
      if (values !== undefined) expectNear(model.predict(rows) as Float64Array, values, `case ${i}`, fixture.tolerance);
      if (probabilities !== undefined)
        expectNear(model.predictProba(rows), probabilities, `case ${i}`, fixture.tolerance);
    }
  });

  it('is refused without the functions, with a stub for one', async () => {
    const error = await failureOf(() => load(new URL(fixture.file, FOLDER), fixture.options));
    expect(['UNSUPPORTED_OP', 'UNSAFE']).toContain(error.code);
    const [name] = Object.keys(FUNCTIONS).filter((each) =>
      [`'${each}': (columns, { attributes`, `call it '${each}'`].some((part) => error.message.includes(part)),
    );
    expect(name, error.message).toBeDefined();
  });
});
