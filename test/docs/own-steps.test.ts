/** The examples of docs/own-steps.md are code that runs. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { load } from '../../lib/load.ts';
import type { StepFunctions } from '../../lib/steps/types.ts';
import { FOLDER, fixtures } from '../steps/fixtures.ts';

const page = readFileSync(new URL('../../docs/own-steps.md', import.meta.url), 'utf8');
const examples = [...page.matchAll(/^## (.*)\n[^#]*?```js\n([\s\S]*?)```/gm)].map(([, title, code]) => ({
  title,
  code,
}));

const FIXTURES: Readonly<Record<string, string>> = {
  'Family size': 'family-class',
  'Logarithms and ratios': 'ratio-in-the-middle',
  'Parts of dates': 'dates',
  'Weight of evidence': 'woe',
  Clipping: 'clipper',
};

it('has five examples', () => {
  expect(examples.map(({ title }) => title)).toEqual(Object.keys(FIXTURES));
});

it.each(examples)('$title: the example gives what the step gives in Python', async ({ title, code }) => {
  const functions = new Function(`${code}; return functions;`)() as StepFunctions;
  const found = fixtures().find(({ name }) => name === FIXTURES[title])?.fixture;
  using model = await load(new URL(found?.file ?? '', FOLDER), { functions });
  for (const { rows, labels, values } of found?.cases ?? []) {
    const given = Array.from(model.predict(rows) as ArrayLike<number | string>);
    if (labels !== undefined) expect(given).toEqual(labels);
    (values ?? []).forEach((value, i) => {
      expect(given[i]).toBeCloseTo(value, 9);
    });
  }
});
