import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { load } from '../../../lib/load.ts';
import { failureOf } from '../../failure.ts';

interface Refusal {
  readonly file: string;
  readonly code: string;
  /** What the message must hold. */
  readonly names: readonly string[];
  readonly cve?: string;
}

const FOLDER = new URL('../../fixtures/keras-refused/', import.meta.url);
const REFUSALS: readonly Refusal[] = JSON.parse(readFileSync(new URL('refusals.json', FOLDER), 'utf8'));

describe('a file of Keras or TensorFlow.js', () => {
  it.each(REFUSALS)('is refused when it is $file', async ({ file, code, names }) => {
    const error = await failureOf(() => load(new URL(file, FOLDER)));
    expect({ code: error.code, message: error.message }).toEqual({ code, message: error.message });
    for (const name of names) expect(error.message).toContain(name);
    expect(error.message).not.toContain('undefined');
    expect(existsSync('canary') || existsSync(new URL('canary', FOLDER))).toBe(false);
  });

  it('is in the list of refusals when it is in their folder', () => {
    const listed = new Set(REFUSALS.map(({ file }) => file.split('/')[0]));
    expect(readdirSync(FOLDER).filter((name) => name !== 'refusals.json' && !listed.has(name))).toEqual([]);
  });
});
