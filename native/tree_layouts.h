// Layouts of decision trees: what splits compare, and the nodes that walkers read. docs/trees.md explains their use.
//
// The leaf that a row reaches does not depend on the layout, and leaves are added in the order of the trees, so the
// bits of the result do not depend on it either.
#pragma once

#include <cstddef>
#include <cstdint>

#include "plan_numbers.h"

namespace fp {

// Values that are at most the threshold, or in the set, go left; with the odd kinds, so does NaN.
enum class Split : int32_t { at_most = 0, at_most_or_nan = 1, in_set = 2, in_set_or_nan = 3, count };

// A set is the number of its words, then the words, with 16 members each, lowest bit first.
constexpr size_t set_bits = 16;

// A node that compares the value itself. Its left subtree follows it.
template <typename T>
struct WholeNode {
  T threshold;      // or the position of its set
  int32_t feature;  // and above it the kind of split, from bit `kind_shift` on
  int32_t next;     // what is on its right; of a leaf −1 − its number
};

constexpr int kind_shift = 29;
constexpr int32_t most_features = int32_t(1) << kind_shift;

// The other layouts have two questions: whether a rank or a float is at most a threshold, and whether a code is in a
// set. All other properties of a split form its slot: the feature, the direction of NaN, and the question. A row is
// first converted to slots.
constexpr size_t most_slots = 511;

// The thresholds of a slot are a search tree with `key_block` keys per block, whose lowest level has all of them in
// order. A rank is the number of thresholds below the value, so that x ≤ threshold k if and only if rank ≤ k.
constexpr size_t key_block = 16, most_levels = 4, most_ranks = 65535, most_byte_ranks = 255;

// The code of a category is its number. Values that are in no set have the code after the last category; values that
// are in every set (NaN if it goes left) have the next one. A set has a bit for each code.
struct Slot {
  uint32_t feature;
  uint32_t keys;                 // thresholds, or categories
  uint32_t place;                // of the first key
  uint32_t blocks[most_levels];  // before each level, from `place` on
  uint32_t levels;               // 0 where it has sets
  uint32_t nan_rank;             // 0 or the number of thresholds; or the code of NaN
};

template <typename T>
struct Slots {
  const Slot* slots;
  const T* keys;  // NaN where a block has no more
  size_t count;
  bool ranked;  // for short nodes; else values become floats
};

// A node of eight bytes, for one row at a time: compares floats, which are values or ranks, or asks for a code. Its
// children are adjacent. A leaf always leads to itself: it compares slot `count`, where a row has 0.
struct ShortNode {
  float threshold;  // or the bits of a number: of a leaf's own, of the first word of a set
  uint32_t word;    // the slot, above it a bit for sets where there are any, and the way to the left child, in nodes
};

struct ShortTrees {
  const ShortNode* nodes;
  const int32_t* roots;   // of each tree
  const uint8_t* depths;  // splits from a root to a leaf, at most; null where trees are deep
  const uint32_t* codes;  // the sets; null for none
  int32_t slot_bits;      // of a word, without the bit for sets
};

// A step through a tree of at most 256 leaves in preorder, for many rows at a time: bytes are ranks or codes.
struct SlicedNode {
  enum Kind : uint8_t { at_most, in_set, leaf };
  uint16_t slot;
  uint8_t threshold;
  Kind kind;  // the field after `in_set` has the number of the set
};
constexpr size_t sliced_set_bytes = 32, most_sliced_codes = 8 * sliced_set_bytes;
constexpr size_t most_sliced_leaves = 256;

// Rows are processed in multiples of `sliced_rows`, with their ranks on the stack.
constexpr size_t sliced_rows = 64, most_sliced_rows = 4 * sliced_rows, most_sliced_ranks = 32 << 10;

// Trees of at most 64 leaves for one row at a time: all comparisons of a tree are done at once, which gives the next
// split for each; these are then followed from the root. Each tree has `jump_arrays` arrays of `size` bytes, by split
// in preorder: the slot; the threshold; the split to the left and the one to the right, or itself where that is a leaf;
// the leaf to the left and the one to the right.
struct Jumps {
  const uint8_t* trees;
  size_t size;   // 32, with no more than 64 slots, or 64
  int32_t hops;  // from a root to the last split of the longest way
};
constexpr size_t jump_arrays = 6, most_jump_leaves = 64, most_jump_slots = 128;

template <typename T>
struct Trees {
  const T* leaves;              // `width` values each
  const int32_t* first_leaves;  // of each tree; null where not needed
  const int32_t* targets;       // the first element that a tree adds to; null where it adds to none
  size_t count, width;
  T divisor;  // of each element of the result, at the end
  TreeSum sum;

  // Whole nodes, if a model has more slots than the other layouts support; otherwise null.
  const WholeNode<T>* whole;
  const int32_t* roots;  // of each tree
  const T* sets;

  Slots<T> slots;
  const uint32_t* codes;        // the sets; null for none
  ShortTrees short_trees;       // without nodes if `jumps` has trees
  const SlicedNode* sliced;     // null for none
  const int32_t* sliced_trees;  // where each begins
  Jumps jumps;
};

}  // namespace fp
