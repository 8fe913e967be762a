/** Files that hold what is refused; test/fixtures/make/make_catboost.py made them. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { load } from '../../../lib/load.ts';
import { failureOf } from '../../failure.ts';

const FOLDER = new URL('../../fixtures/catboost-refused/', import.meta.url);

interface Refused {
  readonly file: string;
  readonly code: string;
  /** What the message must name. */
  readonly names: readonly string[];
}

const refused: readonly Refused[] = JSON.parse(readFileSync(new URL('refused.json', FOLDER), 'utf8'));

describe('models of CatBoost that are refused', () => {
  it.each(refused)('names in $file what it refuses: $names', async ({ file, code, names }) => {
    const { code: found, message } = await failureOf(() => load(new URL(file, FOLDER)));
    expect(found).toBe(code);
    for (const name of names) expect(message).toContain(name);
    expect(message).not.toMatch(/undefined|\[object/);
  });
});
