/** What ONNX files are refused for; test/fixtures/make/make_onnx_refused.py made them. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { load } from '../../../lib/load.ts';
import { failureOf } from '../../failure.ts';

interface Refused {
  readonly file: string;
  readonly code: string;
  readonly names: readonly string[];
}

const folder = new URL('../../fixtures/onnx-refused/', import.meta.url);
const files: Refused[] = JSON.parse(readFileSync(new URL('index.json', folder), 'utf8'));

describe('ONNX files that are refused', () => {
  it.each(files)('refuses $file by name', async ({ file, code, names }) => {
    const error = await failureOf(() => load(new URL(file, folder)));
    expect(error.code, error.message).toBe(code);
    for (const name of names) expect(error.message).toContain(name);
  });
});
