/** What torch's own formats are refused for; test/fixtures/make/make_torch_refused.py made the files. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { load } from '../../lib/load.ts';
import { failureOf } from '../failure.ts';

interface Refused {
  readonly file: string;
  readonly code: string;
  readonly names: readonly string[];
  readonly source: string;
}

describe.each(['torch-export', 'torchscript'])('%s', (format) => {
  const folder = new URL(`../fixtures/${format}-refused/`, import.meta.url);
  const files: Refused[] = JSON.parse(readFileSync(new URL('index.json', folder), 'utf8'));

  it.each(files)('refuses $file by name', async ({ file, code, names }) => {
    const error = await failureOf(() => load(new URL(file, folder)));
    expect(error.code).toBe(code);
    for (const name of names) expect(error.message).toContain(name);
  });

  it('runs no code of a file', () => {
    expect(existsSync('forwardpass-canary')).toBe(false);
    expect(existsSync(new URL('forwardpass-canary', folder))).toBe(false);
  });
});
