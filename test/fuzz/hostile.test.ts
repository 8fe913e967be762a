/** What fuzzing found once: each file loads or is refused as it should be. `build/fuzz/findings` has new ones to put here. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { faultOf } from './execute.ts';
import { PeakMemory } from './memory.ts';

const FOLDER = fileURLToPath(new URL('../fixtures/hostile/', import.meta.url));

describe('a file that fuzzing found', () => {
  it.each(readdirSync(FOLDER))('%s loads or is refused in words, in proportion', async (name) => {
    const bytes = new Uint8Array(readFileSync(FOLDER + name));
    const path = FOLDER + name;
    const sample = { name, main: path, changed: path, bytes, options: {} };
    // The first load opens the reader's own code as well.
    expect(await faultOf(sample, bytes, { mostSeconds: 10 })).toBeUndefined();
    // Other loads of this process may be collected meanwhile, or not: a file out of proportion is so each time.
    const faults: (string | undefined)[] = [];
    for (let turn = 0; turn < 3; turn++) {
      const memory = new PeakMemory();
      await faultOf(sample, bytes);
      faults.push(memory.fault(bytes.length));
    }
    expect(faults).toContain(undefined);
  });
});
