/**
 * The short part of fuzzing: small files of every format, each cut at places throughout and changed some hundred times,
 * always the same. `npm run fuzz` goes on for as long as it is asked to.
 */
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { Random } from '../random-graph.ts';
import { THOROUGH } from '../thorough.ts';
import { FUZZED_FORMATS, samplesOf } from './corpus.ts';
import { faultOf } from './execute.ts';
import { mutateContent } from './mutators/content.ts';

const FIXTURES = fileURLToPath(new URL('../fixtures/', import.meta.url));
/** Of the smallest files. */
const CUTS = THOROUGH ? 60 : 40;
const CUT_FILES = 3;
/** A machine that runs all tests is busy. */
const TIMING = { mostSeconds: 10 };
/** Of each format; the environment asks for more or fewer. */
const CHANGES = Number(process.env.FORWARDPASS_MUTATIONS ?? (THOROUGH ? 250 : 120));

describe.each(FUZZED_FORMATS)('a damaged file of %s', (format) => {
  const samples = samplesOf(format, FIXTURES);

  it('is refused in words wherever it is cut', { timeout: 120_000 }, async () => {
    const faults: string[] = [];
    for (const sample of samples.slice(0, CUT_FILES)) {
      for (let cut = 0; cut < CUTS; cut++) {
        const length = Math.floor((sample.bytes.length * cut) / CUTS);
        const fault = await faultOf(sample, sample.bytes.subarray(0, length), TIMING);
        if (fault !== undefined) faults.push(`${sample.name}, cut to ${length} bytes, ${fault}`);
      }
    }
    expect(faults).toEqual([]);
  });

  it('loads or is refused in words whatever is changed', { timeout: 120_000 }, async () => {
    const faults: string[] = [];
    for (let seed = 0; seed < CHANGES; seed++) {
      const random = new Random(seed);
      const sample = random.pick(samples);
      const bytes = mutateContent(sample.name)(sample.bytes, random, random.pick(samples).bytes);
      const fault = bytes && (await faultOf(sample, bytes, TIMING));
      if (fault !== undefined) faults.push(`${sample.name}, seed ${seed}, ${fault}`);
    }
    expect(faults).toEqual([]);
  });
});
