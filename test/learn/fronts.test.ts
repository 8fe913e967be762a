/** Pipelines whose last step learns, from rows that the steps before it make and that these do not change. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { learn } from '../../lib/learn.ts';
import { load } from '../../lib/load.ts';
import type { Rows } from '../../lib/model.ts';
import { failureOf } from '../failure.ts';
import { type Case, Family, stateOf } from './cases.ts';

const family = new Family('fronts');
const given: Record<string, readonly unknown[]> = JSON.parse(
  readFileSync(new URL('../fixtures/learn/fronts.json', import.meta.url), 'utf8'),
);
const rowsOf = ({ kind }: Case) => given[kind as string];
const targetsOf = ({ target }: Case) => given[target as string] as readonly number[];
const named = (name: string) => family.cases.find((each) => each.name === name) as Case;

describe('what other steps make of rows is learnt from as scikit-learn does', () => {
  test.each(family.cases)('$name', async (each) => {
    const [rows, targets] = [rowsOf(each), targetsOf(each)];
    const learner = await learn(family.file(each), { metrics: true });
    for (const [from, to] of each.calls as readonly (readonly [number, number])[]) {
      const part = rows.slice(from, to);
      // One row by itself, too.
      if (part.length === 1) learner.partialFit(part[0] as string, targets[from]);
      else learner.partialFit(part as Rows, targets.slice(from, to));
    }
    const { [each.step as string]: state } = learner.state();
    const found = stateOf(state as Record<string, unknown>, each.last);
    // Scaled columns may differ in their last bits from scikit-learn's.
    for (const [name, expected] of Object.entries(family.last(each))) {
      expect(found[name].length, name).toBe(expected.length);
      expected.forEach((value, i) => {
        expect(Math.abs(found[name][i] - value), `${name}[${i}]`).toBeLessThanOrEqual(1e-10 * Math.abs(value) + 1e-12);
      });
    }
    expect(learner.metrics?.seen).toBe(60);
    expect(learner.predict(rows as Rows)).toEqual(learner.freeze().predict(rows as Rows));
  });
});

test('features have the names of the frame that the first step was fitted on', async () => {
  const learner = await learn(family.file(named('columns')));
  expect(learner.featureNames).toEqual(['age', 'city', 'income', 'tier']);
  learner.partialFit({ tier: 'a', city: 'atlantis', age: null, income: 1 }, 0);
  const error = await failureOf(() => learner.partialFit({ city: 'oslo', age: 1, income: 1 }, 0));
  expect([error.code, error.message]).toEqual(['INPUT', expect.stringContaining("lacks 'tier'")]);
});

test('a checkpoint goes on alike, and load opens it', async () => {
  const each = named('sparse columns');
  const [rows, targets] = [rowsOf(each) as Rows, targetsOf(each)];
  const learner = await learn(family.file(each));
  const folder = mkdtempSync(join(tmpdir(), 'forwardpass-'));
  const path = join(folder, 'checkpoint.safetensors');
  learner.partialFit(rows, targets);
  await learner.save(path);
  const again = await learn(path);
  expect((await load(path)).predict(rows)).toEqual(learner.predict(rows));
  expect(again.partialFit(rows, targets).state()).toEqual(learner.partialFit(rows, targets).state());
  rmSync(folder, { recursive: true });
});

test('scalers that stand before other steps cannot learn, and what gives sparse rows or not is known', async () => {
  const error = await failureOf(() => learn(family.file(named('polynomials')), { scalers: 'learn' }));
  expect([error.code, error.message]).toEqual(['UNSUPPORTED_OP', expect.stringContaining('StandardScaler')]);
});
