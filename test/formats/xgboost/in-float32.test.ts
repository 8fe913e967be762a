/** Every model of XGBoost by `precision: 'f32'`, against what XGBoost gives: docs/formats/xgboost.md says how near that is. */
import { describe, expect, it } from 'vitest';
import { load } from '../../../lib/load.ts';
import { EXACT, firstDifference, fixturesIn, toInput } from '../expectations.ts';

const FOLDER = new URL('../../fixtures/xgboost/', import.meta.url);
/** Files of boosters and of XGBoost's classes, not of other estimators that hold one and compute in float32 then as well. */
const OWN = /\.(?:xgb|ubj|bin)$/;
/** Their outputs are the sums. */
const SUMS = /^(?:reg:(?:squared(?:log)?error|pseudohubererror|absoluteerror|quantileerror)|rank:.*)$/;

const own = fixturesIn(FOLDER).filter(({ file = '' }) => OWN.test(file));

describe("precision: 'f32'", () => {
  it('is tried with sums, probabilities and means', () => {
    expect(own.length).toBeGreaterThan(60);
  });

  it.each(own)('of $name gives sums with the same bits, and what is made of them within 1e-6', async (fixture) => {
    using model = await load(new URL(fixture.file ?? '', FOLDER), { precision: 'f32' });
    expect(model.precision).toBe('f32');
    const objective = model.trees?.boosting?.[0]?.objective;
    const isSum = objective !== undefined && SUMS.test(objective);
    for (const { inputs, outputs } of fixture.cases) {
      const [[name, expected]] = Object.entries(outputs);
      const numbers = expected.data.map((value) => Math.fround(Number(value)));
      const tolerance = isSum ? EXACT : { relative: 1e-6, absolute: name === 'probabilities' ? 1e-6 : 0 };
      const given = model.run({ X: toInput(inputs.X) })[name];
      expect(firstDifference(given, numbers, tolerance)).toBeUndefined();
    }
  });
});
