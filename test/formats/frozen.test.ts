import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { FROZEN_KEY } from '../../lib/formats/safetensors/frozen.ts';
import { type FreezableGraph, writeFrozen } from '../../lib/formats/safetensors/write-frozen.ts';
import type { Graph, Node } from '../../lib/graph/graph.ts';
import { load, modelFromGraph, prepare } from '../../lib/load.ts';
import type { Model } from '../../lib/model.ts';
import { checkModelOptions } from '../../lib/options.ts';
import { openQuantizable, type Weights } from '../../lib/quantize.ts';
import { bitsOf, type Floats } from '../engine/engine.ts';
import { failureOf } from '../failure.ts';
import { constant, graphOf, node } from '../graph/graphs.ts';
import { Random } from '../random-graph.ts';
import { fileOf } from './safetensors-file.ts';

const WEIGHTS: readonly Weights[] = ['none', 'bf16', 'int8'];
const FOLDERS = ['onnx-torch', 'onnx-hand'].map((name) =>
  fileURLToPath(new URL(`../fixtures/${name}/`, import.meta.url)),
);
const FILES = FOLDERS.flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.onnx'))
    .map((name) => folder + name),
);

/** Inputs that the model takes, with ids that it knows. */
function runOn(model: Model): Record<string, Float32Array> {
  for (const id of [1, 0]) {
    try {
      const inputs = inputsOf(model, id);
      model.run(inputs);
      return inputs;
    } catch (error) {
      expect(error).toMatchObject({ code: 'ID' });
    }
  }
  return inputsOf(model, 3);
}

function inputsOf(model: Pick<Model, 'inputs'>, id: number): Record<string, Float32Array> {
  const random = new Random(47);
  const entries = model.inputs.map(({ name, shape, dtype }) => {
    const count = 5 * shape.slice(1).reduce<number>((a, b) => a * (b ?? 1), 1);
    return [name, Float32Array.from({ length: count }, () => (dtype.startsWith('float') ? random.normal() : id))];
  });
  return Object.fromEntries(entries);
}

const bits = (outputs: Record<string, Floats>) =>
  Object.fromEntries(Object.entries(outputs).map(([name, values]) => [name, bitsOf(values)]));

describe('a frozen model', () => {
  it.each(WEIGHTS)('opens to the bits of the model that it was made of (weights %s)', async (weights) => {
    let reduced = 0;
    for (const file of FILES) {
      const quantizable = await openQuantizable(file);
      using model = quantizable.model({ weights });
      using opened = await load(Buffer.concat(quantizable.file({ weights })));
      expect([opened.format, opened.precision], file).toEqual(['safetensors', model.precision]);
      expect([opened.inputs, opened.outputs], file).toEqual([model.inputs, model.outputs]);
      const inputs = runOn(model);
      expect(bits(opened.run(inputs)), file).toEqual(bits(model.run(inputs)));
      if (model.precision !== 'f32') reduced++;
    }
    expect(reduced > 0).toBe(weights !== 'none');
  });

  it.each(['in-out', 'out-in'] as const)('keeps int8 weights of every size exactly (%s)', async (layout) => {
    const random = new Random(53);
    const [k, n] = layout === 'in-out' ? [33, 40] : [40, 33];
    for (const scale of [1e-37, 1e-30, 1e-3, 1, 1e5, 1e37]) {
      const weight = random.tensor(layout === 'in-out' ? [k, n] : [n, k], scale);
      weight.data.fill(0, 0, 3);
      const graph = graphOf({ x: [k] }, [node('y', 'dense', ['x', weight], { layout, weights: 'int8' })]);
      using model = modelFromGraph(graph);
      using opened = await load(Buffer.concat(writeFrozen(graph as Graph, 'f32')));
      const x = { x: Float32Array.from({ length: 7 * k }, () => random.normal()) };
      expect(bits(opened.run(x)), `${scale}`).toEqual(bits(model.run(x)));
    }
  });

  it('rounds bf16 weights to nearest even and keeps NaN', async () => {
    const cases = [1.00390625, 1.01171875, 1.005, Number.NaN, Infinity, -0, 3.4e38, 1e-45];
    const data = Float32Array.from({ length: 16 }, (_, at) => cases[at % cases.length]);
    const graph = graphOf({ x: [1] }, [
      node('y', 'dense', ['x', { shape: [1, 16], data }], { layout: 'in-out', weights: 'bf16' }),
    ]);
    using model = modelFromGraph(graph);
    using opened = await load(Buffer.concat(writeFrozen(graph as Graph, 'f32')));
    const x = { x: Float32Array.of(1) };
    expect(bits(opened.run(x))).toEqual(bits(model.run(x)));
  });

  it('keeps what inputs may be and how labels are decided', async () => {
    const categories = new Map<number, readonly (string | null)[]>([
      [0, ['a', 'b', null]],
      [2, []],
    ]);
    const graph = (rest: Partial<Graph>): Graph => ({
      ...graphOf({ x: [3] }, [
        node('checked', 'require_finite', ['x'], { nan: false }),
        node('scores', 'affine', ['checked', constant([2]), constant([1])], {}),
        node('p', 'unary', ['scores'], { fn: 'sigmoid' }),
      ]),
      inputs: [
        { name: 'x', shape: [3], dtype: 'float32', categories, missing: true, nones: new Map([[1, Number.NaN]]) },
      ],
      ...rest,
    });
    const frozen = async (rest: Partial<Graph>) => {
      const prepared = prepare(graph(rest), checkModelOptions({}));
      return load(Buffer.concat(writeFrozen({ ...prepared.simple, ...rest } as FreezableGraph, 'f32')));
    };
    const decision = { rule: 'arg_max', probabilities: true, scores: 'scores' } as const;
    using one = await frozen({ classes: ['r', 'g', 'b'], decision });
    expect(one.inputs[0]).toMatchObject({ categories: { 0: ['a', 'b', null] }, unused: [2] });
    expect(one.predict([['b', 50, 'anything']])).toEqual(['g']);
    expect(one.predict([['b', 500, 0]])).toEqual(['g']);
    expect(one.predict([[null, 1, 0]])).toEqual(['r']);
    expect((await failureOf(() => one.predict([['b', Number.NaN, 0]]))).message).toContain('pass null for None');
    expect((await failureOf(() => one.predict([['b', null, 0]]))).message).toContain(
      'rows[0][1]: holds null; the model only takes',
    );

    const x = { name: 'x', shape: [3], dtype: 'float32', missing: true, present: new Set([2]) } as const;
    const nodes = [node('p', 'unary', ['x'], { fn: 'is_nan' })];
    using shown = await frozen({ inputs: [x], nodes });
    expect(shown.inputs[0].present).toEqual([2]);
    expect(shown.predict([[1, null, 'anything']])).toEqual(Float32Array.of(0, 1, 0));

    const outputs = ['first', 'second'].map((name) => ({ name, value: 'p', dtype: 'float32' as const }));
    const targets = [
      { classes: ['r', 'g', 'b'], decision },
      { classes: [1, 2, 3], decision: { rule: 'arg_max', probabilities: true } as const },
    ];
    using several = await frozen({ outputs, targets });
    expect(several.predict([['b', 500, 0]])).toEqual(['g', 2]);

    using named = await frozen({ outputs, decision: { ...decision, rule: 'each_above', output: 'second' } });
    expect(named.predict([['b', -500, 0]])).toEqual(Float32Array.of(1, 0, 0));
  });

  it('takes a half or a quarter of the bytes', async () => {
    const random = new Random(59);
    const graph = graphOf({ x: [256] }, [node('y', 'dense', ['x', random.tensor([256, 256])], { layout: 'in-out' })]);
    const size = (weights?: 'bf16' | 'int8') => {
      const [dense] = graph.nodes as Node<'dense'>[];
      const nodes = [{ ...dense, attributes: { ...dense.attributes, weights } }];
      return Buffer.concat(writeFrozen({ ...graph, nodes }, 'f32')).length;
    };
    const header = 1000;
    expect(size()).toBeLessThan(256 * 256 * 4 + header);
    expect(size('bf16')).toBeLessThan(256 * 256 * 2 + header);
    expect(size('int8')).toBeLessThan(256 * 256 + 256 * 4 + header);
  });

  it('keeps classes, feature names, the decision, and numbers that JSON does not have', async () => {
    const graph: Graph = {
      ...graphOf({ x: [2] }, [
        node('a', 'dense', ['x', constant([1, 2, 3, 4], [2, 2])], { layout: 'in-out', clamp: [-0, Infinity] }),
        node('b', 'one_hot', ['a'], { depth: 1, on: -0, off: -Infinity, axis: 1, wrap: false }),
        node('c', 'gather', ['b'], { axis: 1, indices: Int32Array.of(0, 0) }),
        node('d', 'reduce', ['c'], { fn: 'max', axes: [1], keepDims: false }),
      ]),
      classes: ['no', 7],
      featureNames: ['age', '__proto__'],
      decision: { rule: 'arg_max', probabilities: true },
    };
    using model = modelFromGraph(graph);
    using opened = await load(Buffer.concat(writeFrozen(graph, 'f32')));
    expect([opened.classes, opened.featureNames]).toEqual([graph.classes, graph.featureNames]);
    const x = Float32Array.of(0, 0, 1, 1);
    expect(bits(opened.run({ x }))).toEqual(bits(model.run({ x })));
    expect(opened.predictProba(Float32Array.of(0, 0))).toHaveLength(2);
  });

  it('stands in a file whose tensors others can read, each once', () => {
    const weight = constant([1, 2, 3, 4], [2, 2]);
    const graph = graphOf({ x: [2] }, [
      node('a', 'dense', ['x', weight], { layout: 'in-out' }),
      node('b', 'dense', ['a', weight], { layout: 'in-out' }),
    ]);
    const file = Buffer.concat(writeFrozen(graph, 'f32'));
    const header = JSON.parse(file.subarray(8, 8 + Number(file.readBigUInt64LE())).toString());
    expect(Object.keys(header)).toEqual(['__metadata__', 'n_a.weight']);
    expect(header['n_a.weight']).toEqual({ dtype: 'F32', shape: [2, 2], data_offsets: [0, 16] });
  });
});

/** A small frozen file, its graph changed. */
function changed(
  change: (graph: Record<string, unknown> & { nodes: Record<string, unknown>[] }) => unknown,
): Uint8Array {
  const graph = graphOf({ x: [2] }, [
    node('y', 'dense', ['x', constant([1, 2, 3, 4], [2, 2])], { layout: 'in-out', weights: 'int8' }),
    node('z', 'gather', ['y'], { axis: 0, indices: Int32Array.of(1) }),
  ]);
  const file = Buffer.concat(writeFrozen(graph, 'f32'));
  const length = Number(file.readBigUInt64LE());
  const header = JSON.parse(file.subarray(8, 8 + length).toString());
  const frozen = JSON.parse(header.__metadata__[FROZEN_KEY]);
  const result = change(frozen);
  header.__metadata__[FROZEN_KEY] = typeof result === 'string' ? result : JSON.stringify(frozen);
  return fileOf(header, file.subarray(8 + length));
}

describe('a frozen model that lies', () => {
  it('opens when nothing is changed', async () => {
    using model = await load(changed(() => undefined));
    expect(model.precision).toBe('int8');
  });

  it.each<[string, Parameters<typeof changed>[0], string, string]>([
    ['no JSON', () => '{', 'MALFORMED', 'metadata forwardpass: is not valid JSON'],
    ['a key twice', () => '{"version":1,"version":1}', 'MALFORMED', "has the key 'version' twice"],
    ['no object', () => '[]', 'MALFORMED', 'metadata forwardpass: expected an object, found an array of 0'],
    [
      'another version',
      (g) => Object.assign(g, { version: 2 }),
      'UNSUPPORTED_VERSION',
      '.version: expected 1, found 2',
    ],
    ['no version', (g) => delete g.version, 'UNSUPPORTED_VERSION', '.version: expected 1, found nothing'],
    ['an unknown field', (g) => Object.assign(g, { extra: 1 }), 'MALFORMED', '.extra: is not known here'],
    ['nodes that are not a list', (g) => Object.assign(g, { nodes: {} }), 'MALFORMED', '.nodes: expected an array'],
    ['a node that is null', (g) => g.nodes.splice(0, 1, null as never), 'MALFORMED', '.nodes[0]: expected an object'],
    [
      'an unknown op',
      (g) => Object.assign(g.nodes[0], { op: 'constructor' }),
      'MALFORMED',
      '.nodes[0].op: expected one of',
    ],
    [
      'a layout that is none',
      (g) => (attributes(g).layout = 1),
      'MALFORMED',
      '.nodes[0].attributes.layout: expected one of',
    ],
    ['weights that are none', (g) => (attributes(g).weights = 4), 'MALFORMED', '.attributes.weights: expected one of'],
    ['a clamp of one', (g) => (attributes(g).clamp = [1]), 'MALFORMED', '.attributes.clamp: expected an array of 2'],
    [
      'a clamp of words',
      (g) => (attributes(g).clamp = ['a', 'b']),
      'MALFORMED',
      '.attributes.clamp[0]: expected a number',
    ],
    [
      'a number misspelt',
      (g) => (attributes(g).clamp = [{ number: 'inf' }, 1]),
      'MALFORMED',
      '.attributes.clamp[0]: expected a number',
    ],
    ['an attribute of its own', (g) => (attributes(g).extra = 1), 'MALFORMED', '.attributes.extra: is not known here'],
    [
      'a position below 0',
      (g) => (attributes(g, 1).indices = [-1]),
      'MALFORMED',
      '.indices[0]: expected an integer of 0',
    ],
    [
      'a position past 2^31',
      (g) => (attributes(g, 1).indices = [2 ** 32]),
      'MALFORMED',
      'the position 4294967296 exceeds',
    ],
    ['a position outside', (g) => (attributes(g, 1).indices = [2]), 'SHAPE', 'node n_z'],
    [
      'an operand of nothing',
      (g) => (operands(g)[1] = {}),
      'MALFORMED',
      '.nodes[0].inputs[1].tensor: expected a string',
    ],
    ['a tensor that is not there', (g) => (operands(g)[1] = { tensor: 'w' }), 'DANGLING', "names the tensor 'w'"],
    [
      'a scale elsewhere',
      (g) => (operands(g)[0] = operands(g)[1]),
      'MALFORMED',
      'only the weight of a dense layer has a scale',
    ],
    [
      'a weight as its scale',
      (g) => (operands(g)[1] = { tensor: 'n_y.weight', scale: 'n_y.weight' }),
      'MALFORMED',
      'expected I8 of two axes',
    ],
    [
      'a scale as its weight',
      (g) => (operands(g)[1] = { tensor: 'n_y.weight.scale', scale: 'n_y.weight.scale' }),
      'MALFORMED',
      'expected I8 of two axes',
    ],
    [
      'a precision that is none',
      (g) => Object.assign(g, { precision: 'int8' }),
      'MALFORMED',
      '.precision: expected one of',
    ],
    [
      'int8 weights in f64',
      (g) => Object.assign(g, { precision: 'f64' }),
      'MALFORMED',
      'a model of f64 has no weights in int8',
    ],
    ...[0, -0.5, 1e-40, 1e39, 0.1, { number: 'NaN' }, { number: 'Infinity' }].map(
      (scale): [string, Parameters<typeof changed>[0], string, string] => [
        `a scale of an input that is ${JSON.stringify(scale)}`,
        (g) => (attributes(g).inputScale = [scale, 0]),
        'MALFORMED',
        'inputScale must be a float32 from 2^-100 to 2^100 and an integer from -128 to 127, but the scale is',
      ],
    ),
    ...[-129, 128, 0.5, { number: 'NaN' }].map((zero): [string, Parameters<typeof changed>[0], string, string] => [
      `a zero of an input that is ${JSON.stringify(zero)}`,
      (g) => (attributes(g).inputScale = [1, zero]),
      'MALFORMED',
      'but the scale is 1 and the zero is',
    ]),
    [
      'a scale of an input without a zero',
      (g) => (attributes(g).inputScale = [1]),
      'MALFORMED',
      '.attributes.inputScale: expected an array of 2',
    ],
    [
      'a scale of the input of a layer that is not int8',
      (g) => Object.assign(attributes(g), { weights: 'bf16', inputScale: [1, 0] }),
      'MALFORMED',
      'only a layer of int8 weights has a scale of its input',
    ],
    [
      'a dtype that is none',
      (g) => Object.assign((g.inputs as object[])[0], { dtype: 'f32' }),
      'MALFORMED',
      '.inputs[0].dtype: expected one of',
    ],
    [
      'a shape of halves',
      (g) => Object.assign((g.inputs as object[])[0], { shape: [0.5] }),
      'MALFORMED',
      '.inputs[0].shape[0]: expected an integer',
    ],
    [
      'labels of another kind',
      (g) => Object.assign(g, { classes: [true, null] }),
      'MALFORMED',
      '.classes[0]: expected a string or a number',
    ],
    ['too many labels', (g) => Object.assign(g, { classes: ['a', 'b', 'c'] }), 'SHAPE', 'classes'],
    [
      'a decision of its own',
      (g) => Object.assign(g, { decision: { rule: 'guess' } }),
      'MALFORMED',
      '.decision.rule: expected one of',
    ],
  ])('is refused: %s', async (_, change, code, message) => {
    const error = await failureOf(() => load(changed(change)));
    expect([error.code, error.message]).toEqual([code, expect.stringContaining(message)]);
  });

  it('is refused when it has more nodes than the limit allows', async () => {
    const error = await failureOf(() =>
      load(
        changed(() => undefined),
        { limits: { nodes: 1 } },
      ),
    );
    expect(error.code).toBe('LIMIT');
  });

  it.each([-1, Number.NaN, Infinity])('is refused when weights have the scale %d', async (scale) => {
    const bytes = Buffer.from(changed(() => undefined));
    const length = Number(bytes.readBigUInt64LE());
    const header = JSON.parse(bytes.toString('utf8', 8, 8 + length));
    bytes.writeFloatLE(scale, 8 + length + header['n_y.weight.scale'].data_offsets[0]);
    const error = await failureOf(() => load(bytes));
    const message = `expected scales that are finite and not negative, found ${scale}`;
    expect([error.code, error.message]).toEqual(['MALFORMED', expect.stringContaining(message)]);
  });

  it('takes no description of its network', async () => {
    const error = await failureOf(() =>
      load(
        changed(() => undefined),
        { activation: 'relu' },
      ),
    );
    expect([error.code, error.message]).toEqual([
      'OPTION',
      expect.stringContaining('activation: only applies to files'),
    ]);
  });
});

function attributes(graph: { nodes: Record<string, unknown>[] }, at = 0): Record<string, unknown> {
  return graph.nodes[at].attributes as Record<string, unknown>;
}

function operands(graph: { nodes: Record<string, unknown>[] }): unknown[] {
  return graph.nodes[0].inputs as unknown[];
}
