import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { importFunctions } from '../../lib/steps/import-functions.ts';
import { failureOf } from '../failure.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'forwardpass-functions-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function script(name: string, text: string) {
  const path = join(folder, name);
  await writeFile(path, text);
  return importFunctions(pathToFileURL(path), 'functions');
}

test.each([
  ['named.mjs', "const f = (columns) => columns; export { f as '__main__.f' };"],
  ['main.cjs', "module.exports = { '__main__.f': { columns: 1, run: (columns) => columns } };"],
  ['default.mjs', "export default { '__main__.f': (columns) => columns };"],
])('%s has functions by its exports, or as its default', async (name, text) => {
  expect(Object.keys(await script(name, text))).toContain('__main__.f');
});

test.each([
  ['empty.mjs', '', 'has no exports'],
  ['wrong.mjs', 'this is not a script', 'could not be imported'],
  ['throws.mjs', "throw new Error('not today')", 'could not be imported: not today'],
])('%s is refused', async (name, text, said) => {
  const error = { code: 'OPTION', place: 'functions', message: expect.stringContaining(said) };
  expect(await failureOf(() => script(name, text))).toMatchObject(error);
});

test('a script that is not there is refused', async () => {
  const missing = pathToFileURL(join(folder, 'none.mjs'));
  expect(await failureOf(() => importFunctions(missing, 'functions'))).toMatchObject({ code: 'OPTION' });
});
