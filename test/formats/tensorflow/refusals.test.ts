/** What TensorFlow saves and forwardpass refuses, each with words for why; test/fixtures/make/make_tensorflow.py. */
import { existsSync, readFileSync } from 'node:fs';
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

const FOLDER = new URL('../../fixtures/tensorflow-refused/', import.meta.url);
const { cases } = JSON.parse(readFileSync(new URL('refusals.json', FOLDER), 'utf8')) as { cases: Refusal[] };

/** What write-file would write. */
const CANARY = '/tmp/forwardpass-canary';

describe('a TensorFlow model that is not a row model', () => {
  it.each(cases.map((refusal) => [refusal.file, refusal] as const))('is refused by name: %s', async (_, refusal) => {
    const error = await failureOf(() => load(new URL(refusal.file, FOLDER), refusal.options));
    for (const name of refusal.names) expect(error.message).toContain(name);
    expect(error.code).toBe(refusal.code);
    expect(existsSync(CANARY)).toBe(false);
  });
});
