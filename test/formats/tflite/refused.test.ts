/** TensorFlow Lite files that hold what is not a row model, and files that lie: test/fixtures/make/make_tflite_refused.py. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type LoadOptions, load } from '../../../lib/load.ts';
import { failureOf } from '../../failure.ts';

interface Refusal {
  readonly file: string;
  readonly code: string;
  /** What the message must say. */
  readonly names: readonly string[];
  readonly options?: LoadOptions;
}

const FOLDER = new URL('../../fixtures/tflite-refused/', import.meta.url);
const { cases } = JSON.parse(readFileSync(new URL('refused.json', FOLDER), 'utf8')) as { cases: Refusal[] };

describe('a TensorFlow Lite file', () => {
  it.each(cases.map((refusal) => [refusal.file, refusal] as const))('is refused by name: %s', async (_, refusal) => {
    const error = await failureOf(() => load(new URL(refusal.file, FOLDER), refusal.options));
    for (const name of refusal.names) expect(error.message).toContain(name);
    expect(error.code).toBe(refusal.code);
  });
});
