/**
 * The plan: what TypeScript hands to the engine. Its code, a list of 32-bit integers, and a list of parameter arrays.
 * Its constants stand here and in native/plan.h; test/graph/plan-format.test.ts holds them equal.
 *
 *   code = [VERSION, precision, valueCount, inputCount, outputCount, instructionCount,
 *           width of each value (elements of one row) …, input value …, output value …, instructions …]
 *
 * A value is defined by being an input or by exactly one instruction, before its first use. An operand v ≥ 0
 * is a value; v < 0 is the parameter array −1 − v, as wide as a row. An instruction is
 * [opcode, number of integers in it, fields …]; fields as listed at OPCODES. `repeat` is how many times the operation
 * applies within one row, side by side. Parameter arrays are of the plan's precision.
 *
 * In a plan of f32 a value may hold doubles, each of which takes two elements, and so may a parameter array; which of
 * them do is known by the instructions that use them. An input or output of doubles stands in the header as −1 − value.
 *
 * A ragged input stands there as {@link RAGGED_PORT} + value: a row of it is any number of pairs of an id below the
 * value's width and a weight. Only `bag` and `scatter` take it.
 *
 * A plan is of the least version that has all that it uses, and engines run those from {@link OLDEST_PLAN} on.
 */
export const PLAN_VERSION = 4;
/** The version of plans without ragged inputs. */
export const OLDEST_PLAN = 3;

export const RAGGED_PORT = 2 ** 30;

export const PRECISIONS = { f32: 0, f64: 1 } as const;

export const OPCODES = {
  /**
   * y, x, repeat, K, N, layout (0 weight is [K, N], 1 [N, K]), weight parameter, bias parameter or −1,
   * clamp parameter [lo, hi] or −1 (relu is [0, ∞]), one of WEIGHTS. With int8 weights x is what `quantize` gives.
   */
  dense: 1,
  /** y, x, function, parameter [alpha, beta] or −1 */
  unary: 2,
  /** y, a operand, b operand, function */
  binary: 3,
  /** y, x, scale parameter, shift parameter, each as wide as the row */
  affine: 4,
  /** y, condition operand, a operand, b operand */
  select: 5,
  /** y, x, repeat, K, kind (0 softmax, 1 log softmax, 2 sparsemax) */
  softmax: 6,
  /** y, x, repeat, K, kind (0 layer norm, 1 rms norm), parameter [epsilon], scale parameter [K] or −1, shift parameter [K] or −1 */
  norm: 7,
  /** y, x, repeat, K, norm, parameter [epsilon, floor] */
  normalize: 8,
  /** y, x, repeat, K, function: K adjacent elements become one */
  reduce: 9,
  /** y, x, then as many columns of x as y is wide */
  gather: 10,
  /** y, outer, number of parts, operand of each part …: parts side by side, `outer` times */
  concat: 11,
  /** y, ids, table parameter [V, D], V, D, wrap (0 or 1) */
  embedding: 12,
  /** y, ids, depth, parameter [on, off], wrap (0 or 1): y is as wide as ids × depth */
  one_hot: 13,
  /** y, x, repeat, K: each K elements become a row as int8 weights take it, `quantizedWidth(K)` elements wide */
  quantize: 14,
  /** x, nan (0 or 1): defines nothing; a run stops where x holds an infinity, or a NaN unless `nan` is 1 */
  require_finite: 15,
  /** y, x, K: x has a number for each pair of K classes, y one for each class */
  couple: 16,
  /** y, opcode, its fields after y: unary, binary, affine, select, reduce or sort in doubles. All widths count doubles. */
  wide: 17,
  /** y, x: doubles of floats */
  widen: 18,
  /** y, x: floats of doubles, rounded */
  narrow: 19,
  /**
   * x: defines nothing; a run stops where x holds an integer of 2^53 or more. Of an input, where the caller's array
   * holds one that no double does.
   */
  require_exact: 20,
  /**
   * y, x, W, sum (its place in TREE_SUMS), nodes parameter [N, 3], leaves parameter [L, W], sets parameter or −1,
   * parameter [divisor] or −1, then for each tree the first element of y that it adds to, but for `none`
   */
  trees: 21,
  /**
   * y, a operand, b operand, repeat, M, K, N, layout (0 b is [K, N], 1 [N, K]): `repeat` products of a matrix [M, K] and
   * one of b, each [M, N]
   */
  matmul: 22,
  /**
   * y, x, repeat, K, count, descending (0 or 1), result (0 values, 1 places): of each K elements the first `count` in
   * order
   */
  sort: 23,
  /**
   * y, x, K, one of METRIC_NAMES, points parameter [N, K], parameter [weights …, exponent] of K + 1 or −1: y is N wide
   */
  distances: 24,
  /**
   * y, x, repeat, K, count: of each K elements the least `count` in order, then their places, as scikit-learn's heap
   * chooses among equal ones
   */
  nearest: 25,
  /** y, x (a ragged input), table parameter [width of x, width of y], bias parameter or −1, mode (its place in BAG_MODES) */
  bag: 26,
  /** y, x (a ragged input), which is as wide */
  scatter: 27,
} as const;

/** What a dense layer's weights are packed as; the parameter is of the plan's precision whatever it is. */
export const WEIGHTS = { whole: 0, bf16: 1, int8: 2 } as const;

/** Classes that `couple` takes at the most. */
export const MOST_COUPLED = 1024;

/** Sums of products of bytes are exact in 32 bits up to this many. */
export const MOST_INT8_INPUTS = 65536;

/** Elements of a quantised row: its scale, then room for K numbers of one or two bytes. */
export function quantizedWidth(k: number): number {
  return 1 + 8 * Math.ceil(k / 16);
}

/** What the engine may take, in bytes: for packed weights, and for the values of one row. */
export interface MostBytes {
  readonly packed: number;
  readonly ofRow: number;
}

export interface Plan {
  readonly code: Int32Array;
  readonly parameters: readonly (Float32Array | Float64Array)[];
}
