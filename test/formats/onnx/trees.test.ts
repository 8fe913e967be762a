/** Tree ensembles: what is refused, and what labels mean. What the others give, framework-models.test.ts tests. */
import { describe, expect, it } from 'vitest';
import type { Graph } from '../../../lib/graph/graph.ts';
import { modelFromGraph } from '../../../lib/load.ts';
import {
  type Fields,
  floatsOf,
  int,
  ints,
  node,
  rawTensor,
  read,
  string,
  strings,
  tensor,
  value,
} from './write-onnx.ts';

const LEAVES: Lists = {
  nodes_treeids: [0, 0, 0],
  nodes_nodeids: [0, 1, 2],
  nodes_featureids: [1, 0, 0],
  nodes_modes: ['BRANCH_LEQ', 'LEAF', 'LEAF'],
  nodes_values: [0.5, 0, 0],
  nodes_truenodeids: [1, 0, 0],
  nodes_falsenodeids: [2, 0, 0],
};
const REGRESSOR: Lists = {
  ...LEAVES,
  target_treeids: [0, 0],
  target_nodeids: [1, 2],
  target_ids: [0, 0],
  target_weights: [1, 2],
};
const CLASSIFIER: Lists = {
  ...LEAVES,
  class_treeids: [0, 0],
  class_nodeids: [1, 2],
  class_ids: [0, 0],
  class_weights: [0.25, 0.75],
  classlabels_int64s: [3, 5],
};
const NODES: Lists = {
  tree_roots: [0],
  nodes_featureids: [1],
  nodes_truenodeids: [0],
  nodes_trueleafs: [1],
  nodes_falsenodeids: [1],
  nodes_falseleafs: [1],
  leaf_targetids: [0, 0],
};

type Lists = Readonly<Record<string, readonly number[] | readonly string[] | string | number | Fields>>;

/** Lists of floats by the ends of their names; other numbers are integers. */
function attributesOf(lists: Lists): Record<string, Fields> {
  const isOfFloats = (name: string) => /_(values|weights)$/.test(name);
  return Object.fromEntries(
    Object.entries(lists).map(([name, list]): [string, Fields] => {
      if (typeof list === 'function') return [name, list];
      if (typeof list === 'string') return [name, string(list)];
      if (typeof list === 'number') return [name, int(list)];
      if (typeof list[0] === 'string') return [name, strings(list as readonly string[])];
      return [name, (isOfFloats(name) ? floatsOf : ints)(list as readonly number[])];
    }),
  );
}

function ensemble(opType: string, lists: Lists, type?: number): Promise<Graph> {
  const outputs = opType === 'TreeEnsembleClassifier' ? ['label', 'y'] : ['y'];
  return read({
    nodes: [node(opType, ['x'], outputs, attributesOf(lists), { name: 'n', domain: 'ai.onnx.ml' })],
    inputs: [value('x', ['batch', 3], type)],
    outputs: outputs.map((name) => value(name, ['batch'])),
  });
}

function splits(values: readonly number[]): Lists {
  const bytes = (list: readonly number[]) => new Uint8Array(Float32Array.from(list).buffer);
  return {
    ...NODES,
    nodes_modes: tensor(rawTensor('modes', [1], 2, Uint8Array.of(0))),
    nodes_splits: tensor(rawTensor('splits', [values.length], 1, bytes(values))),
    leaf_weights: tensor(rawTensor('weights', [2], 1, bytes([1, 2]))),
  };
}

describe('trees that are none', () => {
  it.each<[string, Lists, string]>([
    ['a split that leads to itself', { nodes_truenodeids: [0, 0, 0] }, 'two paths lead to node 0'],
    ['a leaf of two splits', { nodes_falsenodeids: [1, 0, 0] }, 'two paths lead to node 1'],
    ['a child that is not there', { nodes_falsenodeids: [7, 0, 0] }, 'refers to node 7, which does not exist'],
    ['a feature that is not there', { nodes_featureids: [3, 0, 0] }, 'compares feature 3 of 3'],
    ['a feature below 0', { nodes_featureids: [-1, 0, 0] }, 'compares feature -1 of 3'],
    ['a threshold that is NaN', { nodes_values: [Number.NaN, 0, 0] }, 'compares with NaN'],
    [
      'a list that is too short',
      { nodes_values: [0.5] },
      'nodes_values has 1 elements; expected 3, the number of nodes',
    ],
    [
      'weights that are too few',
      { target_weights: [1] },
      'target_weights has 1 elements; expected 2, the number of weights',
    ],
    ['a weight of a node that is not there', { target_nodeids: [1, 9] }, 'a weight belongs to node 9 of tree 0'],
    ['a weight of a tree that is not there', { target_treeids: [0, 4] }, 'a weight belongs to node 2 of tree 4'],
    ['a weight of a target that is not there', { target_ids: [0, 1] }, 'a weight belongs to target 1 of 1'],
    ['an unknown mode', { nodes_modes: ['BRANCH_ON', 'LEAF', 'LEAF'] }, "found 'BRANCH_ON'"],
    ['two nodes of one id', { nodes_nodeids: [0, 1, 1] }, 'two nodes with the same id'],
    ['a tree in two places', { nodes_treeids: [0, 1, 0] }, 'the nodes of tree 0 are not consecutive'],
    ['no nodes', { nodes_treeids: [] }, 'found none'],
    ['base_values that are too many', { base_values: [1, 2] }, 'expected 1 base_values, found 2'],
    ['a sum of another kind', { aggregate_function: 'MEDIAN' }, "found 'MEDIAN'"],
    ['no targets', { n_targets: 0 }, 'at least one target'],
  ])('are refused: %s', async (_, changed, message) => {
    await expect(ensemble('TreeEnsembleRegressor', { ...REGRESSOR, ...changed })).rejects.toMatchObject({
      code: expect.stringMatching(/MALFORMED|SHAPE/),
      place: expect.stringContaining('node n (TreeEnsembleRegressor)'),
      message: expect.stringContaining(message),
    });
  });

  it.each<[string, Lists, string]>([
    ['a leaf that is not there', { nodes_falsenodeids: [2] }, 'refers to leaf 2 of 2'],
    ['a split that leads to itself', { nodes_falseleafs: [0], nodes_falsenodeids: [0] }, 'two paths lead to node 0'],
    ['a root that is not there', { tree_roots: [3] }, 'refers to node'],
    ['a root twice', { tree_roots: [0, 0] }, 'two paths lead to node 0'],
    ['a leaf of a target that is not there', { leaf_targetids: [0, 2] }, 'target 2 of 1'],
    ['an aggregate that is not there', { aggregate_function: 4 }, 'aggregate_function'],
    ['splits of another type', splits([0.5, 1]), 'nodes_splits has 2 elements; expected 1'],
  ])('are refused, as splits and leaves apart: %s', async (_, changed, message) => {
    await expect(ensemble('TreeEnsemble', { ...splits([0.5]), ...changed })).rejects.toMatchObject({
      code: 'MALFORMED',
      place: expect.stringContaining('node n (TreeEnsemble)'),
      message: expect.stringContaining(message),
    });
  });
});

describe('trees out of proportion', () => {
  const member = (values: number) => ({
    ...splits([0]),
    nodes_modes: tensor(rawTensor('modes', [1], 2, Uint8Array.of(6))),
    membership_values: tensor(
      rawTensor(
        'members',
        [values + 1],
        1,
        new Uint8Array(Float32Array.from({ length: values + 1 }, (_, i) => (i < values ? i : Number.NaN)).buffer),
      ),
    ),
  });

  it('that are leaves alone, by the hundred thousand, are refused', async () => {
    const zeros = new Array<number>(100_000).fill(0);
    const ids = zeros.map((_, i) => i);
    const leaves = { nodes_treeids: ids, nodes_nodeids: zeros, nodes_modes: zeros.map(() => 'LEAF') };
    const others = {
      nodes_featureids: zeros,
      nodes_values: zeros,
      nodes_truenodeids: zeros,
      nodes_falsenodeids: zeros,
    };
    const weights = { target_treeids: ids, target_nodeids: zeros, target_ids: zeros, target_weights: zeros };
    await expect(ensemble('TreeEnsembleRegressor', { ...leaves, ...others, ...weights })).rejects.toMatchObject({
      code: 'LIMIT',
      message: expect.stringContaining('limits.bytes'),
    });
  });

  it('whose roots are one node a million times are refused', async () => {
    const roots = new Array<number>(1_000_000).fill(0);
    await expect(ensemble('TreeEnsemble', { ...splits([0.5]), tree_roots: roots })).rejects.toMatchObject({
      message: expect.stringContaining('two paths lead to node 0'),
    });
  });

  it('that compare with sets of half a million are refused, of thousands not', async () => {
    await expect(ensemble('TreeEnsemble', member(500_000))).rejects.toMatchObject({ code: 'LIMIT' });
    const model = modelFromGraph(await ensemble('TreeEnsemble', member(20_000)));
    const rows = [19_999, 19_999.5, 20_000, -1].map((x) => Float32Array.of(0, x, 0));
    expect(rows.map((row) => Number((model.run(row) as Float32Array)[0]))).toEqual([1, 2, 2, 2]);
    model.dispose();
  });
});

describe('what runtimes answer each in its own way', () => {
  it.each<[string, string, Lists]>([
    ['two weights of a leaf for one target', 'TreeEnsembleRegressor', { ...REGRESSOR, target_nodeids: [1, 1] }],
    ['LOGISTIC of version 5', 'TreeEnsemble', { ...splits([0.5]), post_transform: 2 }],
    ['SOFTMAX of version 5', 'TreeEnsemble', { ...splits([0.5]), post_transform: 1 }],
    ['one label', 'TreeEnsembleClassifier', { ...CLASSIFIER, classlabels_int64s: [1] }],
    ['base_values of both of two classes', 'TreeEnsembleClassifier', { ...CLASSIFIER, base_values: [0.1, 0.2] }],
    [
      'labels other than 0 and 1 where both have weights',
      'TreeEnsembleClassifier',
      {
        ...CLASSIFIER,
        class_treeids: [0, 0, 0, 0],
        class_nodeids: [1, 2, 1, 2],
        class_ids: [0, 0, 1, 1],
        class_weights: [1, 2, 3, 4],
      },
    ],
    [
      'a leaf without the second class',
      'TreeEnsembleClassifier',
      { ...CLASSIFIER, classlabels_int64s: [0, 1], class_ids: [0, 1] },
    ],
  ])('is refused: %s', async (_, opType, lists) => {
    await expect(ensemble(opType, lists)).rejects.toMatchObject({
      code: 'UNSUPPORTED_OP',
      place: `node n (${opType})`,
    });
  });
});

describe('a tree of two classes', () => {
  it('has the labels of the file, and probabilities', async () => {
    const graph = await ensemble('TreeEnsembleClassifier', CLASSIFIER);
    expect(graph.classes).toEqual([3, 5]);
    expect(graph.decision).toMatchObject({ rule: 'arg_max', output: 'y', probabilities: true });
  });

  it('has scores that are not probabilities where some are negative', async () => {
    const graph = await ensemble('TreeEnsembleClassifier', { ...CLASSIFIER, class_weights: [-1, 1] });
    expect(graph.decision).toMatchObject({ rule: 'arg_max', output: 'y', probabilities: false });
  });
});

describe('missing values', () => {
  it.each([
    [[1, 0, 0], true],
    [[0, 0, 0], undefined],
  ])('are taken where some split says where they go: %s', async (tracks, missing) => {
    const graph = await ensemble('TreeEnsembleRegressor', { ...REGRESSOR, nodes_missing_value_tracks_true: tracks });
    expect(graph.inputs[0].missing).toBe(missing);
  });
});
