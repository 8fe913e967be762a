import { describe, expect, it } from 'vitest';
import type { Architecture, Layer } from '../../lib/graph/architecture.ts';
import { buildGraph } from '../../lib/graph/define/build.ts';
import { DEFAULT_LIMITS } from '../../lib/graph/limits.ts';
import { validate } from '../../lib/graph/validate.ts';
import { failureOf } from '../failure.ts';
import { reference } from '../reference.ts';

const build = (architecture: unknown) => buildGraph(architecture as Architecture, { format: 'define' });

/** The first output for one row. */
function run(architecture: Architecture, ...row: number[]): number[] {
  const graph = build(architecture);
  validate(graph, DEFAULT_LIMITS);
  return [...Object.values(reference(graph, { [graph.inputs[0].name]: row }, 1))[0]];
}

/** The result of one layer on a row of the shape. */
const apply = (layer: Layer, shape: readonly number[], ...row: number[]) =>
  run({ inputs: [{ name: 'x', shape }], layers: [layer] }, ...row);

describe('a dense layer', () => {
  const row = [1, 10];
  const result = [21, 43, 65];
  it.each<[title: string, layer: Layer]>([
    [
      'nested [out, in]',
      {
        weight: [
          [1, 2],
          [3, 4],
          [5, 6],
        ],
      },
    ],
    [
      'nested [in, out] as a kernel',
      {
        kernel: [
          [1, 3, 5],
          [2, 4, 6],
        ],
      },
    ],
    ['flat, with a bias', { weight: [1, 2, 3, 4, 5, 6], bias: [0, 0, 0] }],
    ['flat, with units', { weight: Float64Array.of(1, 2, 3, 4, 5, 6), units: 3 }],
    ['flat, a kernel', { kernel: Float32Array.of(1, 3, 5, 2, 4, 6), units: 3 }],
    ['with its shape', { weight: { shape: [3, 2], data: [1, 2, 3, 4, 5, 6] } }],
    ['integers', { weight: Int8Array.of(1, 2, 3, 4, 5, 6), units: 3 }],
  ])('takes a weight %s', (_, layer) => {
    expect(run({ layers: [layer] }, ...row)).toEqual(result);
  });

  it('takes lone numbers: y = m·x + c', () => {
    expect(run({ layers: [{ weight: 2, bias: 1 }] }, 3)).toEqual([7]);
  });

  it('infers a flat weight from the layer before', () => {
    const layers: Layer[] = [{ weight: [[1, 1]] }, { weight: [2, 3] }];
    expect(run({ layers }, 1, 2)).toEqual([6, 9]);
  });

  it('takes one bias as the only row of a matrix, and one number for all', () => {
    const weight = [
      [1, 0],
      [0, 1],
    ];
    expect(run({ layers: [{ weight, bias: [[5, 6]] }] }, 1, 2)).toEqual([6, 8]);
    expect(run({ layers: [{ weight, bias: 5 }] }, 1, 2)).toEqual([6, 7]);
  });

  it('acts on the last of several axes', () => {
    expect(apply({ weight: [[1, 2]] }, [2, 2], 1, 10, 100, 1000)).toEqual([21, 2100]);
  });
});

describe('every other layer', () => {
  it.each<[layer: Layer, shape: number[], row: number[], result: number[]]>([
    [{ type: 'activation', activation: 'relu' }, [3], [-1, 0, 2], [0, 0, 2]],
    [{ type: 'activation', activation: 'linear' }, [2], [-1, 2], [-1, 2]],
    [{ type: 'affine', scale: [1, 2], shift: 10 }, [2], [3, 4], [13, 18]],
    [{ type: 'affine', shift: [1, 2], activation: 'neg' }, [2], [3, 4], [-4, -6]],
    [{ type: 'batch_norm', mean: [1, 2], variance: [4, 9], epsilon: 0 }, [2], [5, 8], [2, 2]],
    [{ type: 'batch_norm', mean: [1], variance: [4], gamma: [3], beta: [0.5], epsilon: 5 }, [1], [3], [2.5]],
    [{ type: 'layer_norm', epsilon: 1 }, [2], [0, 2 * Math.sqrt(3)], [-Math.sqrt(3) / 2, Math.sqrt(3) / 2]],
    [{ type: 'layer_norm', bias: [5, 6], epsilon: 0 }, [2], [1, 3], [4, 7]],
    [
      {
        type: 'layer_norm',
        weight: [
          [1, 1],
          [2, 2],
        ],
        epsilon: 0,
      },
      [2, 2],
      [1, 1, 3, 3],
      [-1, -1, 2, 2],
    ],
    [{ type: 'rms_norm', weight: [1, 2], epsilon: 0 }, [2], [7, -1], [7 / 5, -2 / 5]],
    [{ type: 'normalize' }, [2], [3, 4], [0.6, 0.8]],
    [{ type: 'normalize' }, [2], [0, 0], [0, 0]],
    [{ type: 'normalize', norm: 'l1', axis: 0 }, [2, 2], [1, 3, 3, 1], [0.25, 0.75, 0.75, 0.25]],
    [{ type: 'normalize', norm: 'max', epsilon: 8 }, [2], [4, 2], [0.5, 0.25]],
    [{ type: 'softmax' }, [2], [0, Math.log(3)], [0.25, 0.75]],
    [{ type: 'log_softmax', axis: -2 }, [2, 1], [0, 0], [-Math.LN2, -Math.LN2]],
    [{ type: 'activation', activation: 'softmin' }, [2], [0, -Math.log(3)], [0.25, 0.75]],
    [{ type: 'sparsemax' }, [3], [2, 1.5, 0], [0.75, 0.25, 0]],
    [{ type: 'sparsemax', axis: 0 }, [2, 2], [0, 5, 0, 1], [0.5, 1, 0.5, 0]],
    [{ type: 'activation', activation: 'hardmax' }, [3], [1, 3, 3], [0, 1, 0]],
    [{ type: 'activation', activation: { name: 'hardmax', axis: 0 } }, [2, 2], [1, 3, 2, 1], [0, 1, 1, 0]],
    [{ type: 'activation', activation: 'glu' }, [4], [1, 2, 0, -Math.log(3)], [0.5, 0.5]],
    [{ type: 'activation', activation: { name: 'glu', axis: 0 } }, [2, 2], [1, 2, 0, -Math.log(3)], [0.5, 0.5]],
    [{ type: 'activation', activation: { name: 'relu', alpha: 2, threshold: 1 } }, [3], [0.5, 1, 3], [-1, 0, 3]],
    [
      {
        type: 'embedding',
        weight: [
          [1, 2],
          [3, 4],
        ],
      },
      [2],
      [1, 0],
      [3, 4, 1, 2],
    ],
    [{ type: 'one_hot', depth: 3 }, [], [2], [0, 0, 1]],
    [{ type: 'one_hot', depth: 2, on: 5, off: -5 }, [2], [1, 0], [-5, 5, 5, -5]],
    [{ type: 'concat', inputs: ['x', 'x'] }, [2], [1, 2], [1, 2, 1, 2]],
    [{ type: 'concat', inputs: ['x', 'x'], axis: -1 }, [2, 1], [1, 2], [1, 1, 2, 2]],
    [{ type: 'mul', value: 3 }, [2], [1, 2], [3, 6]],
    [{ type: 'sub', inputs: ['x', 'x'] }, [2], [1, 2], [0, 0]],
    [{ type: 'add', value: [[1], [2]] }, [2], [10, 20], [11, 21, 12, 22]],
    [{ type: 'columns', columns: [2, 0, -1] }, [3], [1, 2, 3], [3, 1, 3]],
    [{ type: 'columns', columns: Int32Array.of(1), axis: 0 }, [2, 2], [1, 2, 3, 4], [3, 4]],
    [{ type: 'slice', start: 1 }, [4], [1, 2, 3, 4], [2, 3, 4]],
    [{ type: 'slice', start: -3, end: -1 }, [4], [1, 2, 3, 4], [2, 3]],
    [{ type: 'slice', step: -1 }, [3], [1, 2, 3], [3, 2, 1]],
    [{ type: 'slice', end: 100, step: 2 }, [3], [1, 2, 3], [1, 3]],
    [{ type: 'flatten' }, [2, 1], [1, 2], [1, 2]],
    [{ type: 'reshape', shape: [2, -1] }, [4], [1, 2, 3, 4], [1, 2, 3, 4]],
    [{ type: 'reduce', reduce: 'sum' }, [2, 2], [1, 2, 3, 4], [3, 7]],
    [{ type: 'reduce', reduce: 'max', axes: [0, 1], keepDims: true }, [2, 2], [1, 2, 3, 4], [4]],
    [{ type: 'dropout', rate: 0.5 }, [2], [1, 2], [1, 2]],
    [{ type: 'identity' }, [2], [1, 2], [1, 2]],
  ])('%j', (layer, shape, row, result) => {
    const found = apply(layer, shape, ...row);
    expect(found).toHaveLength(result.length);
    for (const [i, value] of result.entries()) expect(found[i]).toBeCloseTo(value, 12);
  });

  it('keeps the shapes that layers make', () => {
    const layers: Layer[] = [
      { type: 'reshape', shape: [2, -1] },
      { type: 'reduce', reduce: 'sum', axes: 0, keepDims: true },
      { type: 'flatten' },
      { weight: [[1, 10]] },
    ];
    expect(run({ inputs: [{ name: 'x', shape: 4 }], layers }, 1, 2, 3, 4)).toEqual([64]);
  });

  it.each<[layer: Layer, width: number]>([
    [{ type: 'affine', scale: [1, 2, 3] }, 3],
    [{ type: 'batch_norm', mean: [1, 2], variance: [1, 1] }, 2],
    [{ type: 'layer_norm', gamma: [1, 1, 1, 1] }, 4],
    [{ type: 'rms_norm', weight: [1, 1] }, 2],
    [{ kernel: [[1], [2], [3]] }, 3],
  ])('tells the width of the model’s input when it is the first: %j', (layer, width) => {
    expect(build({ layers: [layer] }).inputs).toEqual([{ name: 'input', shape: [width], dtype: 'float64' }]);
  });
});

describe('branches', () => {
  const architecture: Architecture = {
    inputs: [
      { name: 'user', shape: [2], dtype: 'float64' },
      { name: 'item', shape: [], dtype: 'int64' },
    ],
    layers: [
      { name: 'tower', inputs: 'user', weight: [[1, 2]], activation: 'relu' },
      { name: 'look', inputs: 'item', type: 'embedding', weight: [[5], [7]] },
      { name: 'both', type: 'concat', inputs: ['tower', 'look'] },
      { name: 'score', weight: [[1, 10]] },
    ],
  };

  it('join by name', () => {
    const graph = build(architecture);
    expect(reference(graph, { user: [1, 1], item: [1] }, 1)).toEqual({ score: Float64Array.of(73) });
    expect(graph.outputs).toEqual([{ name: 'score', value: 'score', dtype: 'float64' }]);
    expect(graph.inputs.map(({ dtype }) => dtype)).toEqual(['float64', 'int64']);
  });

  it('may end in several outputs', () => {
    const graph = build({ ...architecture, outputs: ['tower', 'score', 'user'] });
    const results = reference(graph, { user: [-1, -1], item: [0] }, 1);
    expect(results).toEqual({ tower: Float64Array.of(0), score: Float64Array.of(50), user: Float64Array.of(-1, -1) });
  });

  it('may be residual', () => {
    const layers: Layer[] = [
      { name: 'a', weight: [[2]] },
      { type: 'add', inputs: ['a', 'input'] },
    ];
    expect(run({ layers }, 5)).toEqual([15]);
  });
});

describe('precision', () => {
  const w32 = Float32Array.of(1);
  it.each<[layers: Layer[], precision: string]>([
    [[{ weight: [[1]] }], 'f64'],
    [[{ weight: Float64Array.of(1) }], 'f64'],
    [[{ weight: Int8Array.of(1) }], 'f64'],
    [[{ weight: w32 }], 'f32'],
    [
      [
        { weight: w32, bias: 0.5 },
        { type: 'mul', value: 2 },
      ],
      'f32',
    ],
    [[{ weight: w32 }, { weight: [[1]] }], 'f64'],
    [[{ weight: 2 }], 'f64'],
  ])('of %j is %s', (layers, precision) => {
    const graph = build({ layers });
    const dtype = precision === 'f64' ? 'float64' : 'float32';
    expect(graph.precision).toBe(precision);
    expect([graph.inputs[0].dtype, graph.outputs[0].dtype]).toEqual([dtype, dtype]);
  });

  it('without parameters is that of the inputs', () => {
    const layers: Layer[] = [{ type: 'activation', activation: 'relu' }];
    expect(build({ inputs: [{ name: 'x', shape: 2, dtype: 'float32' }], layers }).precision).toBe('f32');
    expect(build({ inputs: [{ name: 'x', shape: 2 }], layers }).precision).toBe('f64');
  });
});

describe('labels', () => {
  const weight = [
    [1, 0],
    [0, 1],
  ];
  it.each<[architecture: Architecture, decision: object | undefined]>([
    [{ layers: [{ weight }] }, undefined],
    [{ layers: [{ weight, activation: 'softmax' }] }, { rule: 'arg_max', probabilities: true }],
    [
      { layers: [{ weight }], classes: ['a', 'b'] },
      { rule: 'arg_max', probabilities: false },
    ],
    [
      { layers: [{ weight, activation: 'log_softmax' }], classes: [0, 1] },
      { rule: 'arg_max', probabilities: false },
    ],
    [{ layers: [{ weight: 2, activation: 'sigmoid' }] }, { rule: 'above', threshold: 0.5, probabilities: true }],
    [
      { layers: [{ weight: 2 }], classes: ['no', 'yes'] },
      { rule: 'above', threshold: 0, probabilities: false },
    ],
    [{ layers: [{ weight, activation: 'sparsemax' }] }, { rule: 'arg_max', probabilities: true }],
    [{ layers: [{ weight: 2, activation: 'softmax' }] }, undefined],
  ])('of %j are decided by %j', (architecture, decision) => {
    expect(build(architecture).decision).toEqual(decision);
  });

  it('are kept, with the names of features', () => {
    const graph = build({ layers: [{ weight }], classes: ['a', 'b'], featureNames: ['age', 'income'] });
    expect([graph.classes, graph.featureNames]).toEqual([
      ['a', 'b'],
      ['age', 'income'],
    ]);
  });
});

describe('what does not fit', () => {
  const ok = { weight: [[1, 2]] };
  const x = [{ name: 'x', shape: [2] }];
  const cases: [architecture: unknown, code: string, message: string][] = [
    [null, 'ARCHITECTURE', "expected an object with 'layers', found null"],
    [{}, 'ARCHITECTURE', 'layers: expected an array of one or more layers, found nothing'],
    [{ layers: [] }, 'ARCHITECTURE', 'layers: expected an array of one or more layers, found an array of 0'],
    [{ layers: [null] }, 'ARCHITECTURE', 'layers[0]: expected a layer, found null'],
    [
      { layers: [ok], clases: [] },
      'ARCHITECTURE',
      "architecture: an architecture has no 'clases'; did you mean 'classes'?",
    ],
    [
      { layers: [{ ...ok, activaton: 'relu' }] },
      'ARCHITECTURE',
      "layers[0]: a dense layer has no 'activaton'; did you mean 'activation'?",
    ],
    [
      { layers: [{ type: 'densee' }] },
      'ARCHITECTURE',
      "layers[0].type: expected a layer type, found the string 'densee'; did you mean 'dense'?",
    ],
    [
      { layers: [{ type: 5 }] },
      'ARCHITECTURE',
      'layers[0].type: expected a layer type, found the number 5; expected one of ',
    ],
    [{ layers: [{}] }, 'ARCHITECTURE', "layers[0]: needs a 'weight' [out, in] or a 'kernel' [in, out]"],
    [
      { layers: [{ weight: [[1]], kernel: [[1]] }] },
      'ARCHITECTURE',
      "layers[0]: expected either 'weight' or 'kernel', found both",
    ],
    [
      { layers: [{ weight: true }] },
      'ARCHITECTURE',
      'layers[0].weight: expected numbers (nested arrays, a typed array, { shape, data }) or the name of a tensor, found true',
    ],
    [{ layers: [{ weight: BigInt64Array.of(1n) }] }, 'ARCHITECTURE', 'found a BigInt64Array of 1'],
    [
      { layers: [{ weight: 'fc.weight' }] },
      'ARCHITECTURE',
      "layers[0].weight: 'fc.weight' names a tensor of a file, but define() reads no file",
    ],
    [
      { layers: [{ weight: [[1, 'a']] }] },
      'ARCHITECTURE',
      "layers[0].weight[0][1]: expected a number, found the string 'a'",
    ],
    [
      { layers: [{ weight: [[1, 2], [3]] }] },
      'SHAPE',
      'layers[0].weight[1]: expected an array of 2, like the first one, found an array of 1',
    ],
    [{ layers: [{ weight: [[[1]]] }] }, 'SHAPE', 'layers[0].weight: expected two axes, found the shape [1, 1, 1]'],
    [
      { layers: [{ weight: { shape: [2, 2], data: [1, 2, 3] } }] },
      'SHAPE',
      'layers[0].weight: the shape [2, 2] takes 4 values, found 3',
    ],
    [{ layers: [{ weight: { shape: [-1], data: [] } }] }, 'SHAPE', 'layers[0].weight.shape: expected integers'],
    [
      { layers: [{ weight: { shape: [1], data: 'a' } }] },
      'ARCHITECTURE',
      "layers[0].weight.data: expected a flat array of numbers, found the string 'a'",
    ],
    [
      { layers: [{ weight: [1, 2, 3] }] },
      'SHAPE',
      "layers[0].weight: a flat array of 3 does not determine its shape; add a bias, 'units' or { shape, data }",
    ],
    [
      { layers: [{ weight: [1, 2, 3], units: 2 }] },
      'SHAPE',
      'layers[0].weight: expected a multiple of 2 values, one row per output, found 3',
    ],
    [{ layers: [{ ...ok, units: 3 }] }, 'SHAPE', 'layers[0].units: expected 1, as the weight has it, found 3'],
    [{ layers: [{ ...ok, units: 1.5 }] }, 'ARCHITECTURE', 'layers[0].units: expected an integer, found the number 1.5'],
    [{ layers: [{ ...ok, bias: [1, 2] }] }, 'SHAPE', 'layers[0].bias: expected 1 values, found 2'],
    [
      { layers: [ok, { weight: [[1, 2, 3]] }] },
      'SHAPE',
      'layers[1].weight: expected [out, 1], for a row of 1, found [1, 3]',
    ],
    [
      { layers: [ok, { weight: [1, 2, 3], units: 1 }] },
      'SHAPE',
      'layers[1].weight: expected [out, 1], for a row of 1, found [1, 3]',
    ],
    [
      { inputs: x, layers: [{ weight: [1, 2, 3] }] },
      'SHAPE',
      'layers[0].weight: expected a multiple of 2 values, for a row of 2, found 3',
    ],
    [
      { inputs: x, layers: [{ weight: [[1], [2]] }] },
      'SHAPE',
      "found [2, 1]; a weight that is [in, out] goes in 'kernel'",
    ],
    [{ inputs: x, layers: [{ kernel: [[1, 2]] }] }, 'SHAPE', "found [1, 2]; one that is [out, in] goes in 'weight'"],
    [
      { inputs: [{ name: 'x', shape: [] }], layers: [ok] },
      'SHAPE',
      'layers[0]: expected a row of one or more axes, found one number per row',
    ],
    [{ layers: [{ ...ok, activation: 'rellu' }] }, 'OPTION', "layers[0].activation: 'rellu' is not a known activation"],
    [
      { layers: [{ ...ok, activation: { name: 'softmax', axis: 1 } }] },
      'SHAPE',
      'layers[0].activation: expected an axis of a row of shape [1], found 1',
    ],
    [
      { layers: [{ ...ok, activation: 'glu' }] },
      'SHAPE',
      'layers[0].activation: glu halves axis 0; expected an even size, found [1]',
    ],
    [
      { layers: [{ type: 'activation' }] },
      'ARCHITECTURE',
      "layers[0]: the first layer does not determine the model's inputs",
    ],
    [{ layers: [ok, { type: 'activation' }] }, 'ARCHITECTURE', "layers[1]: needs an 'activation'"],
    [
      { layers: [{ ...ok, name: 'input' }] },
      'DUPLICATE',
      "layers[0]: 'input' is already the name of another input or layer",
    ],
    [{ layers: [{ ...ok, name: '' }] }, 'ARCHITECTURE', "layers[0].name: expected a name, found the string ''"],
    [{ inputs: [...x, ...x], layers: [ok] }, 'DUPLICATE', "inputs: 'x' is already the name"],
    [
      { inputs: x, layers: [{ ...ok, inputs: 'y' }] },
      'DANGLING',
      "layers[0].inputs: expected the name of an input or of a layer above, found the string 'y'; did you mean 'x'?",
    ],
    [{ inputs: x, layers: [{ ...ok, inputs: 7 }] }, 'DANGLING', 'found the number 7'],
    [
      { inputs: x, layers: [{ ...ok, inputs: ['x', 'x'] }] },
      'ARCHITECTURE',
      'layers[0].inputs: expected 1 inputs, found 2',
    ],
    [
      { inputs: [...x, { name: 'z', shape: 2 }], layers: [ok] },
      'ARCHITECTURE',
      'layers[0].inputs: the model has several inputs; name the one',
    ],
    [
      { inputs: [...x, { name: 'z', shape: 2 }], layers: [{ ...ok, inputs: 'x' }] },
      'ARCHITECTURE',
      'z: nothing uses it',
    ],
    [
      {
        layers: [
          { ...ok, name: 'a' },
          { ...ok, inputs: 'input' },
        ],
      },
      'ARCHITECTURE',
      'a: nothing uses it',
    ],
    [{ layers: [ok], outputs: 'score' }, 'DANGLING', 'outputs[0]: expected the name'],
    [{ layers: [ok], outputs: [] }, 'ARCHITECTURE', 'outputs: expected one or more names, found none'],
    [
      { inputs: [], layers: [ok] },
      'ARCHITECTURE',
      'inputs: expected an array of one or more inputs, found an array of 0',
    ],
    [{ inputs: ['x'], layers: [ok] }, 'ARCHITECTURE', "inputs[0]: expected { name, shape }, found the string 'x'"],
    [{ inputs: [{ shape: [2] }], layers: [ok] }, 'ARCHITECTURE', 'inputs[0].name: expected a name, found nothing'],
    [
      { inputs: [{ name: 'x' }], layers: [ok] },
      'ARCHITECTURE',
      'inputs[0].shape: expected the shape of one row, such as [14], found nothing',
    ],
    [
      { inputs: [{ name: 'x', shape: 2, dtype: 'f32' }], layers: [ok] },
      'ARCHITECTURE',
      'inputs[0].dtype: expected one of',
    ],
    [
      { inputs: [{ name: 'x', shape: 2, type: 'f32' }], layers: [ok] },
      'ARCHITECTURE',
      "inputs[0]: an input has no 'type'",
    ],
    [{ layers: [ok], classes: 'ab' }, 'ARCHITECTURE', 'classes: expected an array of strings or numbers'],
    [{ layers: [ok], classes: ['a', 'b', 'c'] }, 'SHAPE', 'classes: expected 2 labels for an output of 1, found 3'],
    [{ layers: [ok], featureNames: [1] }, 'ARCHITECTURE', 'featureNames: expected an array of strings'],
    [{ layers: [{ type: 'batch_norm', mean: [1] }] }, 'ARCHITECTURE', "layers[0]: needs a 'variance'"],
    [
      { layers: [{ type: 'batch_norm', mean: [1, 2], variance: [1, 2, 3] }] },
      'SHAPE',
      'layers[0].variance: expected 2 values, found 3',
    ],
    [{ layers: [{ type: 'layer_norm' }] }, 'ARCHITECTURE', 'layers[0]: needs parameters'],
    [
      { layers: [{ type: 'layer_norm', weight: [1, 2], bias: [1] }] },
      'SHAPE',
      'layers[0].bias: expected 2 values, as the weight has, found 1',
    ],
    [
      { inputs: x, layers: [{ type: 'rms_norm', weight: [1, 2, 3] }] },
      'SHAPE',
      'layers[0].weight: expected as many values as the last axes of a row of shape [2], found 3',
    ],
    [
      { inputs: x, layers: [{ type: 'normalize', epsilon: -1 }] },
      'ARCHITECTURE',
      'layers[0].epsilon: expected zero or more, found -1',
    ],
    [
      { inputs: x, layers: [{ type: 'normalize', epsilon: '1' }] },
      'ARCHITECTURE',
      "layers[0].epsilon: expected a finite number, found the string '1'",
    ],
    [
      { inputs: x, layers: [{ type: 'normalize', norm: 'l3' }] },
      'ARCHITECTURE',
      "layers[0].norm: expected one of 'l1', 'l2', 'max', found the string 'l3'",
    ],
    [
      { inputs: x, layers: [{ type: 'softmax', axis: 1 }] },
      'SHAPE',
      'layers[0].axis: expected an axis of a row of shape [2], found 1',
    ],
    [{ inputs: x, layers: [{ type: 'affine' }] }, 'ARCHITECTURE', "layers[0]: needs a 'scale' or a 'shift'"],
    [
      { inputs: x, layers: [{ type: 'mul' }] },
      'ARCHITECTURE',
      "layers[0]: expected two inputs, or one input and a 'value', found only one input",
    ],
    [
      { inputs: x, layers: [{ type: 'mul', value: [1, 2, 3] }] },
      'SHAPE',
      'layers[0]: the shapes [2] and [3] do not broadcast together',
    ],
    [
      { inputs: x, layers: [{ type: 'concat' }] },
      'ARCHITECTURE',
      'layers[0].inputs: expected 2 or more inputs, found 1',
    ],
    [
      { inputs: [...x, { name: 'z', shape: [1, 2] }], layers: [{ type: 'concat', inputs: ['x', 'z'] }] },
      'SHAPE',
      'layers[0].inputs: expected shapes that are equal except for axis 0, found [2] and [1, 2]',
    ],
    [
      { inputs: x, layers: [{ type: 'columns', columns: [2] }] },
      'SHAPE',
      'layers[0].columns: expected columns of 0 to 1, found 2',
    ],
    [
      { inputs: x, layers: [{ type: 'columns' }] },
      'ARCHITECTURE',
      'layers[0].columns: expected an array of integers, found nothing',
    ],
    [
      { inputs: x, layers: [{ type: 'slice', step: 0 }] },
      'ARCHITECTURE',
      'layers[0].step: expected an integer other than 0',
    ],
    [
      { inputs: x, layers: [{ type: 'slice', start: 2 }] },
      'SHAPE',
      'layers[0]: selects none of the 2 positions along axis 0',
    ],
    [
      { inputs: x, layers: [{ type: 'reshape', shape: [-1, 3] }] },
      'SHAPE',
      'layers[0].shape: cannot reshape the 2 elements of [2] to [-1, 3]',
    ],
    [
      { inputs: x, layers: [{ type: 'reduce', reduce: 'sum', keepDims: 1 }] },
      'ARCHITECTURE',
      'layers[0].keepDims: expected true or false',
    ],
    [
      { inputs: x, layers: [{ type: 'embedding', weight: [1, 2] }] },
      'SHAPE',
      'layers[0].weight: expected [ids, width]',
    ],
    [
      { inputs: x, layers: [{ type: 'one_hot', depth: 0 }] },
      'ARCHITECTURE',
      'layers[0].depth: expected 1 or more, found 0',
    ],
  ];
  it.each(cases.map(([architecture, code, message]) => ({ architecture, code, message })))(
    '$message',
    async ({ architecture, code, message }) => {
      const error = await failureOf(() => build(architecture));
      expect(error.message).toContain(message);
      expect(error.code).toBe(code);
    },
  );

  it('stops at arrays that hold themselves', async () => {
    const weight: unknown[] = [];
    weight.push(weight);
    const error = await failureOf(() => build({ layers: [{ weight }] }));
    expect(error.message).toBe('layers[0].weight: expected at most 16 nested arrays, found more');
  });
});
