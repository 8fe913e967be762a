import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { learn } from '../../lib/learn.ts';
import { failureOf } from '../failure.ts';
import { type Case, digestOf, Family, stateOf } from './cases.ts';

const family = new Family('texts');
const texts: readonly string[] = JSON.parse(
  readFileSync(new URL('../fixtures/learn/texts.json', import.meta.url), 'utf8'),
);

const stateIn = ({ step, last }: Case, state: Record<string, unknown>) =>
  stateOf(state[step as string] as Record<string, unknown>, last);

describe('pipelines that begin with texts go on as their last step does in scikit-learn, bit for bit', () => {
  test.each(family.cases)('$name', async (each) => {
    const learner = await learn(family.file(each), each.target === 'none' ? {} : { metrics: { window: 100 } });
    const digests = each.calls.map((call) => {
      const [from, to] = call as readonly number[];
      const part = texts.slice(from, to);
      const targets = each.target === 'none' ? undefined : family.numbers(each.target as string).slice(from, to);
      const options = each.weighted === true ? { sampleWeight: family.numbers('weight').slice(from, to) } : {};
      learner.partialFit(part.length === 1 ? part[0] : part, targets?.length === 1 ? targets[0] : targets, options);
      return digestOf(stateIn(each, learner.state()));
    });
    expect(stateIn(each, learner.state())).toEqual(family.last(each));
    expect(digests).toEqual(each.digests);
    expect(learner.metrics?.seen).toBe(each.target === 'none' ? undefined : 60);
    const model = learner.freeze();
    expect(learner.predict([...texts])).toEqual(model.predict([...texts]));
  });
});

test('a fit of texts is taken back, and refused where it cannot be', async () => {
  const [first] = family.cases;
  const learner = await learn(family.file(first));
  const before = learner.state();
  learner.partialFit(['free money', 'meeting'], [1, 0]);
  expect(learner.state()).not.toEqual(before);
  expect(learner.rollback().state()).toEqual(before);
  expect((await failureOf(() => learner.partialFit(['free money'], [7]))).place).toBe('targets[0]');
  expect((await failureOf(() => learner.partialFit([7 as never], [1]))).code).toBe('INPUT');
  expect(learner.state()).toEqual(before);
});
