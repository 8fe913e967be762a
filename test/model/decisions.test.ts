import { describe, expect, it } from 'vitest';
import type { Decision, Graph } from '../../lib/graph/graph.ts';
import { modelFromGraph } from '../../lib/load.ts';
import type { Prediction, Probabilities, Probability } from '../../lib/model.ts';
import { failureOf } from '../failure.ts';
import { node } from '../graph/graphs.ts';

/** Probabilities are the sigmoid of the three numbers of a row. */
function sigmoids(rest: Partial<Graph>): Graph {
  return {
    format: 'test',
    precision: 'f64',
    inputs: [{ name: 'x', shape: [3], dtype: 'float64' }],
    outputs: [{ name: 'p', value: 'p', dtype: 'float64' }],
    nodes: [node('p', 'unary', ['x'], { fn: 'sigmoid' }), node('negative', 'unary', ['x'], { fn: 'neg' })],
    ...rest,
  };
}

const decided = (decision: Decision, rest: Partial<Graph> = {}) =>
  modelFromGraph(sigmoids({ classes: ['a', 'b', 'c'], decision, ...rest }));

describe('labels', () => {
  it('that a row may each have are 1 or 0 by themselves', () => {
    const model = decided({ rule: 'each_above', probabilities: true });
    const rows = [
      [-1, 1, 0],
      [2, 0.5, -3],
    ];
    expect(model.predict(rows)).toEqual(Float64Array.of(0, 1, 0, 1, 1, 0));
    expect(model.predictProba(rows)).toEqual(model.run(Float64Array.from(rows.flat())));
  });

  it('are decided by scores where probabilities are the same', () => {
    const rows = [[40, 50, 60]];
    expect(decided({ rule: 'arg_max', probabilities: true }).predict(rows)).toEqual(['a']);
    const byScores = decided({ rule: 'arg_max', probabilities: true, scores: 'x' });
    expect(byScores.predict(rows)).toEqual(['c']);
    expect(byScores.predictProba(rows)).toEqual(Float64Array.of(1, 1, 1));
    expect(byScores.run(Float64Array.of(40, 50, 60))).toEqual(Float64Array.of(1, 1, 1));
  });

  it('are decided by scores that nothing else needs, until the model is disposed of', async () => {
    const model = decided({ rule: 'arg_max', probabilities: true, scores: 'negative' });
    expect(model.predict([[1, 2, 0]])).toEqual(['c']);
    expect(model.summary()).not.toContain('neg');
    model.dispose();
    expect((await failureOf(() => model.predict([[1, 2, 0]]))).code).toBe('DISPOSED');
  });

  it('are positions where the output is one', () => {
    const model = decided(
      { rule: 'index', probabilities: false, output: 'label' },
      {
        nodes: [
          node('label', 'reduce', ['x'], { fn: 'arg_max', axes: [0], keepDims: false }),
          node('p', 'unary', ['x'], { fn: 'sigmoid' }),
        ],
        outputs: [
          { name: 'p', value: 'p', dtype: 'float64' },
          { name: 'label', value: 'label', dtype: 'string' },
        ],
      },
    );
    expect(model.predict([[1, 3, 2]])).toEqual(['b']);
  });

  it('come of the output that the decision names', () => {
    const outputs = [
      { name: 'x', value: 'x', dtype: 'float64' as const },
      { name: 'p', value: 'p', dtype: 'float64' as const },
    ];
    const model = decided({ rule: 'arg_max', probabilities: true, output: 'p', scores: 'negative' }, { outputs });
    expect(model.predict([[1, 3, 2]])).toEqual(['a']);
    expect(model.predictProba([[0, 0, 0]])).toEqual(Float64Array.of(0.5, 0.5, 0.5));
  });
});

describe('several targets', () => {
  const targets = [
    { classes: ['a', 'b', 'c'], decision: { rule: 'arg_max' as const, probabilities: true, scores: 'negative' } },
    { classes: [7, 8, 9], decision: { rule: 'arg_max' as const, probabilities: false } },
  ];
  const outputs = [
    { name: 'first', value: 'p', dtype: 'float64' as const },
    { name: 'second', value: 'x', dtype: 'float64' as const },
  ];
  const model = () => modelFromGraph(sigmoids({ targets, outputs }));

  it('give their labels row after row', () => {
    const rows = [
      [1, 2, 3],
      [5, 4, 6],
      [0, -1, -2],
    ];
    expect(model().predict(rows)).toEqual(['a', 9, 'b', 9, 'c', 7]);
  });

  it("give one record its labels by the outputs' names", () => {
    expect(model().predict<Prediction>({ x: [1, 2, 3] })).toEqual({ first: 'a', second: 9 });
  });

  it('have no probabilities where one has scores', async () => {
    const error = await failureOf(() => model().predictProba([[1, 2, 3]]));
    expect([error.code, error.message]).toEqual(['NOT_A_CLASSIFIER', expect.stringContaining('output is scores')]);
  });

  it("give probabilities by the outputs' names", () => {
    const probable = targets.map((target) => ({ ...target, decision: { ...target.decision, probabilities: true } }));
    const both = modelFromGraph(sigmoids({ targets: probable, outputs }));
    expect(both.predictProba<Probabilities>([[0, 0, 0]])).toEqual({
      first: Float64Array.of(0.5, 0.5, 0.5),
      second: Float64Array.of(0, 0, 0),
    });
    expect(both.predictProba<Probability>({ x: [0, 0, 0] })).toEqual({
      first: { a: 0.5, b: 0.5, c: 0.5 },
      second: { 7: 0, 8: 0, 9: 0 },
    });
  });

  it.each<[string, Partial<Graph>, string]>([
    ['there are fewer than outputs', { targets: targets.slice(1) }, 'expected 1 outputs, one for each target, found 2'],
    [
      'one has other classes than outputs',
      { targets: [targets[0], { ...targets[1], classes: [1, 2] }] },
      'targets[1]: 2 classes, found an output of 3 elements',
    ],
  ])('are refused where %s', async (_, change, message) => {
    const error = await failureOf(() => modelFromGraph(sigmoids({ targets, outputs, ...change })));
    expect([error.code, error.message]).toEqual(['SHAPE', expect.stringContaining(message)]);
  });
});

describe('a decision is refused', () => {
  const scores = (name: string): Decision => ({ rule: 'arg_max', probabilities: true, scores: name });
  it.each<[string, Decision, Partial<Graph>, string, string]>([
    ['by scores that there are not', scores('nothing'), {}, 'DANGLING', 'output p: is decided by nothing'],
    [
      'by scores of another size',
      scores('one'),
      { nodes: [...sigmoids({}).nodes, node('one', 'reduce', ['x'], { fn: 'sum', axes: [0], keepDims: true })] },
      'SHAPE',
      '3 classes do not fit any output: found outputs of 1 elements',
    ],
    [
      'by fewer scores than there are probabilities',
      scores('two'),
      {
        nodes: [...sigmoids({}).nodes, node('two', 'gather', ['x'], { axis: 0, indices: Int32Array.of(0, 1) })],
        classes: ['a', 'b'],
      },
      'SHAPE',
      'found 2 scores for an output of 3 elements',
    ],
    [
      'about an output that there is not',
      { rule: 'arg_max', probabilities: true, output: 'q' },
      {},
      'DANGLING',
      'names an output that does not exist: q',
    ],
  ])('%s', async (_, decision, rest, code, message) => {
    const error = await failureOf(() => decided(decision, rest));
    expect([error.code, error.message]).toEqual([code, expect.stringContaining(message)]);
  });
});
