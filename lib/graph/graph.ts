/**
 * The graph: a trained model as a list of operations over named row tensors.
 *
 * A *row tensor* has one value per row of the batch; shapes are those of one row and never include the batch: an input
 * of 14 features has the shape `[14]` for any batch. `[]` is one number per row. A *constant* is a tensor that is the
 * same for every row. Any operand may be either.
 *
 * Formats translate their many operators into the few operations of {@link OpAttributes}.
 */

import type { BinaryName } from './operations/binary.ts';
import type { BagMode, MetricName, NormName, SortResult, TreeSum } from './operations/choices.ts';
import type { ReduceName, SoftmaxName } from './operations/rowwise.ts';
import type { UnaryName } from './operations/unary.ts';
import type { TermProgram } from './terms.ts';
import type { WordSpread } from './word-hash.ts';

export { BINARY_NAMES, type BinaryName } from './operations/binary.ts';
export {
  BAG_MODES,
  type BagMode,
  METRIC_NAMES,
  type MetricName,
  NORM_NAMES,
  type NormName,
  SORT_RESULTS,
  type SortResult,
  TREE_SUMS,
  type TreeSum,
} from './operations/choices.ts';
export { REDUCE_NAMES, type ReduceName, SOFTMAX_NAMES, type SoftmaxName } from './operations/rowwise.ts';
export { TRUTHS } from './operations/truths.ts';
export { UNARY_NAMES, type UnaryName } from './operations/unary.ts';

/** A constant: row-major elements. Half precision is widened exactly; integers must be exact in the array. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array;
  /** Whether it is part of a formula and was not trained, such as a table of a function. */
  readonly isFormula?: boolean;
  /** For a batch normalisation's scale: what it and the shift beside it were computed from. */
  readonly moments?: Moments;
}

/** A batch normalisation's scale is scale/√(variance + epsilon), and its shift is shift − mean times that. */
export interface Moments {
  readonly mean: Tensor['data'];
  readonly variance: Tensor['data'];
  readonly epsilon: number;
  /** The trained scale and shift; 1 and 0 if absent. */
  readonly scale?: Tensor['data'];
  readonly shift?: Tensor['data'];
}

/** The element types that a source may declare for an input or output. */
export const DTYPES = [
  'float32',
  'float64',
  'float16',
  'bfloat16',
  'int8',
  'uint8',
  'int16',
  'uint16',
  'int32',
  'uint32',
  'int64',
  'uint64',
  'bool',
  'string',
] as const;
/** The element type of a tensor, as safetensors and NumPy name it. @useDeclaredType */
export type DType = (typeof DTYPES)[number];

export interface GraphInput {
  readonly name: string;
  /** The shape of one row. */
  readonly shape: readonly number[];
  readonly dtype: DType;
  /**
   * The categories of categorical elements, by the element's position. A category is encoded as its index, any other
   * string as −1. If null is among them, it is Python's None, which the model distinguishes from NaN; NaN is then
   * encoded as NaN. An element with an empty list is unused: it may be anything, or left out.
   */
  readonly categories?: ReadonlyMap<number, readonly Word[]>;
  /**
   * The distinct hashes of categorical elements, by the element's position, for models that only know hashes of the
   * categories (int32, see rows/category-hash.ts). A string is encoded as the index of its hash, or −1 if its hash is
   * unknown. An integer is treated as its decimal string. These elements must not be missing.
   */
  readonly hashes?: ReadonlyMap<number, readonly number[]>;
  /**
   * How strings that are not among an element's categories are put into buckets by hash: such a string is encoded as −1
   * − s instead of −1, where s is the result of `spreadOf` in word-hash.ts. The element is then used even if its list
   * is empty.
   */
  readonly spread?: readonly WordSpread[];
  /**
   * Whether a value may be missing: null (unless it is among the element's categories), undefined and NaN are then
   * encoded as NaN.
   */
  readonly missing?: boolean;
  /**
   * The number that encodes Python's None, by the position of an element that is a number or None. It may be NaN if the
   * model accepts only None, and NaN itself is then rejected. Any other number is rejected unless it comes from None.
   */
  readonly nones?: ReadonlyMap<number, number>;
  /** Positions of elements of which only the absence matters: a string is encoded as 0, a number as itself. */
  readonly present?: ReadonlySet<number>;
  /**
   * Whether a row is instead any number of pairs of an id and a weight, in order: a sparse row. The shape is `[N]`,
   * with ids from 0 to N − 1; `dtype` is that of the weights. Only `bag` and `scatter` take such an input.
   */
  readonly ragged?: boolean;
  /** How JavaScript values become the pairs of a ragged input. */
  readonly terms?: TermProgram;
  /**
   * The features of rows that the elements correspond to, in order, or that the terms are made of. Either all inputs
   * have this field or none; without it, the features are the elements of all inputs in sequence.
   */
  readonly features?: readonly number[];
  /**
   * Used instead of features in a graph with custom steps: the cells that the terms are made of, from the caller or
   * from such a step. The program's features are positions among them. An empty list means that the input is the result
   * of a step, beside inputs with features.
   */
  readonly cells?: readonly GivenCell[];
}

/** An element of an input's row. */
export interface GivenCell {
  readonly input: string;
  readonly element: number;
}

/** A string, or Python's None. @inline */
export type Word = string | null;

export interface GraphOutput {
  /** Its name for users. */
  readonly name: string;
  /** The row tensor (or input) that holds it. */
  readonly value: string;
  readonly dtype: DType;
  /**
   * The name of the list to which it belongs as the next item, if users get a list. Its own name is `list[position]`.
   */
  readonly list?: string;
}

/** The name of a row tensor (an input or some node's output), or a constant. */
export type Operand = string | Tensor;

/** The fields of a node: a feature, or −1 for a leaf; a threshold, or the start of its set; one of {@link SPLITS}. */
export const NODE_FIELDS = 3;

/** Which values go left: those at most the threshold, or in the set; and optionally NaN. */
export const SPLITS = { at_most: 0, at_most_or_nan: 1, in_set: 2, in_set_or_nan: 3 } as const;

/** Bits of a set in each of its numbers, which are exact in float32. */
export const SET_BITS = 16;

/** The reduced precisions of a dense layer's weights: half or a quarter of the bits. */
export const REDUCED_NAMES = ['bf16', 'int8'] as const;
export type ReducedWeights = (typeof REDUCED_NAMES)[number];

/** A number x becomes the integer x/scale + zero, from −128 to 127: see docs/numerics.md. */
export type InputScale = readonly [scale: number, zero: number];

/**
 * The operations, with their attributes; `inputs` are in the order of the comments; those with `?` are optional. Axes
 * are counted within the row's shape from 0 and are never negative: formats resolve that.
 */
export interface OpAttributes {
  /** x [..., K], weight (constant), bias? (constant, [N]): y = x·W + b over the last axis, then the clamp. */
  dense: {
    /** `in-out`: weight is [K, N] (Keras, scikit-learn's MLP). `out-in`: [N, K] (torch, TFLite). */
    readonly layout: 'in-out' | 'out-in';
    /** [lo, hi]: min(max(y, lo), hi), as in clip; relu is [0, ∞]. */
    readonly clamp?: readonly [number, number];
    /** The reduced precision of the weight when the model runs: see reduce.ts. */
    readonly weights?: ReducedWeights;
    /** With int8 weights: what x is multiplied in, measured on a sample. Without it each row has its own scale. */
    readonly inputScale?: InputScale;
  };
  /**
   * a [..., M, K], b [..., K, N]: their product [..., M, N]. The axes before the last two broadcast as in NumPy. With
   * `out-in`, b is [..., N, K].
   */
  matmul: { readonly layout: 'in-out' | 'out-in' };
  /** x, scale (constant), shift (constant), both broadcast to the row: y = x·scale + shift, rounded once. */
  affine: Record<never, never>;
  /** x */
  unary: { readonly fn: UnaryName; readonly alpha?: number; readonly beta?: number };
  /** a, b: broadcast as in NumPy, over the row's shape. */
  binary: { readonly fn: BinaryName };
  /** condition, a, b, broadcast together: condition ≠ 0 ? a : b. */
  select: Record<never, never>;
  /** x */
  softmax: { readonly axis: number; readonly fn: SoftmaxName };
  /** x, scale? (constant), shift? (constant): mean 0 and variance 1 over the axes from `axis` to the last. */
  layer_norm: { readonly axis: number; readonly epsilon: number };
  /** x, scale? (constant): x/√(mean(x²) + epsilon) over the axes from `axis` to the last. */
  rms_norm: { readonly axis: number; readonly epsilon: number };
  /** x: x divided by its norm along the axis; a norm of at most `epsilon` is replaced by `floor`. */
  normalize: {
    readonly axis: number;
    readonly norm: NormName;
    /** Norms at or below it are replaced (0 for scikit-learn and ONNX, 1e-12 for torch). */
    readonly epsilon: number;
    /** What replaces them (1 leaves a zero row zero). */
    readonly floor: number;
  };
  /** x */
  reduce: { readonly fn: ReduceName; readonly axes: readonly number[]; readonly keepDims: boolean };
  /**
   * x: the first `count` elements along the axis in sorted order, or their indices. NaN is greater than all numbers;
   * equal elements keep their order.
   */
  sort: {
    readonly axis: number;
    readonly count: number;
    readonly descending: boolean;
    readonly result: SortResult;
    /**
     * `heap`: of equal elements, the first `count` are those that stay in scikit-learn's heap when all elements pass
     * through it in order. NaN and infinity never stay; the result is filled up with infinity and the index 0. Not for
     * `descending`.
     */
    readonly ties?: 'heap';
  };
  /**
   * x [K], points (constant [N, K]), weights? (constant [K], for `power`): the distance of x from each point, [N]. Sums
   * are rounded after each operation, in the order of the features.
   */
  distances: {
    readonly metric: MetricName;
    /** The exponent of `power`. */
    readonly exponent?: number;
    /**
     * In float64, computes Σ d² as |x|² − 2·x·y + |y|², at least 0, as scikit-learn does without a tree. It is faster,
     * but results near 0 have the error of |x|².
     */
    readonly expanded?: boolean;
  };
  /** two or more inputs with equal shapes except along the axis */
  concat: { readonly axis: number };
  /** x: the given positions along the axis, in that order. Slice, split and column selection become this. */
  gather: { readonly axis: number; readonly indices: Int32Array };
  /** x */
  transpose: { readonly permutation: readonly number[] };
  /** x: the same elements in another shape of the row. */
  reshape: { readonly shape: readonly number[] };
  /** x: broadcast to the shape. */
  expand: { readonly shape: readonly number[] };
  /** ids [...], table (constant [V, ...D]): rows of the table, shape [...ids, ...D]. */
  embedding: {
    /** Whether ids from −V to −1 count from the table's end (ONNX Gather) or are rejected (torch, Keras). */
    readonly wrap: boolean;
  };
  /**
   * x (a ragged input of shape [N]), table (constant [N, ...D]), bias? (constant, [...D]): Σ weight·table[id] over the
   * row's pairs, in order, with each product and each sum rounded, then + bias. `mean` and `max` also use the products
   * weight·table[id]. A row without pairs gives 0, then + bias.
   */
  bag: { readonly mode: BagMode };
  /** x (a ragged input of shape [N]): the row [N] with the sum of the weights of each id, or 0. */
  scatter: Record<never, never>;
  /**
   * x: the same numbers, declared as the source holds them from here on: integers, which are exact, or floats, which
   * are rounded. Without it, results computed from only integers are integers.
   */
  retype: { readonly to: 'integer' | 'float' };
  /** x: unchanged. A run is rejected if it has an infinity, or a NaN unless `nan` is true. */
  require_finite: { readonly nan: boolean };
  /** ids [...]: on at the id, off elsewhere, on a new axis; all off for an id outside the range. */
  one_hot: {
    readonly depth: number;
    readonly on: number;
    readonly off: number;
    readonly axis: number;
    readonly wrap: boolean;
  };
  /**
   * x [K·(K − 1)/2]: for each pair i < j of K classes, in order, the probability of i within the pair. The result is
   * the probability of each class, [K], by libsvm's coupling, with its order of operations and stopping rule.
   */
  couple: Record<never, never>;
  /**
   * x [F], nodes (constant [N, 3]), leaves (constant [L, W]), sets? (constant [S]): decision trees, each of which
   * selects the W values of one leaf.
   *
   * Nodes are those of one tree after another, each in preorder: a split, its left subtree, its right subtree. A leaf
   * is [−1, 0, 0], and the Lth of all leaves is row L of `leaves`. A split is [feature, threshold, kind]: the kinds
   * that go left are: 0 x ≤ threshold; 1 the same, or NaN; 2 the integer part of x is in a set; 3 the same, or NaN. For
   * sets, the threshold is the set's position in `sets`: its number of words, then the words, of 16 bits each, lowest
   * first.
   */
  trees: {
    /**
     * `float64` adds a tree's values to the outputs from its target on, tree by tree, starting at 0; in an f32 model,
     * in float32. `float32` always rounds each sum to float32. `none` returns the values themselves, [T, W].
     */
    readonly sum: TreeSum;
    /** The number of outputs, and for each tree the first output that it adds to; unused with `none`. */
    readonly outputs: number;
    readonly targets: Int32Array;
    /** Each output is divided by it at the end; 1 leaves it unchanged. */
    readonly divisor: number;
    /**
     * How many of the first trees are not trees of the model: initial values of sums, and other things that a reader
     * computes with trees. The engine runs them as trees, but they are not counted for users. Default: 0.
     */
    readonly helpers?: number;
  };
}
export type Op = keyof OpAttributes;

/** One operation. `name` is its name in the source, for messages. Only this node defines `output`. */
export type Node<O extends Op = Op> = {
  [K in O]: {
    readonly op: K;
    readonly name: string;
    readonly inputs: readonly Operand[];
    readonly output: string;
    readonly attributes: OpAttributes[K];
  };
}[O];

/** How a classifier's outputs become labels. */
export interface Decision {
  /**
   * `arg_max`: one output per class; the first of the greatest wins. `above`: one output; above `threshold`, the second
   * of two classes. `each_above`: an output per label; each label is 1 above `threshold`, otherwise 0. `index`: one
   * output, whose elements are indices of classes. `value`: the output is the prediction: numeric labels.
   */
  readonly rule: 'arg_max' | 'above' | 'each_above' | 'index' | 'value';
  readonly threshold?: number;
  /** Whether the outputs are probabilities (predictProba) or scores. */
  readonly probabilities: boolean;
  /** The names of the outputs that together are the probabilities, if these are not the deciding output. */
  readonly probable?: readonly string[];
  /** Whether each of those belongs to a separate target. */
  readonly apart?: boolean;
  /**
   * The row tensor that decides, if it is not the output: scores, where different scores may round to the same
   * probability. It has the output's shape if that is probabilities.
   */
  readonly scores?: string;
  /** The name of the output that it applies to, if there are several. */
  readonly output?: string;
}

/** One target of a classifier of several: its own output, in the order of the graph's. */
export interface Target {
  readonly classes: readonly (string | number)[];
  readonly decision: Decision;
}

/** How a model computes with integers that floats would confuse: see docs/numerics.md. */
export interface Integers {
  /** Computes the integers, and what they decide, in doubles in an f32 model. */
  readonly wide: boolean;
  /** Stops a run at integers that doubles cannot represent. */
  readonly checked: boolean;
}

/** A boosted model, as its library describes it. */
export interface Boosting {
  /** Where it is in the file, such as `steps[1]`; empty if it is the whole model. */
  readonly place: string;
  /** The objective or loss that it was trained with, such as `binary:logistic`. */
  readonly objective: string;
  /** The number of iterations that are used. */
  readonly iterations: number;
  /** The number of iterations in the file. */
  readonly of: number;
}

/**
 * A custom step, which the caller computes between parts of the graph. Its result is an input of the graph, from which
 * the graph continues.
 */
export interface OwnStep {
  /** Its name in Python, under which the caller provides the function. */
  readonly name: string;
  /** Where it is in the file, for messages. */
  readonly place: string;
  /** The input of which it takes all columns, whatever they are; or the columns that it takes. */
  readonly takes: string | readonly OwnColumn[];
  /** The names of the columns that it takes, if the file has them. */
  readonly names?: readonly string[];
  /** The input that its result becomes. If only custom steps take it, it need not be an input of the graph. */
  readonly gives: string;
  /** The number and names of the columns that it returns, if the file has them. */
  readonly width?: number;
  readonly givesNames?: readonly string[];
  /**
   * For a step that predicts: the classes in the one column that it returns. The graph continues with their indices;
   * numbers are used as they are.
   */
  readonly classes?: readonly (string | number)[] | 'numbers';
  /** The step after it, for messages. */
  readonly next?: string;
  /** Its attributes in the file, as frozen plain data. */
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Its submodules that were read, by name. Each takes one row and returns one, and the function may call it. */
  readonly modules?: ReadonlyMap<string, Graph>;
}

/** A column that a custom step takes. */
export type OwnColumn =
  /** An element of an input's row, as the caller or the previous step provided it. */
  | GivenCell
  /**
   * An element of a row tensor. With `categoriesOf`, it is an index into the categories of that element of an input.
   */
  | { readonly value: string; readonly element: number; readonly categoriesOf?: GivenCell };

/** The state of an optimizer, as its framework saved it. */
export interface SavedOptimizer {
  readonly framework: 'torch' | 'keras';
  /** Its class, such as `AdamW`, if the file has it. */
  readonly name?: string;
  /** The loss that the model was compiled with, if the file has it. */
  readonly loss?: unknown;
  /** For each group of parameters, learning rates and other options, by the framework's own names. */
  readonly groups: readonly SavedGroup[];
  /** The optimizer's state for each parameter, by its position, with the framework's own names. */
  readonly state: ReadonlyMap<number, Readonly<Record<string, Tensor | number>>>;
}

export interface SavedGroup {
  readonly settings: Readonly<Record<string, unknown>>;
  /** Positions of its parameters. */
  readonly parameters: readonly number[];
}

export interface Graph {
  /** The reader that made it, such as `onnx`. */
  readonly format: string;
  /** The precision that the source computes in. */
  readonly precision: 'f32' | 'f64';
  readonly inputs: readonly GraphInput[];
  readonly outputs: readonly GraphOutput[];
  /** The nodes in any order; validation sorts them. */
  readonly nodes: readonly Node[];
  readonly classes?: readonly (string | number)[];
  readonly featureNames?: readonly string[];
  readonly decision?: Decision;
  /** For a graph that was already simplified: what it required. Determined from the graph if absent. */
  readonly integers?: Integers;
  /** For a classifier with several targets, one for each output; `classes` and `decision` are then absent. */
  readonly targets?: readonly Target[];
  /** The boosted models that it computes. */
  readonly boosting?: readonly Boosting[];
  /** Custom steps, in an order in which they can be computed. Without any, all inputs are the model's. */
  readonly steps?: readonly OwnStep[];
  /**
   * With steps: the inputs that are the model's. A single one need not be an input of the graph. With several, steps
   * only take what is computed from them.
   */
  readonly rows?: readonly string[];
  /** For a source of only parameters: the names of its tensors that the nodes hold, in its order. */
  readonly parameters?: ReadonlyMap<string, Tensor['data']>;
  /** On request: the saved state of the optimizer that trained it. */
  readonly optimizer?: SavedOptimizer;
  /** Tensors of the source that the model does not use, for the summary. */
  readonly leftOut?: readonly string[];
}

/** The position of the output that the model's decision applies to. */
export function decidedOutput({ outputs, decision }: Pick<Graph, 'decision'> & Named): number {
  return decision?.output === undefined ? 0 : outputs.findIndex(({ name }) => name === decision.output);
}

interface Named {
  readonly outputs: readonly { readonly name: string }[];
}

/** What decides each output, under the output's name; empty if all outputs decide for themselves. */
export function decidersOf(graph: Graph): GraphOutput[] {
  const { outputs, decision, targets } = graph;
  const decided = decidedOutput(graph);
  const scoresOf = (at: number) => (targets?.[at].decision ?? (at === decided ? decision : undefined))?.scores;
  if (outputs.every((_, at) => scoresOf(at) === undefined)) return [];
  return outputs.map((output, at) => ({ ...output, value: scoresOf(at) ?? output.value }));
}
