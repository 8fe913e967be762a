import { describe, expect, it } from 'vitest';
import { jsonBytes } from '../../../lib/formats/containers/json-cost.ts';

const objects = (key: (i: number) => string) =>
  JSON.stringify(Array.from({ length: 1000 }, (_, i) => ({ [key(i)]: 1 })));

describe('what JSON takes', () => {
  it('is less for keys that many objects have, where these are counted', () => {
    const common = objects(() => 'content');
    const own = objects((i) => `own${1000 + i}`);
    expect(common).toHaveLength(own.length);
    expect(jsonBytes(common, 'own')).toBe(jsonBytes(own, 'own'));
    expect(jsonBytes(own, 'common')).toBe(jsonBytes(own, 'own'));
    expect(jsonBytes(common, 'common')).toBeLessThan(jsonBytes(common, 'own') / 2);
  });

  it('takes what is in strings for no more than letters', () => {
    expect(jsonBytes('["{\\"[:,"]', 'common')).toBe(jsonBytes('["abcdef"]', 'common'));
    expect(jsonBytes('"unfinished', 'common')).toBeGreaterThan(0);
    expect(jsonBytes(':::', 'common')).toBeGreaterThan(jsonBytes('', 'common'));
  });
});
