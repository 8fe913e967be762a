/**
 * The opcodes with which instructions of a plan begin, with the fields that follow the opcode and the instruction's
 * length. `repeat` is how many times an operation applies within one row, side by side.
 */
import type { Numbered } from './entry.ts';

const entries = {
  /**
   * y, x, repeat, K, N, layout (0 weight is [K, N], 1 [N, K]), weight parameter, bias parameter or −1,
   * clamp parameter [lo, hi] or −1 (relu is [0, ∞]), one of WEIGHT. With int8 weights, x is a result of `quantize`.
   */
  dense: { number: 1 },
  /** y, x, function, parameter [alpha, beta] or −1 */
  unary: { number: 2 },
  /** y, a operand, b operand, function */
  binary: { number: 3 },
  /** y, x, scale parameter, shift parameter, each as wide as the row */
  affine: { number: 4 },
  /** y, condition operand, a operand, b operand */
  select: { number: 5 },
  /** y, x, repeat, K, kind (0 softmax, 1 log softmax, 2 sparsemax) */
  softmax: { number: 6 },
  /** y, x, repeat, K, kind (0 layer norm, 1 rms norm), parameter [epsilon], scale parameter [K] or −1, shift parameter [K] or −1 */
  norm: { number: 7 },
  /** y, x, repeat, K, norm, parameter [epsilon, floor] */
  normalize: { number: 8 },
  /** y, x, repeat, K, function: K adjacent elements become one */
  reduce: { number: 9 },
  /** y, x, then as many columns of x as y is wide */
  gather: { number: 10 },
  /** y, outer, number of parts, operand of each part …: parts side by side, `outer` times */
  concat: { number: 11 },
  /** y, ids, table parameter [V, D], V, D, wrap (0 or 1) */
  embedding: { number: 12 },
  /** y, ids, depth, parameter [on, off], wrap (0 or 1): y is as wide as ids × depth */
  one_hot: { number: 13 },
  /** y, x, repeat, K: each K elements become a row for int8 weights, `quantizedWidth(K)` elements wide */
  quantize: { number: 14 },
  /** x, nan (0 or 1): defines nothing; a run stops if x contains an infinity, or a NaN unless `nan` is 1 */
  require_finite: { number: 15 },
  /** y, x, K: x has a number for each pair of K classes, y one for each class */
  couple: { number: 16 },
  /** y, opcode, its fields after y: unary, binary, affine, select, reduce or sort in doubles. All widths count doubles. */
  wide: { number: 17 },
  /** y, x: floats as doubles */
  widen: { number: 18 },
  /** y, x: doubles rounded to floats */
  narrow: { number: 19 },
  /**
   * x: defines nothing; a run stops if x contains an integer of magnitude 2^53 or more. For an input, it stops if the
   * caller's array contains one that a double cannot represent.
   */
  require_exact: { number: 20 },
  /**
   * y, x, W, sum (its number in TREE_SUM), nodes parameter [N, 3], leaves parameter [L, W], sets parameter or −1,
   * parameter [divisor] or −1, then for each tree the first element of y that it adds to, except with `none`
   */
  trees: { number: 21 },
  /**
   * y, a operand, b operand, repeat, M, K, N, layout (0 b is [K, N], 1 [N, K]): `repeat` products of a matrix [M, K] of
   * a and one of b, each [M, N]
   */
  matmul: { number: 22 },
  /**
   * y, x, repeat, K, count, descending (0 or 1), result (0 values, 1 indices): the first `count` of each K elements in
   * sorted order
   */
  sort: { number: 23 },
  /**
   * y, x, K, its number in METRIC, points parameter [N, K], parameter [weights …, exponent] of K + 1 or −1: y is N wide
   */
  distances: { number: 24 },
  /**
   * y, x, repeat, K, count: the least `count` of each K elements in order, then their indices; equal elements are
   * chosen as by scikit-learn's heap
   */
  nearest: { number: 25 },
  /** y, x (a ragged input), table parameter [width of x, width of y], bias parameter or −1, mode (its number in BAG) */
  bag: { number: 26, since: 4 },
  /** y, x (a ragged input), both of the same width */
  scatter: { number: 27, since: 4 },
  /**
   * y, x, repeat, K, parameter [center]: in a plan of f64, each K integers from center − 128 to center + 127 become a
   * row of bytes, which takes `quantizedWidth(K)` words of 32 bits
   */
  bytes: { number: 28, since: 5 },
  /**
   * y, x (a result of `bytes`), repeat, K, N, layout (0 weight is [K, N], 1 [N, K]), weight parameter of integers from
   * −128 to 127, bias parameter [N], factor parameter [N], parameter [shift, low, high, zero]: in a plan of f64,
   * clip(⌊(x·W + bias)·factor + shift⌋, low, high) + zero, where any x·W beyond ±2^24 is clipped
   */
  byte_dense: { number: 29, since: 5 },
  /**
   * y, x, repeat, K, parameter [scale, zero]: as `quantize`, with the same scale for all rows. An element becomes
   * x·(1/scale) + zero, rounded to the nearest integer, at least −128 and at most 127. In a plan of f32.
   */
  static_quantize: { number: 30, since: 6 },
  /**
   * y, x (what `static_quantize` or another `static_dense` gives), repeat, K, N, layout (0 weight is [K, N], 1 [N, K]),
   * weight parameter, bias parameter or −1, clamp parameter or −1, parameter [scale, zero] of x, parameter [scale, zero]
   * of y or −1: a layer of int8 weights. With a scale of y its results are such rows as well.
   */
  static_dense: { number: 31, since: 6 },
} satisfies Record<string, Numbered>;

type OpcodeName = keyof typeof entries;
export const OPCODE: Readonly<Record<OpcodeName, Numbered>> = entries;
