// Decision trees: checked, packed and walked.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

namespace fp {

// What a tree's values do to the result: the places in TREE_SUMS of lib/graph/graph.ts.
enum class TreeSum : int32_t { float64 = 0, float32 = 1, none = 2, count };

// To the left go values that are at most the threshold, or in the set; and NaN with the odd ones.
enum class Split : int32_t { at_most = 0, at_most_or_nan = 1, in_set = 2, in_set_or_nan = 3, count };

constexpr size_t node_fields = 3, set_bits = 16;

// A packed node. What is on its left follows it.
template <typename T>
struct TreeNode {
  T threshold;      // or the place of its set
  int32_t feature;  // and above it the kind of split, from bit `kind_shift` on
  int32_t next;     // what is on its right; of a leaf −1 − its number
};

constexpr int kind_shift = 29;
constexpr int32_t most_features = int32_t(1) << kind_shift;

template <typename T>
struct Trees {
  const TreeNode<T>* nodes;
  const T* leaves;         // `width` values each
  const T* sets;           // null for none
  const int32_t* roots;    // of each tree
  const int32_t* targets;  // the first element that a tree adds to; null where it adds to none
  size_t count, width;
  T divisor;  // of each element of the result, at the end
  TreeSum sum;
  bool plain;  // every split is `at_most`
};

// Why nodes are no trees over that many features; null where they are. Counts them and their leaves.
template <typename T>
const char* check_trees(const T* nodes, size_t count, size_t features, const T* sets, size_t set_count, size_t& trees,
                        size_t& leaves);

// Of checked nodes. `to` has room for `count`, `roots` for each tree; the number of a leaf's split is kept in `next`
// while what is on its left is packed. Gives whether every split is `at_most`.
template <typename T>
bool pack_trees(const T* nodes, size_t count, TreeNode<T>* to, int32_t* roots);

// `rows` rows of x, each of `features`, give rows of y, each of `outputs`.
template <typename T>
void run_trees(const Trees<T>& trees, const T* x, size_t features, T* y, size_t outputs, size_t rows);

}  // namespace fp
