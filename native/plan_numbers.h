// Made by scripts/operations.js of the tables in lib/graph/operations: change those.
#pragma once

#include <cstdint>

namespace fp {

// Plans are of the least version that has all that they use.
constexpr int32_t oldest_plan = 3;
constexpr int32_t plan_version = 6;
#define FP_PLAN_VERSIONS "3 to 6"

enum class Opcode : int32_t {
  dense = 1,
  unary = 2,
  binary = 3,
  affine = 4,
  select = 5,
  softmax = 6,
  norm = 7,
  normalize = 8,
  reduce = 9,
  gather = 10,
  concat = 11,
  embedding = 12,
  one_hot = 13,
  quantize = 14,
  require_finite = 15,
  couple = 16,
  wide = 17,
  widen = 18,
  narrow = 19,
  require_exact = 20,
  trees = 21,
  matmul = 22,
  sort = 23,
  distances = 24,
  nearest = 25,
  bag = 26,
  scatter = 27,
  bytes = 28,
  byte_dense = 29,
  static_quantize = 30,
  static_dense = 31,
};

// What a dense layer's weights are packed as.
enum class Weights : int32_t {
  whole = 0,
  bf16 = 1,
  int8 = 2,
};

// What `softmax` gives.
enum class Softmax : int32_t {
  softmax = 0,
  log_softmax = 1,
  sparsemax = 2,
};

// What `normalize` divides by.
enum class Norm : int32_t {
  l1 = 0,
  l2 = 1,
  max = 2,
};

// What `sort` gives.
enum class SortResult : int32_t {
  values = 0,
  places = 1,
};

// What `bag` makes of the rows of its table.
enum class BagMode : int32_t {
  sum = 0,
  mean = 1,
  max = 2,
};

// What a tree's values do to the result.
enum class TreeSum : int32_t {
  float64 = 0,
  float32 = 1,
  none = 2,
};

// Where the numbers end that a plan may use.
struct Ends {
  int32_t opcode, unary, binary, reduce, softmax, norm, metric, bag, tree_sum, sort, weight;
};

// Of each version, from the oldest on.
constexpr Ends ends_of_versions[] = {
    {26, 61, 18, 22, 3, 3, 7, 0, 3, 2, 3},  // 3
    {28, 61, 18, 22, 3, 3, 7, 3, 3, 2, 3},  // 4
    {30, 62, 18, 22, 3, 3, 7, 3, 3, 2, 3},  // 5
    {32, 62, 18, 22, 3, 3, 7, 3, 3, 2, 3},  // 6
};

}  // namespace fp
