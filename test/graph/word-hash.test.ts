import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fingerprint64, sipHash64, spreadOf } from '../../lib/graph/word-hash.ts';

interface Hashes {
  readonly places: string;
  readonly keys: readonly (readonly [string, string])[];
  readonly words: readonly string[];
  readonly fast: readonly string[];
  readonly strong: readonly (readonly string[])[];
}

const hashes: Hashes = JSON.parse(readFileSync(new URL('../fixtures/word-hashes.json', import.meta.url), 'utf8'));
const places = BigInt(hashes.places);
const bytesOf = (word: string) => new TextEncoder().encode(word);

describe("TensorFlow's hashes of words", () => {
  it('are those of FarmHash, whatever the length', () => {
    const found = hashes.words.map((word) => String(fingerprint64(bytesOf(word)) % places));
    expect(found).toEqual(hashes.fast);
  });

  it('are those of SipHash, with any key', () => {
    for (const [i, key] of hashes.keys.entries()) {
      const found = hashes.words.map((word) => String(sipHash64(bytesOf(word), key) % places));
      expect(found).toEqual(hashes.strong[i]);
    }
  });

  it('put a word into one place by each of several ways', () => {
    const [word] = hashes.words.slice(20);
    const key: [string, string] = ['133', '137'];
    const alone = [3, 1000].map((count) => spreadOf(word, [{ count, stride: 1 }]));
    expect(alone[0]).toBe(Number(fingerprint64(bytesOf(word)) % 3n));
    const salted = spreadOf(word, [{ count: 10, stride: 1, key }]);
    const all = [
      { count: 3, stride: 1 },
      { count: 1000, stride: 3 },
      { count: 10, stride: 3000, key },
    ];
    expect(spreadOf(word, all)).toBe(alone[0] + 3 * alone[1] + 3000 * salted);
  });
});
