import { describe, expect, test } from 'vitest';
import { learn } from '../../lib/learn.ts';
import { type Case, digestOf, Family, stateOf } from './cases.ts';

const WIDTH = 19;
const family = new Family('sgd');
const x = family.numbers('x');
const targets: Record<string, ArrayLike<string | number> | undefined> = {
  class: family.numbers('class'),
  binary: family.numbers('binary'),
  value: family.numbers('value'),
  words: Array.from(family.numbers('binary'), (label) => ['ham', 'spam'][label]),
};
const weights = family.numbers('weight');

function rowsOf({ f32 }: Case, [from, to]: readonly number[]) {
  const rows = x.slice(from * WIDTH, to * WIDTH);
  return f32 ? Float32Array.from(rows) : rows;
}

function targetsOf({ target }: Case, [from, to]: readonly number[]) {
  const all = targets[target as string];
  return all && Array.from(all).slice(from, to);
}

/** Goes on as Python did, and checks the state after each call. */
async function follow(each: Case) {
  const learner = await learn(family.file(each));
  const classes = [...new Set(Array.from(targets[each.target as string] ?? []))];
  const digests = each.calls.map((call, at) => {
    const range = call as readonly number[];
    const flat = rowsOf(each, range);
    // Without targets, a flat array does not say how many features a row has.
    const isOpen = each.target === 'none' && learner.state().t_ === undefined;
    const rows = isOpen
      ? Array.from({ length: flat.length / WIDTH }, (_, row) => flat.slice(row * WIDTH, (row + 1) * WIDTH))
      : flat;
    learner.partialFit(rows, targetsOf(each, range), {
      ...(each.weighted === true && { sampleWeight: weights.slice(...range) }),
      ...(at === 0 &&
        learner.classes === undefined &&
        !['value', 'none'].includes(each.target as string) && { classes }),
    });
    return digestOf(stateOf(learner.state(), each.last));
  });
  return { learner, digests };
}

describe('linear models go on as scikit-learn does, bit for bit', () => {
  test.each(family.cases)('$name', async (each) => {
    const { learner, digests } = await follow(each);
    expect(stateOf(learner.state(), each.last)).toEqual(family.last(each));
    expect(digests).toEqual(each.digests);
  });
});
