/** XGBoost behind sparse matrices in float32; in float64 its fixtures of sklearn-texts say what it gives. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { load } from '../../../lib/load.ts';

const FOLDER = new URL('../../fixtures/sklearn-texts/', import.meta.url);

// Words of both signs meet in a place of `hashing`: the matrix holds a 0 there, which is not missing.
test.each(['hashing', 'count'])('%s gives in float32 what it gives in float64, to its digits', async (name) => {
  const fixture = JSON.parse(readFileSync(new URL(`xgboost-${name}.json`, FOLDER), 'utf8'));
  const { rows, values } = fixture.predictions.at(-1);
  const model = await load(new URL(fixture.file, FOLDER), { precision: 'f32' });
  const found = model.predict(rows) as unknown as number[];
  for (const [i, value] of values.data.entries()) expect(found[i]).toBeCloseTo(value, 4);
  model.dispose();
});
