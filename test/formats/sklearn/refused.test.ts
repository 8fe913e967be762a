/** Files that hold what is refused; test/fixtures/make/make_sklearn_refused.py made them. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ForwardpassError } from '../../../lib/errors.ts';
import { load } from '../../../lib/load.ts';

const FOLDER = new URL('../../fixtures/sklearn-refused/', import.meta.url);

interface Refused {
  readonly file: string;
  readonly code: string;
  /** What the message must name. */
  readonly names: readonly string[];
}

const refused: readonly Refused[] = JSON.parse(readFileSync(new URL('refused.json', FOLDER), 'utf8'));

describe('estimators that are refused', () => {
  for (const { file, code, names } of refused) {
    it(`refuses ${file} and names ${names.join(', ')}`, async () => {
      const error = await load(new URL(file, FOLDER)).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(error).toBeInstanceOf(ForwardpassError);
      const { code: found, message } = error as ForwardpassError;
      expect(`${found} ${message}`).toMatch(new RegExp(`^${code} `));
      for (const name of names) expect(message).toContain(name);
      expect(message).not.toMatch(/undefined|\[object/);
      expect(existsSync('forwardpass-canary')).toBe(false);
    });
  }
});
