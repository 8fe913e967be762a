/** None and NaN, which scikit-learn tells apart: each kind of cell in imputers and encoders, as scikit-learn has it. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ForwardpassError } from '../../../lib/errors.ts';
import { freeze } from '../../../lib/freeze.ts';
import { load } from '../../../lib/load.ts';
import type { Model, Rows } from '../../../lib/model.ts';

type Cell = string | number | boolean | null | { readonly number: 'NaN' };

interface Case {
  readonly name: string;
  readonly model: string;
  readonly cells: readonly (readonly [Cell, readonly (number | 'NaN')[] | null])[];
}

const file = new URL('../../fixtures/sklearn-none/none.json', import.meta.url);
const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: Case[] };

/** Zeros were filled in, and became a category. */
const CANNOT = /holds numbers beside words/;

/** The row; the error where it is refused. */
function given(model: Model, cell: unknown): Float64Array | ForwardpassError {
  try {
    return Float64Array.from(model.predict([{ plan: cell }] as Rows));
  } catch (error) {
    if (error instanceof ForwardpassError) return error;
    throw error;
  }
}

describe('None and NaN in scikit-learn', () => {
  let answered = 0;
  let refused = 0;

  it.each(cases)('are as there: $name', async ({ name, model: bytes, cells }) => {
    let model: Model;
    try {
      model = await load(Buffer.from(bytes, 'base64'));
    } catch (error) {
      expect((error as Error).message).toMatch(CANNOT);
      expect(name).toContain('by 0');
      refused++;
      return;
    }
    const hasNumbers = /^(?:numbers|truths)/.test(name);
    for (const [cell, expected] of cells) {
      const value = typeof cell === 'object' && cell !== null ? Number.NaN : cell;
      const found = given(model, value);
      if (expected === null) {
        expect(found, `${String(value)} is refused`).toBeInstanceOf(ForwardpassError);
      } else if (hasNumbers && found instanceof ForwardpassError) {
        // NaN where it means None.
        expect(value).toBeNaN();
        expect(found.message).toContain('pass null for None');
      } else {
        const wanted = expected.map(Number);
        expect([...(found as Float64Array)].map((each) => Number(each.toFixed(12)))).toEqual(
          wanted.map((each) => Number(each.toFixed(12))),
        );
        answered++;
      }
    }
    model.dispose();
  });

  it('are told apart in frozen files too', async () => {
    for (const { name, model: bytes, cells } of cases.filter((_, i) => i % 5 === 0)) {
      const source = Buffer.from(bytes, 'base64');
      const model = await load(source).catch(() => undefined);
      if (model === undefined) continue;
      const frozen = await load(Buffer.concat(await freeze(source)));
      for (const [cell] of [...cells, [undefined]] as const) {
        const value = typeof cell === 'object' && cell !== null ? Number.NaN : cell;
        expect(given(frozen, value), `${String(value)} of ${name}`).toEqual(given(model, value));
      }
    }
  });

  it('are mostly answered', () => {
    expect(answered).toBeGreaterThan(40 * refused);
  });
});
