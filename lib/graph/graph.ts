/**
 * The graph: a trained model as a list of operations over named row tensors.
 *
 * A *row tensor* has one value per row of the batch; shapes here are of one row, the batch is never
 * written down: an input of 14 features has the shape `[14]`, whatever the batch. `[]` is one number a row.
 * A *constant* is a tensor that is the same for every row. Any operand may be either.
 *
 * Formats translate their many spellings into the few operations of {@link OpAttributes}.
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
  /** Whether it is a part of a formula, which nobody trained, such as a table of a function. */
  readonly isFormula?: boolean;
  /** For a batch normalisation's scale: what it and the shift beside it were computed from. */
  readonly moments?: Moments;
}

/** scale/√(variance + epsilon) is a batch normalisation's scale, shift − mean times that its shift. */
export interface Moments {
  readonly mean: Tensor['data'];
  readonly variance: Tensor['data'];
  readonly epsilon: number;
  /** What was trained; 1 and 0 if there is none. */
  readonly scale?: Tensor['data'];
  readonly shift?: Tensor['data'];
}

/** What the source says the elements of an input or output are. */
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
  /** Of one row. */
  readonly shape: readonly number[];
  readonly dtype: DType;
  /**
   * For elements of the row that are categories: by the element's position, its categories, each of which is written as
   * its index. A string that is not among them is written as −1. Where null is among them it is Python's None, which the
   * model tells apart from NaN; NaN is then written as NaN. With an empty list the element is used by nothing: it may
   * be anything, or left out.
   */
  readonly categories?: ReadonlyMap<number, readonly Word[]>;
  /**
   * For elements of the row that are categories, where the model knows only hashes of them: by the element's position, the
   * distinct hashes (int32, see rows/category-hash.ts). A word is written as the index of its hash, or −1 if it has
   * another hash. An integer counts as the word that spells it. These elements may not be missing.
   */
  readonly hashes?: ReadonlyMap<number, readonly number[]>;
  /**
   * How words that are none of an element's are put into places by their hash: one is written as −1 − s, s what `spreadOf`
   * of word-hash.ts gives for it, instead of as −1. An element is then used even where it has no words.
   */
  readonly spread?: readonly WordSpread[];
  /**
   * Whether a value may be missing: null (unless it is among the element's categories), undefined and NaN are then written as
   * NaN.
   */
  readonly missing?: boolean;
  /**
   * By the position of an element that is a number or Python's None, what None is written as. That may be NaN, where the
   * model takes only None: NaN itself is then refused. Any other number is refused where it is not None.
   */
  readonly nones?: ReadonlyMap<number, number>;
  /** Positions of elements of which it only counts whether they are missing: a string is written as 0, a number as itself. */
  readonly present?: ReadonlySet<number>;
  /**
   * Whether a row is any number of pairs of an id and a weight instead, in its own order: a sparse row. The shape is
   * `[N]`, with ids from 0 to N − 1; `dtype` is that of the weights. Only `bag` and `scatter` take such an input.
   */
  readonly ragged?: boolean;
  /** How people's values become the pairs of a ragged input. */
  readonly terms?: TermProgram;
  /**
   * Which features of people's rows the elements are, in their order, or which the terms are made of. Where no input says so,
   * features are the elements of all inputs one after another; otherwise each does.
   */
  readonly features?: readonly number[];
  /**
   * Instead of features, of a graph with steps of the author's own: the cells that the terms are made of, given by the caller or by
   * such a step. A feature of the program is a position among them. None: it is what a step gives, beside inputs with features.
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
  /** What users call it. */
  readonly name: string;
  /** The row tensor (or input) that holds it. */
  readonly value: string;
  readonly dtype: DType;
  /** The name of the list that it is the next item of, where users get one. Its own name is `list[position]`. */
  readonly list?: string;
}

/** The name of a row tensor (an input or some node's output), or a constant. */
export type Operand = string | Tensor;

/** A node is a feature, or −1 for a leaf; a threshold, or where its set begins; one of {@link SPLITS}. */
export const NODE_FIELDS = 3;

/** What goes left: what is at most the threshold, or in the set; and NaN too. */
export const SPLITS = { at_most: 0, at_most_or_nan: 1, in_set: 2, in_set_or_nan: 3 } as const;

/** Bits of a set in each of its numbers, which are exact in float32. */
export const SET_BITS = 16;

/** Weights of a dense layer in half or a quarter of the bits. */
export const REDUCED_NAMES = ['bf16', 'int8'] as const;
export type ReducedWeights = (typeof REDUCED_NAMES)[number];

/**
 * The operations, with their attributes; `inputs` in the order of the comments, `?` may be left out.
 * Axes count within the row's shape from 0 and are never negative here: formats resolve that.
 */
export interface OpAttributes {
  /** x [..., K], weight (constant), bias? (constant, [N]): y = x·W + b over the last axis, then the clamp. */
  dense: {
    /** `in-out`: weight is [K, N] (Keras, scikit-learn's MLP). `out-in`: [N, K] (torch, TFLite). */
    readonly layout: 'in-out' | 'out-in';
    /** [lo, hi]: min(max(y, lo), hi) as clip does; relu is [0, ∞]. */
    readonly clamp?: readonly [number, number];
    /** Kept in fewer bits than the weight's own when the model runs: see reduce.ts. */
    readonly weights?: ReducedWeights;
  };
  /**
   * a [..., M, K], b [..., K, N]: their product [..., M, N]. The axes before the last two broadcast as NumPy's do. With
   * `out-in` b is [..., N, K].
   */
  matmul: { readonly layout: 'in-out' | 'out-in' };
  /** x, scale (constant), shift (constant), both broadcast to the row: y = x·scale + shift, rounded once. */
  affine: Record<never, never>;
  /** x */
  unary: { readonly fn: UnaryName; readonly alpha?: number; readonly beta?: number };
  /** a, b: broadcast as NumPy does, over the row's shape. */
  binary: { readonly fn: BinaryName };
  /** condition, a, b, broadcast together: condition ≠ 0 ? a : b. */
  select: Record<never, never>;
  /** x */
  softmax: { readonly axis: number; readonly fn: SoftmaxName };
  /** x, scale? (constant), shift? (constant): mean 0 and variance 1 over the axes from `axis` to the last. */
  layer_norm: { readonly axis: number; readonly epsilon: number };
  /** x, scale? (constant): x/√(mean(x²) + epsilon) over the axes from `axis` to the last. */
  rms_norm: { readonly axis: number; readonly epsilon: number };
  /** x: x divided by its norm along the axis; where the norm is at most `epsilon` it is taken as `floor`. */
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
   * x: the first `count` elements along the axis in their order, or the places where they stand. NaN is greater than
   * all numbers; of equal elements the one that comes first comes first.
   */
  sort: {
    readonly axis: number;
    readonly count: number;
    readonly descending: boolean;
    readonly result: SortResult;
    /**
     * `heap`: of equal elements those are among the first `count` that stay in scikit-learn's heap when all go through
     * it in order. NaN and infinity never do: infinity and the place 0 stand for what is missing. Not for `descending`.
     */
    readonly ties?: 'heap';
  };
  /**
   * x [K], points (constant [N, K]), weights? (constant [K], for `power`): how far x is from each point, [N]. Sums are
   * rounded after each operation, in the order of the features.
   */
  distances: {
    readonly metric: MetricName;
    /** Of `power`. */
    readonly exponent?: number;
    /**
     * In float64, Σ d² is |x|² − 2·x·y + |y|², at least 0: as scikit-learn has it without a tree. It is faster, and what
     * is near 0 has the error of |x|².
     */
    readonly expanded?: boolean;
  };
  /** two or more of equal shape but for the axis */
  concat: { readonly axis: number };
  /** x: the given positions along the axis, in that order. Slice, split and column selection are all this. */
  gather: { readonly axis: number; readonly indices: Int32Array };
  /** x */
  transpose: { readonly permutation: readonly number[] };
  /** x: the same elements in another shape of the row. */
  reshape: { readonly shape: readonly number[] };
  /** x: broadcast to the shape. */
  expand: { readonly shape: readonly number[] };
  /** ids [...], table (constant [V, ...D]): rows of the table, shape [...ids, ...D]. */
  embedding: {
    /** Whether ids of −V to −1 count from the table's end (ONNX Gather) or are refused (torch, Keras). */
    readonly wrap: boolean;
  };
  /**
   * x (a ragged input of shape [N]), table (constant [N, ...D]), bias? (constant, [...D]): Σ weight·table[id] over the
   * row's pairs, in their order, each product and each sum rounded, then + bias. `mean` and `max` are of the products
   * weight·table[id] too. A row without pairs gives 0, then + bias.
   */
  bag: { readonly mode: BagMode };
  /** x (a ragged input of shape [N]): the row [N] with the sum of the weights of each id, 0 if there is none. */
  scatter: Record<never, never>;
  /**
   * x: the same numbers, from here on as the source holds them: integers, which are exact, or floats, which are rounded.
   * Where formats leave it out, what is computed of only integers is integers.
   */
  retype: { readonly to: 'integer' | 'float' };
  /** x: itself. A run is refused when it holds an infinity, or a NaN unless `nan` allows it. */
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
   * x [K·(K − 1)/2]: for each pair i < j of K classes, in order, the probability of i within the pair. The probability of
   * each class, [K], by libsvm's coupling: its order of operations, and its rule of when to stop.
   */
  couple: Record<never, never>;
  /**
   * x [F], nodes (constant [N, 3]), leaves (constant [L, W]), sets? (constant [S]): decision trees, each of which gives the
   * W values of one leaf.
   *
   * Nodes are trees one after another, each in preorder: a split, what is on its left, what is on its right. A leaf is
   * [−1, 0, 0], and the Lth of all leaves is row L of `leaves`. A split is [feature, threshold, kind]: to the left go
   * 0 x ≤ threshold; 1 that, or NaN; 2 whole parts of x within a set; 3 that, or NaN. Then the threshold is the place of the
   * set in `sets`: how many numbers it has, then these, of 16 bits each, the lowest first.
   */
  trees: {
    /**
     * `float64` adds a tree's values to the outputs from its target on, tree by tree, from 0; in float32 where the
     * model is of f32. `float32` rounds each sum to it in any case. `none`: the values themselves, [T, W].
     */
    readonly sum: TreeSum;
    /** How many there are, and for each tree the first that it adds to; nothing with `none`. */
    readonly outputs: number;
    readonly targets: Int32Array;
    /** What each output is divided by at the end; 1 leaves it. */
    readonly divisor: number;
    /**
     * How many of the trees, from the first on, are none of the model's: numbers that its sums begin with, and what a reader
     * computes by trees. They are trees to the engine, and not counted for people. None unless given.
     */
    readonly helpers?: number;
  };
}
export type Op = keyof OpAttributes;

/** One operation. `name` is its place in messages, as the source calls it. `output` is defined by it alone. */
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
   * `arg_max`: one output per class, the first greatest wins.
   * `above`: one output; over `threshold` it is the second of two classes.
   * `each_above`: an output per label, each by itself: 1 over `threshold`, otherwise 0.
   * `index`: one output, whose elements are positions of classes.
   * `value`: the output is what is predicted: labels that are numbers.
   */
  readonly rule: 'arg_max' | 'above' | 'each_above' | 'index' | 'value';
  readonly threshold?: number;
  /** Whether the outputs are probabilities (predictProba) or scores. */
  readonly probabilities: boolean;
  /** The names of the outputs that are the probabilities, side by side, where it is not the output that decides. */
  readonly probable?: readonly string[];
  /** Whether each of those is of a target by itself. */
  readonly apart?: boolean;
  /**
   * The row tensor that decides, where it is not the output: scores, of which two may be one probability. It has the
   * output's shape where that is probabilities.
   */
  readonly scores?: string;
  /** The name of the output that it is about, where there are several. */
  readonly output?: string;
}

/** One target of a classifier of several: its own output, in the order of the graph's. */
export interface Target {
  readonly classes: readonly (string | number)[];
  readonly decision: Decision;
}

/** How a model computes with integers where floats would take one for another: see docs/numerics.md. */
export interface Integers {
  /** In doubles, in a model of f32: both the integers and what is decided by them. */
  readonly wide: boolean;
  /** Those that no double holds stop a run. */
  readonly checked: boolean;
}

/** A boosted model, as its library describes it; for people. */
export interface Boosting {
  /** Where it is in the file, such as `steps[1]`; empty for the whole. */
  readonly place: string;
  /** The objective or loss that it was fitted for, such as `binary:logistic`. */
  readonly objective: string;
  /** Iterations that are used. */
  readonly iterations: number;
  /** Iterations that the file has. */
  readonly of: number;
}

/**
 * A step of the author's own, which the caller computes between parts of the graph. What it gives is an input of the
 * graph, from which the graph goes on.
 */
export interface OwnStep {
  /** Its name in Python, by which the caller gives the function. */
  readonly name: string;
  /** Where it is in the file, for messages. */
  readonly place: string;
  /** The input whose columns it takes, all of them, whatever they are; or one by one what it takes. */
  readonly takes: string | readonly OwnColumn[];
  /** What the columns that it takes are called, where the file says so. */
  readonly names?: readonly string[];
  /** The input that what it gives is. One that only steps of the author's own take may be none of the graph's inputs. */
  readonly gives: string;
  /** How many columns it gives, and what they are called, as far as the file says so. */
  readonly width?: number;
  readonly givesNames?: readonly string[];
  /** For one that predicts: what the one column that it gives is of. The graph goes on from their positions; numbers stay as they are. */
  readonly classes?: readonly (string | number)[] | 'numbers';
  /** What comes behind it, for messages. */
  readonly next?: string;
  /** What the file has of it, as plain data; frozen. */
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Parts of it that are read, by their names: each takes one row and gives one, and is for the function to call. */
  readonly modules?: ReadonlyMap<string, Graph>;
}

/** A column that a step of the author's own takes. */
export type OwnColumn =
  /** As the caller, or the step before, has given it: the element of an input's row. */
  | GivenCell
  /** An element of a row tensor. Where it stands for words, those of that element of an input, as their indices. */
  | { readonly value: string; readonly element: number; readonly categoriesOf?: GivenCell };

/** The state of an optimizer, as its framework saved it. */
export interface SavedOptimizer {
  readonly framework: 'torch' | 'keras';
  /** Its class, such as `AdamW`, where the file says it. */
  readonly name?: string;
  /** The loss that the model was compiled with, where the file says it. */
  readonly loss?: unknown;
  /** One for each group of parameters: learning rates and such, by the framework's own names. */
  readonly groups: readonly SavedGroup[];
  /** By the position of a parameter: what the optimizer keeps of it, by the framework's own names. */
  readonly state: ReadonlyMap<number, Readonly<Record<string, Tensor | number>>>;
}

export interface SavedGroup {
  readonly settings: Readonly<Record<string, unknown>>;
  /** Positions of its parameters. */
  readonly parameters: readonly number[];
}

export interface Graph {
  /** Which reader made it, such as `onnx`. */
  readonly format: string;
  /** The precision that the source computes in. */
  readonly precision: 'f32' | 'f64';
  readonly inputs: readonly GraphInput[];
  readonly outputs: readonly GraphOutput[];
  /** In any order; validation sorts them. */
  readonly nodes: readonly Node[];
  readonly classes?: readonly (string | number)[];
  readonly featureNames?: readonly string[];
  readonly decision?: Decision;
  /** For a graph that was simplified: what it asked for. Found out unless given. */
  readonly integers?: Integers;
  /** Of a classifier of several targets, one for each output; it then has no `classes` and no `decision`. */
  readonly targets?: readonly Target[];
  /** The boosted models that it computes. */
  readonly boosting?: readonly Boosting[];
  /** Steps of the author's own, in an order in which they can be computed. Without any, all inputs are the model's. */
  readonly steps?: readonly OwnStep[];
  /**
   * With steps: the inputs that are the model's. One alone may be none of the graph's own; of several, steps take nothing but what
   * is computed of them.
   */
  readonly rows?: readonly string[];
  /** For a source of only parameters, and in its order: what its tensors are called that the nodes hold. */
  readonly parameters?: ReadonlyMap<string, Tensor['data']>;
  /** Where it was asked for: what the source keeps of the optimizer that trained it. */
  readonly optimizer?: SavedOptimizer;
  /** Tensors of the source that the model has no use for; for people. */
  readonly leftOut?: readonly string[];
}

/** The position of the output that the model's decision is about. */
export function decidedOutput({ outputs, decision }: Pick<Graph, 'decision'> & Named): number {
  return decision?.output === undefined ? 0 : outputs.findIndex(({ name }) => name === decision.output);
}

interface Named {
  readonly outputs: readonly { readonly name: string }[];
}

/** Of each output what decides it, under its name; nothing where all decide for themselves. */
export function decidersOf(graph: Graph): GraphOutput[] {
  const { outputs, decision, targets } = graph;
  const decided = decidedOutput(graph);
  const scoresOf = (at: number) => (targets?.[at].decision ?? (at === decided ? decision : undefined))?.scores;
  if (outputs.every((_, at) => scoresOf(at) === undefined)) return [];
  return outputs.map((output, at) => ({ ...output, value: scoresOf(at) ?? output.value }));
}
