/** docs/errors.md has each code of the class, once, with the words that the code has for it, and says what to do. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ERROR_CODES } from '../../lib/errors.ts';

const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');
const rows = [...page.matchAll(/^\| `([A-Z_]+)` \| (.*?) \| (.*?) \|$/gm)];

test('the page of errors has each code once, with the words of the code', () => {
  const table = Object.fromEntries(rows.map(([, code, meaning]) => [code, meaning]));
  expect(table).toEqual(ERROR_CODES);
  expect(rows.length).toBe(Object.keys(ERROR_CODES).length);
});

test.each(rows.map(([, code, , advice]) => [code, advice]))('the page of errors says when %s comes', (_, advice) => {
  expect(advice.length).toBeGreaterThan(20);
});
