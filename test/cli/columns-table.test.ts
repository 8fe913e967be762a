import { expect, it } from 'vitest';
import { columnsTable } from '../../lib/cli/columns-table.ts';
import type { FieldSchema } from '../../lib/schema.ts';

function cells(properties: Record<string, FieldSchema>, required: string[] = []): string[][] {
  const schema = { $schema: '', type: 'object', properties, required, additionalProperties: true } as const;
  return columnsTable(schema)
    .split('\n')
    .slice(2)
    .map((line) => line.split(/ {2,}/));
}

it.each<[string, FieldSchema, string[], string[]]>([
  ['a number', { type: 'number' }, ['c'], ['c', 'number']],
  ['an id', { type: 'integer', minimum: 0, maximum: 9 }, ['c'], ['c', 'integer from 0 to 9']],
  ['strings that alone are taken', { type: 'string', enum: ['a', 'b'] }, ['c'], ['c', 'string', "'a', 'b'"]],
  ['strings beside others', { type: 'string', examples: ['a'] }, ['c'], ['c', 'string', "'a', or others"]],
  ['what may be null', { type: ['number', 'null'] }, ['c'], ['c', 'number', '', 'as null'].filter(Boolean)],
  ['what is filled in', { type: ['number', 'null'], default: 3.5 }, [], ['c', 'number', 'yes: 3.5']],
  [
    'what a category fills in',
    { type: ['string', 'null'], enum: ['a', null], default: 'a' },
    [],
    ['c', 'string', "'a'", "yes: 'a'"],
  ],
  ['what nothing looks at', { description: 'not used' }, [], ['c', 'unused', 'yes']],
  ['an array', { type: 'array', items: { type: 'number' }, maxItems: 4 }, ['c'], ['c', 'array of 4']],
])('has a line for %s', (_, schema, required, expected) => {
  expect(cells({ c: schema }, required)).toEqual([expected]);
});

it('shows what is invisible in names, and counts columns past the fortieth', () => {
  const many = Object.fromEntries(
    Array.from({ length: 42 }, (_, i) => [`\u001b[31m${i}`, { type: 'number' } as const]),
  );
  const lines = cells(many);
  expect(lines).toHaveLength(41);
  expect(lines[0][0]).toBe('\\u001b[31m0');
  expect(lines.at(-1)).toEqual(['and 2 more: see --schema']);
});
