/** State dicts that torch wrote; test/fixtures/make/make_safetensors.py says how. */
import { describe, expect, it } from 'vitest';
import { load } from '../../lib/load.ts';
import { expectClose, fixturesIn, mapValues, toInput } from './expectations.ts';

const folder = new URL('../fixtures/safetensors/', import.meta.url);

describe('every state dict', () => {
  for (const fixture of fixturesIn(folder)) {
    it(`gives ${fixture.name} the outputs that torch gives it`, async () => {
      const model = await load(new URL(`${fixture.name}.safetensors`, folder), fixture.options);
      expect(model.precision).toBe(fixture.name === 'float64' ? 'f64' : 'f32');
      for (const { inputs, outputs } of fixture.cases) {
        const arrays = mapValues(inputs, toInput);
        const names = Object.keys(arrays);
        // The file names no input; one is reached without a name, more by those that the architecture gives.
        const result = names.length === 1 ? model.run(arrays[names[0]]) : Object.values(model.run(arrays))[0];
        expectClose(result, outputs.output, 'output');
      }
      model.dispose();
    });
  }
});
