/** The models of test/platforms/hash.js that only the engine's own tests can make, as the frozen files that it reads. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { writeFrozen } from '../../lib/formats/safetensors/write-frozen.ts';
import { lower } from '../../lib/graph/lower.ts';
import { prepare, withWeights } from '../../lib/load.ts';
import { checkModelOptions } from '../../lib/options.ts';
import { everyBag, everyKernel, everyStatic } from '../engine/every-kernel.ts';
import { isUpdating } from '../updating.ts';

const folder = fileURLToPath(new URL('../fixtures/platforms/', import.meta.url));

// Where the graph or the format has changed on purpose, `npx vitest run test/platforms/models.test.ts -u` writes the files.
test.each([
  ['every-kernel', 'f32', everyKernel],
  ['every-kernel', 'f64', everyKernel],
  ['every-bag', 'f32', everyBag],
  ['every-bag', 'f64', everyBag],
  ['every-static', 'f32', everyStatic],
] as const)('%s in %s is in its file as the tests make it', (name, precision, make) => {
  const made = make();
  const asked = made.precision === precision ? 'auto' : precision;
  const prepared = prepare(made, checkModelOptions({ precision: asked }));
  const graph = withWeights(prepared, asked);
  const program = { ...lower(graph, precision), parameterCount: prepared.parameterCount };
  const file = Buffer.concat(writeFrozen(graph, precision, program));
  const path = `${folder}${name}-${precision}.safetensors`;
  if (isUpdating()) writeFileSync(path, file);
  expect(readFileSync(path).equals(file)).toBe(true);
});
