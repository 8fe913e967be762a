/** Work that is really shared out, by rows and by columns of wide layers: the bits are those of one thread. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Graph } from '../../lib/graph/graph.ts';
import { type ModelOptions, modelFromGraph } from '../../lib/load.ts';
import type { Model } from '../../lib/model.ts';
import { failureOf } from '../failure.ts';
import { graphOf, node } from '../graph/graphs.ts';
import { Random, randomGraph, randomInputs } from '../random-graph.ts';
import { arrayOf, bitsOf, type Floats, ISAS, type Named } from './engine.ts';

/** What the engine takes for worth a thread, in multiply-adds; half of it for a layer. */
const WORTH = 8 << 20;
const THREADS = [2, 3];

/** A digest of the bits of each output. */
function bits(results: Named): Record<string, string> {
  const digest = (values: Floats) => createHash('sha256').update(bitsOf(values)).digest('hex');
  return Object.fromEntries(Object.entries(results).map(([name, values]) => [name, digest(values)]));
}

/** What each way of calling gives, of which one uses the threads after the other. */
async function answers(model: Model, inputs: Named, rows: number): Promise<Record<string, string>[]> {
  const bound = model.bind({ batch: rows });
  for (const [name, values] of Object.entries(inputs)) (bound.inputs as Named)[name].set(values);
  bound.run();
  const overlapping = model.runAsync(inputs);
  const all = [model.run(inputs), await overlapping, bound.outputs];
  return all.map((results) => bits(results as Named));
}

/** A random graph beside layers that make a row worth sharing out. */
function largeGraph(seed: number): Graph {
  const graph = randomGraph(seed, 16);
  const random = new Random(1000 + seed);
  const [{ shape }] = graph.inputs;
  const nodes = [
    node('large_a', 'dense', ['x', random.tensor([shape[0], 601], 0.1)], { layout: 'in-out' }),
    node('large_b', 'unary', ['large_a'], { fn: random.pick(['gelu', 'tanh', 'erf', 'sigmoid']) }),
    node('large_c', 'dense', ['large_b', random.tensor([7, 601], 0.1)], { layout: 'out-in', clamp: [0, Infinity] }),
    node('large_d', 'softmax', ['large_c'], { fn: 'softmax', axis: 0 }),
  ];
  const outputs = [...graph.outputs, { name: 'large', value: 'large_d', dtype: 'float32' as const }];
  return { ...graph, nodes: [...nodes, ...graph.nodes], outputs };
}

describe.each(['f32', 'f64'] as const)('rows of random graphs in %s', (precision) => {
  it('are shared out without another bit', { timeout: 120_000 }, async () => {
    for (let seed = 1; seed <= 5; seed++) {
      const graph = largeGraph(seed);
      const rows = Math.ceil((3.1 * WORTH) / (601 * (graph.inputs[0].shape[0] + 7))) + seed;
      const inputs = Object.fromEntries(
        Object.entries(randomInputs(graph, seed, rows)).map(([name, values]) => [
          name,
          arrayOf(precision).from(values),
        ]),
      );
      using one = modelFromGraph(graph, { precision });
      const wanted = bits(one.run(inputs) as Named);
      for (const threads of THREADS) {
        using several = modelFromGraph(graph, { precision, threads });
        for (const found of await answers(several, inputs, rows)) {
          expect(found, `seed ${seed}, ${threads} threads`).toEqual(wanted);
        }
      }
    }
  });
});

/** Layers wide enough to be split by columns, stored both ways, and a narrow one, which is not. */
function wideGraph(width: number): Graph {
  const random = new Random(41);
  const layer = (inputs: number, outputs: number) => random.tensor([inputs, outputs], 0.05);
  return graphOf(
    { x: [521] },
    [
      node('a', 'dense', ['x', layer(521, width), random.tensor([width])], { layout: 'in-out' }),
      node('b', 'unary', ['a'], { fn: 'gelu' }),
      node('c', 'dense', ['b', layer(517, width)], { layout: 'out-in', clamp: [0, Infinity] }),
      node('d', 'dense', ['c', layer(517, 3)], { layout: 'in-out' }),
    ],
    ['c', 'd'],
  );
}

async function compareColumns(graph: Graph, options: ModelOptions, batches: readonly number[]): Promise<void> {
  using one = modelFromGraph(graph, options);
  using two = modelFromGraph(graph, { ...options, threads: 2 });
  using three = modelFromGraph(graph, { ...options, threads: 3 });
  const type = options.precision === 'f64' ? 'f64' : 'f32';
  for (const rows of batches) {
    const inputs = { x: arrayOf(type).from(new Random(rows).values(rows * 521)) };
    const wanted = bits(one.run(inputs) as Named);
    for (const several of [three, two]) {
      for (const found of await answers(several, inputs, rows)) expect(found, `${rows} rows`).toEqual(wanted);
    }
  }
}

describe.each(['f32', 'f64', 'bf16', 'int8'] as const)('columns of wide layers in %s', (precision) => {
  const graph = wideGraph(1031);

  // Two threads take columns of up to 31 rows, three of up to 47.
  it.each(ISAS)('are shared out without another bit on %s', { timeout: 120_000 }, async (isa) => {
    await compareColumns(graph, { precision, isa }, isa === ISAS[0] ? [17, 31, 47] : [17]);
  });
});

it('columns of very wide layers are shared out for two rows', { timeout: 120_000 }, async () => {
  await compareColumns(wideGraph(8209), { precision: 'f32' }, [2, 3]);
});

it('a run that fails on several threads says what one thread says', async () => {
  const random = new Random(47);
  const graph = graphOf({ x: [64] }, [
    node('finite', 'require_finite', ['x'], { nan: false }),
    node('y', 'dense', ['finite', random.tensor([64, 512])], { layout: 'in-out' }),
  ]);
  const rows = Math.ceil((4 * WORTH) / (64 * 512));
  using one = modelFromGraph(graph);
  using two = modelFromGraph(graph, { threads: 2 });
  using three = modelFromGraph(graph, { threads: 3 });
  for (let round = 0; round < 10; round++) {
    const x = new Float32Array(rows * 64).fill(1);
    for (let i = 0; i < 5; i++) x[random.below(x.length)] = Number.NaN;
    const { code, message } = await failureOf(() => one.run(x));
    for (const several of [two, three]) {
      expect(await failureOf(() => several.run(x))).toMatchObject({ code, message });
      expect(await failureOf(() => several.runAsync(x))).toMatchObject({ code, message });
    }
  }
});
