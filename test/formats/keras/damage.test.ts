import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ForwardpassError } from '../../../lib/errors.ts';
import { load } from '../../../lib/load.ts';
import { damagedPlaces } from '../../damage.ts';

const fixture = (name: string) =>
  new Uint8Array(readFileSync(new URL(`../../fixtures/keras/${name}`, import.meta.url)));

/** Loads the bytes: a model, or one of our errors; anything else is thrown on. */
async function survive(bytes: Uint8Array): Promise<'loaded' | 'refused'> {
  try {
    (await load(bytes)).dispose();
    return 'loaded';
  } catch (error) {
    if (!(error instanceof ForwardpassError) || error.message.includes('undefined')) throw error;
    return 'refused';
  }
}

describe.each(['rescaled.h5', 'half.keras'])('a damaged %s', (name) => {
  it('is refused wherever it is cut off', async () => {
    const bytes = fixture(name);
    for (const length of damagedPlaces(bytes.length, 500)) {
      expect(await survive(bytes.slice(0, length)), `${length} bytes`).toBe('refused');
    }
  }, 120_000);

  it('loads or is refused whichever byte is another', async () => {
    const bytes = fixture(name);
    for (const at of damagedPlaces(bytes.length, 300)) {
      for (const value of [0, 0xff, bytes[at] ^ 1]) {
        const damaged = bytes.slice();
        damaged[at] = value;
        await survive(damaged);
      }
    }
  }, 120_000);
});
