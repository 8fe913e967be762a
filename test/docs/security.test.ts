/** What docs/security.md says is proved by the tests that it names, and has the numbers of the code. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../lib/graph/limits.ts';

const page = readFileSync(new URL('../../docs/security.md', import.meta.url), 'utf8');

/** The rows of tables whose last column is `test`. */
const claims = page
  .split(/\n{2,}/)
  .filter((part) => /^\|[^\n]*\| test \|\n/.test(part))
  .flatMap((table) => table.trim().split('\n').slice(2))
  .map((row) => row.split('|').map((cell) => cell.trim()))
  .map((cells) => [cells[1], cells.at(-2) as string] as const);

it('names a test for each line', () => {
  expect(claims.length).toBeGreaterThan(40);
});

it.each(claims)('%s', (_, proof) => {
  const [, file, title] = /^`([\w./-]+)`: `([^`]+)`$/.exec(proof) ?? [];
  expect(title, proof).toBeDefined();
  const text = readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');
  // The title of a test or of a row of one, not a word in passing.
  const isThere = ["'", '"', '`'].some((mark) => text.includes(`${mark}${title}`));
  expect(isThere, `${file} has no test ${title}`).toBe(true);
});

it('has the limits that hold', () => {
  const written = { bytes: '4 GiB', parameters: '2^30', nodes: '100,000', depth: '64', rowElements: '2^24' };
  expect(DEFAULT_LIMITS).toEqual({ bytes: 2 ** 32, parameters: 2 ** 30, nodes: 1e5, depth: 64, rowElements: 2 ** 24 });
  for (const [name, value] of Object.entries(written)) expect(page).toContain(`| \`${name}\` | ${value} |`);
});
