/** The plan that a frozen file holds for hosts that make none: to the bits of the graph beside it. */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { DECIDER_KEY, FROZEN_KEY, type FrozenGraph } from '../../lib/formats/safetensors/frozen.ts';
import { freeze } from '../../lib/freeze.ts';
import { load } from '../../lib/load.ts';
import type { Model } from '../../lib/model.ts';
import { bitsOf } from '../engine/engine.ts';
import { Random } from '../random-graph.ts';
import { readPlan, runPlan } from './stored-plan.ts';

const fixtures = fileURLToPath(new URL('../fixtures/', import.meta.url));
const files = ['onnx-torch', 'onnx-hand', 'onnx-ml', 'keras', 'sklearn', 'integers'].flatMap((folder) =>
  readdirSync(`${fixtures}${folder}`)
    .filter((name) => /\.(onnx|keras|joblib|pkl)$/.test(name) && !name.includes('beyond'))
    .map((name) => `${fixtures}${folder}/${name}`),
);

function inputsOf(model: Model, value: (dtype: string) => number): Record<string, Float64Array> {
  const entries = model.inputs.map(({ name, shape, dtype }) => {
    const count = 5 * shape.slice(1).reduce<number>((a, b) => a * (b ?? 1), 1);
    return [name, Float64Array.from({ length: count }, () => value(dtype))] as const;
  });
  return Object.fromEntries(entries);
}

/** Inputs that the model takes, and what it makes of them. */
function runModel(model: Model, random: Random) {
  const tries = [(dtype: string) => (dtype.startsWith('float') ? random.normal() : 1), () => 1, () => 0];
  for (const value of tries) {
    const inputs = inputsOf(model, value);
    try {
      return { inputs, outputs: model.run(inputs) };
    } catch (error) {
      expect(error).toMatchObject({ code: 'ID' });
    }
  }
  return undefined;
}

it.each(['auto', 'f64', 'bf16', 'int8'] as const)(
  'runs to the bits that load gives (precision %s)',
  async (precision) => {
    const random = new Random(61);
    let [reduced, compared] = [0, 0];
    for (const path of files) {
      const file = Buffer.concat(await freeze(path, { precision }));
      using model = await load(file);
      // Rows of pairs are compared in test/model/ragged.test.ts.
      if (model.inputs.some(({ ragged }) => ragged)) continue;
      const stored = await readPlan(file);
      const { about, wordsDtype, tensors } = stored;
      expect(wordsDtype, path).toBe('I32');
      expect(
        about.inputs.map(({ name, shape }) => ({ name, shape: [null, ...shape] })),
        path,
      ).toEqual(model.inputs.map(({ name, shape }) => ({ name, shape })));
      expect(
        about.outputs.map(({ name, shape }) => ({ name, shape: [null, ...shape] })),
        path,
      ).toEqual(model.outputs.map(({ name, shape }) => ({ name, shape })));
      expect([about.classes, about.featureNames], path).toEqual([model.classes, model.featureNames]);
      const ran = runModel(model, random);
      if (ran !== undefined) {
        const [wanted, found] = [ran.outputs, runPlan(stored, ran.inputs, ran.outputs)].map((outputs) =>
          Object.entries(outputs).map(([name, values]) => [name, bitsOf(values)]),
        );
        expect(found, path).toEqual(wanted);
        compared++;
      }
      if (about.parameters.some(({ tensor }) => ['BF16', 'I8'].includes(tensors.get(tensor)?.dtype ?? ''))) reduced++;
    }
    expect(compared).toBeGreaterThan(0.9 * files.length);
    expect(reduced > 0).toBe(precision === 'bf16' || precision === 'int8');
  },
  60_000,
);

it('takes the tensors of the graph, and next to no room of its own', async () => {
  const { about, tensors } = await readPlan(Buffer.concat(await freeze('examples/digits/digits.onnx')));
  const own = [...tensors].filter(([name]) => /^plan\.\d/.test(name));
  expect(own.reduce((count, [, { byteLength }]) => count + byteLength, 0)).toBeLessThan(64);
  expect(about.parameters.length).toBeGreaterThan(own.length);
});

it('holds a plan of what decides labels exactly where the outputs do not', async () => {
  let deciders = 0;
  for (const path of files.filter((path) => path.includes('/sklearn/'))) {
    const file = Buffer.concat(await freeze(path));
    const { metadata, about } = await readPlan(file);
    const { decision, targets } = JSON.parse(metadata.get(FROZEN_KEY) as string) as FrozenGraph;
    const decisions = [decision, ...(targets ?? []).map((target) => target.decision)];
    const isDecided = decisions.some((decision) => decision?.scores !== undefined);
    expect(metadata.has(DECIDER_KEY), path).toBe(isDecided);
    if (!isDecided) continue;
    deciders++;
    const decider = await readPlan(file, DECIDER_KEY);
    expect(decider.about.inputs, path).toEqual(about.inputs);
    expect(
      decider.about.outputs.map(({ name }) => name),
      path,
    ).toEqual(about.outputs.map(({ name }) => name));
  }
  expect(deciders).toBeGreaterThan(5);
});
