/** Files that say to be of another version: what is read of them, and what is not. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { load } from '../../../lib/load.ts';
import { failureOf } from '../../failure.ts';

/** A fixture with its versions, or other text of it, replaced. */
function dated(name: string, from: string, to: string): Uint8Array {
  const bytes = readFileSync(new URL(`../../fixtures/sklearn-trees/${name}`, import.meta.url));
  const changed = Buffer.from(bytes.toString('latin1').replaceAll(from, to), 'latin1');
  expect(changed.equals(bytes)).toBe(from === to);
  return new Uint8Array(changed);
}

const ROW = new Float64Array(13);

describe('scikit-learn of other versions', () => {
  it.each(['1.3.0', '1.3.1'])('gives labels alone for votes of AdaBoost of %s', async (version) => {
    const known = await load(dated('ada-votes.1.3.2.pkl', '1.3.2', '1.3.2'));
    const unsure = await load(dated('ada-votes.1.3.2.pkl', '1.3.2', version));
    expect(known.outputs.map(({ name }) => name)).toEqual(['probabilities']);
    expect(unsure.outputs.map(({ name }) => name)).toEqual(['predictions']);
    expect(unsure.predict([[...ROW]])).toEqual(known.predict([[...ROW]]));
  });

  it.each(['1.3.3', '1.5.0'])('gives probabilities for those of %s', async (version) => {
    const known = await load(dated('ada-votes.1.3.2.pkl', '1.3.2', '1.3.2'));
    const other = await load(dated('ada-votes.1.3.2.pkl', '1.3.2', version));
    expect(other.run(ROW)).toEqual(known.run(ROW));
  });

  it('refuses an isolation forest of 0.20 and before, which scores otherwise', async () => {
    const error = await failureOf(() => load(dated('isolation.1.2.pkl', '1.2.1', '0.9.1')));
    expect([error.code, error.message]).toEqual(['UNSUPPORTED_VERSION', expect.stringContaining('before 0.21')]);
  });

  it('reads arrays by the names that NumPy 1.16 gave them', async () => {
    const names = ['cnumpy.core.multiarray\n', 'cnumpy.core._multiarray_umath\n'] as const;
    const known = await load(dated('ada-votes.1.3.2.pkl', '1.3.2', '1.3.2'));
    const older = await load(dated('ada-votes.1.3.2.pkl', ...names));
    expect(older.run(ROW)).toEqual(known.run(ROW));
  });
});
