/**
 * A frozen file of each version of plans, kept for good: later engines give what those of its time gave. `-u` writes
 * those of a new version. None is ever written again.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { engine } from '#engine';
import { PLAN_KEY } from '../../lib/formats/safetensors/frozen.ts';
import { writeFrozen } from '../../lib/formats/safetensors/write-frozen.ts';
import type { Graph } from '../../lib/graph/graph.ts';
import { lower } from '../../lib/graph/lower.ts';
import { OLDEST_PLAN, PLAN_VERSION } from '../../lib/graph/plan-format.ts';
import { load, prepare, withWeights } from '../../lib/load.ts';
import { checkModelOptions } from '../../lib/options.ts';
import { everyBag, everyKernel, everyOther, everyStatic } from '../engine/every-kernel.ts';
import { Random } from '../random-graph.ts';
import { isUpdating } from '../updating.ts';
import { readPlan, runPlan } from './stored-plan.ts';

const folder = fileURLToPath(new URL('../fixtures/released-plans/', import.meta.url));
const ROWS = 3;

/** An input's elements; of ragged rows their offsets, ids and weights. */
type Given =
  | { readonly elements: number[] }
  | { readonly offsets: number[]; readonly ids: number[]; readonly weights: number[] };

/** What stands beside a file. Outputs are in hashes of their bytes, NaN of any kind as one. */
interface Expected {
  readonly rows: number;
  readonly inputs: Readonly<Record<string, Given>>;
  readonly outputs: Readonly<Record<string, string>>;
}

const BOTH = ['f32', 'f64'] as const;

type Precisions = readonly ('f32' | 'f64')[];

const FILES: readonly (readonly [version: number, name: string, make: () => Graph, precisions?: Precisions])[] = [
  [3, 'kernels', () => everyKernel(3)],
  [3, 'others', everyOther],
  [4, 'bags', everyBag],
  [5, 'kernels', () => everyKernel(5)],
  [6, 'static', everyStatic, ['f32']],
];

const cases = FILES.flatMap(([version, name, make, precisions = BOTH]) =>
  precisions.map((precision) => ({ version, precision, make, file: `${version}-${name}-${precision}` })),
);

test('every version has a file', () => {
  const versions = Array.from({ length: PLAN_VERSION - OLDEST_PLAN + 1 }, (_, at) => OLDEST_PLAN + at);
  expect([...new Set(FILES.map(([version]) => version))]).toEqual(versions);
});

test.each(cases)('$file gives what it gave', async ({ version, precision, make, file }) => {
  const path = `${folder}${file}`;
  if (isUpdating() && !existsSync(`${path}.safetensors`)) await write(path, make(), precision);
  const bytes = readFileSync(`${path}.safetensors`);
  const expected: Expected = JSON.parse(readFileSync(`${path}.json`, 'utf8'));
  const stored = await readPlan(bytes);
  expect([stored.about.version, stored.words[0]]).toEqual([version, version]);
  const inputs = inputsOf(expected.inputs);
  for (const isa of engine.instructionSets()) {
    using model = await load(bytes, { isa });
    const outputs = model.run(inputs as never) as unknown as Record<string, Float32Array | Float64Array>;
    expect(hashesOf(outputs), `the graph on ${isa}`).toEqual(expected.outputs);
    expect(hashesOf(runPlan(stored, inputs as never, outputs, isa)), `the plan on ${isa}`).toEqual(expected.outputs);
  }
});

test('a file of a later version is refused by its version', async () => {
  const file = readFileSync(`${folder}3-others-f32.safetensors`);
  const later = PLAN_VERSION + 1;
  const text = file.toString('latin1').replace('{\\"version\\":3,', `{\\"version\\":${later},`);
  await expect(load(Buffer.from(text, 'latin1'))).rejects.toMatchObject({
    code: 'UNSUPPORTED_VERSION',
    message: expect.stringContaining(
      `${PLAN_KEY}.version: the model was frozen by a later forwardpass, for plans of version ${later}; this one reads versions up to ${PLAN_VERSION}`,
    ),
  });
});

async function write(path: string, graph: Graph, precision: 'f32' | 'f64'): Promise<void> {
  const asked = graph.precision === precision ? 'auto' : precision;
  const prepared = prepare(graph, checkModelOptions({ precision: asked }));
  const simple = withWeights(prepared, asked);
  const program = { ...lower(simple, precision), parameterCount: prepared.parameterCount };
  const file = Buffer.concat(writeFrozen(simple, precision, program));
  using model = await load(file);
  const random = new Random(7);
  const inputs = Object.fromEntries(
    graph.inputs.map(({ name, shape, ragged, dtype }): [string, Given] => {
      if (ragged) {
        const ids = Array.from({ length: 9 }, () => random.below(shape[0]));
        return [name, { offsets: [0, 4, 4, 9], ids, weights: ids.map(() => random.normal()) }];
      }
      const next =
        dtype === 'int64' ? () => [random.below(7), 2 ** 24, 2 ** 24 + 1][random.below(3)] : () => random.normal();
      return [name, { elements: Array.from({ length: ROWS * shape.reduce((a, b) => a * b) }, next) }];
    }),
  );
  const outputs = hashesOf(model.run(inputsOf(inputs) as never) as never);
  const expected: Expected = { rows: ROWS, inputs, outputs };
  writeFileSync(`${path}.safetensors`, file);
  writeFileSync(`${path}.json`, `${JSON.stringify(expected)}\n`);
}

function inputsOf(given: Expected['inputs']) {
  const entries = Object.entries(given).map(([name, input]) => {
    if ('elements' in input) return [name, Float64Array.from(input.elements)];
    const { ids, weights, offsets } = input;
    return [
      name,
      { ids: Int32Array.from(ids), weights: Float32Array.from(weights), offsets: Int32Array.from(offsets) },
    ];
  });
  return Object.fromEntries(entries);
}

function hashesOf(outputs: Readonly<Record<string, Float32Array | Float64Array>>) {
  const entries = Object.entries(outputs).map(([name, data]) => {
    const plain = data.map((value) => (Number.isNaN(value) ? Number.NaN : value));
    return [name, createHash('sha256').update(new Uint8Array(plain.buffer)).digest('hex').slice(0, 16)];
  });
  return Object.fromEntries(entries);
}
