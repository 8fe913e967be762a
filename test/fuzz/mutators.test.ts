/** That mutators are worth their name: what they make is another file, the same each time, and mostly of the same format. */
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { chooseFormat } from '../../lib/formats/registry.ts';
import { Random } from '../random-graph.ts';
import { FUZZED_FORMATS, type Sample, samplesOf, sourceOf } from './corpus.ts';
import { mutateContent } from './mutators/content.ts';

const FIXTURES = fileURLToPath(new URL('../fixtures/', import.meta.url));
const CHANGES = 40;

describe.each(FUZZED_FORMATS)('the mutators of %s', (format) => {
  const samples = samplesOf(format, FIXTURES);
  const made = (seed: number): [Sample, Uint8Array] => {
    const random = new Random(seed);
    const sample = random.pick(samples);
    return [sample, mutateContent(sample.name)(sample.bytes, random, random.pick(samples).bytes) ?? new Uint8Array()];
  };

  it('make the same of the same seed', () => {
    for (let seed = 0; seed < 5; seed++) expect(made(seed)[1]).toEqual(made(seed)[1]);
  });

  it('change a file, and leave it what it is', async () => {
    let changed = 0;
    let same = 0;
    for (let seed = 0; seed < CHANGES; seed++) {
      const [sample, bytes] = made(seed);
      if (Buffer.compare(bytes, sample.bytes) !== 0) changed++;
      const chosen = await formatOf(sample, bytes);
      if (chosen === (await formatOf(sample, sample.bytes))) same++;
    }
    expect(changed).toBeGreaterThan(CHANGES * 0.7);
    expect(same).toBeGreaterThan(CHANGES * 0.6);
  });
});

async function formatOf(sample: Sample, bytes: Uint8Array): Promise<string | undefined> {
  return (await chooseFormat(sourceOf(sample, bytes), undefined).catch(() => undefined))?.name;
}
