/** Files that hold what is refused; test/fixtures/make/make_sklearn_*.py made them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ForwardpassError } from '../../../lib/errors.ts';
import { load } from '../../../lib/load.ts';

const FOLDER = new URL('../../fixtures/sklearn-refused/', import.meta.url);
const MORE = new URL('../../fixtures/sklearn-more-refused/', import.meta.url);

interface Refused {
  readonly file: string;
  readonly code: string;
  /** What the message must name. */
  readonly names: readonly string[];
}

function listIn(file: string, folder: URL): [URL, Refused][] {
  const list: readonly Refused[] = JSON.parse(readFileSync(new URL(file, folder), 'utf8'));
  return list.map((each) => [folder, each]);
}

const refused = [
  ...listIn('refused.json', FOLDER),
  ...readdirSync(MORE).flatMap((file) => (file.endsWith('.json') ? listIn(file, MORE) : [])),
];

describe('estimators that are refused', () => {
  for (const [folder, { file, code, names }] of refused) {
    it(`refuses ${file} and names ${names.join(', ')}`, async () => {
      const error = await load(new URL(file, folder)).then(
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
