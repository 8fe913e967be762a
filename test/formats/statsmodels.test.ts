/** What is refused of results of statsmodels, and what is said of rows. Their outputs: framework-models.test.ts. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseExpression } from '../../lib/formats/statsmodels/expression.ts';
import { load } from '../../lib/load.ts';

const FIXTURES = new URL('../fixtures/', import.meta.url);

interface Refusal {
  readonly file: string;
  readonly code: string;
  readonly names: readonly string[];
}

const refusals: readonly Refusal[] = JSON.parse(
  readFileSync(new URL('statsmodels-refused/refusals.json', FIXTURES), 'utf8'),
);

describe('a result of statsmodels', () => {
  it.each(refusals)('is refused by name: $file', async ({ file, code, names }) => {
    const error = await load(new URL(`statsmodels-refused/${file}`, FIXTURES)).catch((thrown) => thrown);
    expect(error).toMatchObject({ code });
    for (const name of names) expect(error.message).toContain(name);
  });

  it('takes the columns of its formula, and no others', async () => {
    const model = await load(new URL('statsmodels/formula-interactions.pkl', FIXTURES));
    expect(model.featureNames).toEqual(['age', 'income', 'city', 'owns', 'size']);
    model.dispose();
  });

  it('refuses a category that it was not fitted with, by the column', async () => {
    const model = await load(new URL('statsmodels/formula-words.pkl', FIXTURES));
    expect(() => model.predict([{ age: 30, city: 'Lyon' }])).toThrow(/city/);
    model.dispose();
  });

  it('gives NaN for a number that is NaN, as statsmodels does', async () => {
    const model = await load(new URL('statsmodels/formula-log.pkl', FIXTURES));
    expect(model.run(Float64Array.of(Number.NaN, 20))).toEqual(Float64Array.of(Number.NaN));
    model.dispose();
  });
});

describe('an expression of a formula', () => {
  it.each([
    ['2 ** 3 ** 2', 'binary ** 2 (binary ** 3 2)'],
    ['-a ** 2', 'unary - (binary ** a 2)'],
    ['a ** -1', 'binary ** a (unary - 1)'],
    ['a - b - c', 'binary - (binary - a b) c'],
    ['(a > 1) & (b <= 2)', 'binary & (binary > a 1) (binary <= b 2)'],
    ["C(x, Treatment(reference='u'), levels=['u', \"v\"])", 'C(x Treatment( reference=u) levels=[u v])'],
  ])('is read as Python reads it: %s', (code, expected) => {
    expect(shown(parseExpression(code, 'x'))).toBe(expected);
  });

  it.each([
    '',
    'a +',
    '(a',
    'a b',
    '0 < a < 1',
    'lambda x: x',
    'a if b else c',
    "'a\\n'",
    'f(x=',
    'a[0]',
    `${'('.repeat(500)}a`,
  ])('is refused: %s', (code) => {
    expect(() => parseExpression(code, 'x')).toThrow(expect.objectContaining({ code: 'UNSUPPORTED_OP' }));
  });
});

function shown(expression: ReturnType<typeof parseExpression>, isInner = false): string {
  const inner = (each: ReturnType<typeof parseExpression>) => shown(each, true);
  const whole = (text: string) => (isInner ? `(${text})` : text);
  switch (expression.kind) {
    case 'number':
    case 'text':
      return `${expression.value}`;
    case 'name':
      return expression.name;
    case 'list':
      return `[${expression.items.map(inner).join(' ')}]`;
    case 'unary':
      return whole(`unary ${expression.operator} ${inner(expression.of)}`);
    case 'binary':
      return whole(`binary ${expression.operator} ${inner(expression.left)} ${inner(expression.right)}`);
    case 'call': {
      const named = [...expression.named].map(([name, value]) => `${name}=${inner(value)}`);
      return `${expression.name}(${[expression.given.map(inner).join(' '), ...named].join(' ')})`;
    }
  }
}
