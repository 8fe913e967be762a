/** Estimators that ask for more than their files hold are refused when they ask; what is honestly large is read. */
import { describe, expect, it } from 'vitest';
import {
  PickleArray,
  PickleDict,
  PickleGlobal,
  PickleList,
  PickleObject,
  PickleRecords,
  PickleTuple,
  type PickleValue,
} from '../../../lib/formats/containers/pickle/values.ts';
import { Estimator } from '../../../lib/formats/sklearn/estimator.ts';
import { pairAt } from '../../../lib/formats/sklearn/models/multiclass.ts';
import { graphOf } from '../../../lib/formats/sklearn/read.ts';
import { Budget } from '../../../lib/graph/budget.ts';
import { modelFromGraph } from '../../../lib/load.ts';
import { failureOf } from '../../failure.ts';

function object(name: string, attributes: Readonly<Record<string, PickleValue>>, module = 'sklearn.any'): PickleObject {
  const made = new PickleObject(new PickleGlobal(module, name), []);
  const state = new PickleDict();
  for (const [key, value] of Object.entries(attributes)) state.entries.push([key, value]);
  made.state = state;
  return made;
}

const vector = (length: number, value = 0) => new PickleArray([length], 'f8', new Float64Array(length).fill(value));
const list = (...items: PickleValue[]) => new PickleList(items);
const named = (value: PickleValue) => new PickleTuple(['a', value]);
const repeated = (value: PickleValue, count: number) => new PickleList(new Array<PickleValue>(count).fill(value));

function read(estimator: PickleObject, fileBytes = 1000) {
  const budget = new Budget();
  budget.opened(fileBytes);
  return graphOf({ estimators: [Estimator.of(estimator, '', budget)], names: () => undefined }, { budget });
}

const scaler = (width: number) => object('MaxAbsScaler', { scale_: vector(width, 1), n_features_in_: width });
const union = (steps: PickleList, width: number) =>
  object('FeatureUnion', { transformer_list: steps, n_features_in_: width });

/** A union of a union with itself, and so on: 2^40 scalers. */
function nested(): PickleObject {
  let step = scaler(1);
  for (let depth = 0; depth < 40; depth++) step = union(list(named(step), named(step)), 1);
  return step;
}

/** A forest that has one tree, each split of which parts off a leaf, so many times. */
function forest(trees: number, splits: number): PickleObject {
  const size = 2 * splits + 1;
  const column = (of: (node: number, isSplit: boolean) => number) =>
    Float64Array.from({ length: size }, (_, node) => of(node, node % 2 === 0 && node < size - 1));
  const columns = new Map([
    ['left_child', column((node, isSplit) => (isSplit ? node + 1 : -1))],
    ['right_child', column((node, isSplit) => (isSplit ? node + 2 : -1))],
    ['feature', column(() => 0)],
    ['threshold', column((node) => node)],
    ['n_node_samples', column(() => 1)],
  ]);
  const nodes = new PickleRecords([size], new Set(columns.keys()), (name) => {
    return (record) => columns.get(name)?.[record] ?? 0;
  });
  const values = new PickleArray([size, 1, 1], 'f8', new Float64Array(size).fill(1));
  const tree = object('DecisionTreeRegressor', { tree_: object('Tree', { nodes, values }), n_features_in_: 1 });
  return object('RandomForestRegressor', { estimators_: repeated(tree, trees), n_features_in_: 1 });
}

const manySteps = repeated(named(null), 50_000);
const pipeline = () => object('Pipeline', { steps: manySteps, n_features_in_: 1 });
const width = 100_000;

describe('an estimator of a small file', () => {
  it.each([
    [
      'says that it takes millions of features',
      object('LinearRegression', { coef_: vector(2), n_features_in_: 2 ** 24 }),
    ],
    ['stands in 2^40 places', nested()],
    ['has one large tree many times', forest(5000, 10_000)],
    ['has one small tree a million times', forest(1_000_000, 1)],
    ['has a long list of steps and stands in many places', union(repeated(named(pipeline()), 5000), 1)],
    [
      'shares its list of steps with many',
      union(new PickleList(Array.from({ length: 5000 }, () => named(pipeline()))), 1),
    ],
    [
      'repeats a row of its coefficients',
      object('Ridge', { coef_: repeated(vector(width), 1000), intercept_: 0, n_features_in_: width }),
    ],
    [
      'has a sparse matrix of nothing',
      object('Ridge', { coef_: sparse(10_000, width), intercept_: 0, n_features_in_: width }),
    ],
    [
      'makes products of its features',
      object('PolynomialFeatures', { degree: 4, interaction_only: false, n_features_in_: 100 }),
    ],
    [
      'puts each feature into a group of its own',
      object('FeatureAgglomeration', {
        labels_: numbered(width),
        pooling_func: new PickleGlobal('numpy', 'mean'),
        n_features_in_: width,
      }),
    ],
    [
      'shares its categories among many columns',
      object('OrdinalEncoder', { categories_: repeated(vector(10_000), 3000), n_features_in_: 3000 }),
    ],
    [
      'has a column for all of the row many times',
      object('ColumnTransformer', {
        transformers_: repeated(new PickleTuple(['a', 'passthrough', slice()]), 1000),
        n_features_in_: width,
      }),
    ],
    [
      'has one spline for many features',
      object('SplineTransformer', {
        bsplines_: repeated(spline(100), 3000),
        n_features_in_: 3000,
        extrapolation: 'linear',
        degree: 3,
      }),
    ],
    ['predicts one feature a million times', imputer(1_000_000)],
    ['adds a kernel to itself, 2^40 times', process()],
    ['splits clusters into themselves, 2^40 times', bisected()],
    [
      'has a sketch of billions of numbers',
      object('PolynomialCountSketch', {
        indexHash_: new PickleArray([2, 1], 'f8', new Float64Array(2)),
        bitHash_: new PickleArray([2, 1], 'f8', new Float64Array(2)),
        n_components: 2 ** 40,
        degree: 2,
        n_features_in_: 1,
      }),
    ],
    ['sums a wide row up to each of its elements', along('cumsum', 100_000)],
    ['has labels in a column each', object('LabelBinarizer', { classes_: numbered(20_000), y_type_: 'multiclass' })],
  ])('that %s is refused', async (_, estimator) => {
    expect(await failureOf(() => read(estimator))).toMatchObject({
      code: 'LIMIT',
      message: expect.stringMatching(/`limits\.\w+`/),
    });
  });
});

/** B-splines of degree 3 over so many knots, each weighted by itself. */
function spline(knots: number): PickleObject {
  const count = knots - 4;
  const weights = Float64Array.from({ length: count * count }, (_, at) => Number(at % (count + 1) === 0));
  return object('BSpline', { t: numbered(knots), c: new PickleArray([count, count], 'f8', weights), k: 3 });
}

/** An imputer of two features that does one step again and again. */
function imputer(times: number): PickleObject {
  const model = object('LinearRegression', { coef_: vector(1, 1), intercept_: 0, n_features_in_: 1 });
  const step = new PickleTuple([0, vector(1, 1), model]);
  const initial = object('SimpleImputer', { statistics_: vector(2), missing_values: Number.NaN, strategy: 'mean' });
  return object('IterativeImputer', {
    initial_imputer_: initial,
    imputation_sequence_: repeated(step, times),
    n_iter_: 10,
    n_features_in_: 2,
  });
}

function process(): PickleObject {
  const module = 'sklearn.gaussian_process.kernels';
  let kernel = object('RBF', { length_scale: 1 }, module);
  for (let depth = 0; depth < 40; depth++) kernel = object('Sum', { k1: kernel, k2: kernel }, module);
  return object('GaussianProcessRegressor', {
    X_train_: new PickleArray([1, 1], 'f8', Float64Array.of(1)),
    alpha_: vector(1, 1),
    kernel_: kernel,
    _y_train_mean: 0,
    _y_train_std: 1,
  });
}

function bisected(): PickleObject {
  let tree = object('_BisectingTree', { label: 0, center: vector(1) });
  for (let depth = 0; depth < 40; depth++) {
    tree = object('_BisectingTree', { label: 0, center: vector(1), left: tree, right: tree });
  }
  return object('BisectingKMeans', { _bisecting_tree: tree, n_features_in_: 1 });
}

function along(name: string, width: number): PickleObject {
  const keywords = new PickleDict();
  keywords.entries.push(['axis', 1]);
  const func = new PickleGlobal('numpy', name);
  return object('FunctionTransformer', { func, kw_args: keywords, n_features_in_: width });
}

function sparse(rows: number, columns: number): PickleObject {
  const made = object('csr_matrix', {
    _shape: new PickleTuple([rows, columns]),
    data: vector(0),
    indices: vector(0),
    indptr: vector(rows + 1),
  });
  return made;
}

function numbered(length: number): PickleArray {
  return new PickleArray(
    [length],
    'f8',
    Float64Array.from({ length }, (_, i) => i),
  );
}

function slice(): PickleObject {
  return new PickleObject(new PickleGlobal('builtins', 'slice'), [0, 2 ** 31, null]);
}

describe('what is honestly large', () => {
  it('a forest of 200,000 nodes', () => {
    const model = modelFromGraph(read(forest(1, 100_000), 13_000_000));
    expect(model.run(Float64Array.of(7))).toEqual(Float64Array.of(1));
    model.dispose();
  });

  it.each(['error', 'ignore', 'infrequent_if_exist'])(
    'one-hot columns of 150,000 numbers, handle_unknown=%s',
    (handling) => {
      const encoder = object('OneHotEncoder', {
        categories_: list(numbered(150_000)),
        handle_unknown: handling,
        n_features_in_: 1,
      });
      const model = modelFromGraph(read(encoder, 1_200_000));
      const hot = model.run(Float64Array.of(149_999)) as Float64Array;
      expect([hot.length, hot.indexOf(1), hot.lastIndexOf(1)]).toEqual([150_000, 149_999, 149_999]);
      if (handling === 'error') expect(() => model.run(Float64Array.of(0.5))).toThrow();
      else expect((model.run(Float64Array.of(0.5)) as Float64Array).includes(1)).toBe(false);
      model.dispose();
    },
  );

  it('drops a column among many', () => {
    const encoder = object('OneHotEncoder', {
      categories_: list(numbered(3000)),
      drop_idx_: list(7),
      handle_unknown: 'error',
      n_features_in_: 1,
    });
    const model = modelFromGraph(read(encoder));
    expect((model.run(Float64Array.of(8)) as Float64Array).indexOf(1)).toBe(7);
    expect((model.run(Float64Array.of(7)) as Float64Array).includes(1)).toBe(false);
    model.dispose();
  });

  it('numbers pairs of classes in their order', () => {
    const pairs = [0, 1, 2, 3].flatMap((i) => [0, 1, 2, 3].filter((j) => j > i).map((j) => pairAt(i, j, 4)));
    expect(pairs).toEqual([0, 1, 2, 3, 4, 5]);
  });
});
