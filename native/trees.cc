#include "trees.h"

#include <cstring>
#include <limits>

#define FP_ISA fp::one_row
#include "kernels/ranks.h"

namespace fp {
namespace {

using one_row::code_of;
using one_row::is_in_set;
using one_row::keys_below;

// The number of trees whose leaves are found before their values are added.
constexpr size_t together = 64;

template <typename T>
struct WholeWalk {
  const Trees<T>& trees;
  const T* x;
  using Place = int32_t;
  Place root(size_t tree) const { return trees.roots[tree]; }
  // The next node, or the node itself for a leaf.
  Place next(Place at) const {
    const WholeNode<T>& node = trees.whole[at];
    if (node.next < 0) return at;
    const int32_t left = -int32_t(goes_left(node));
    return ((at + 1) & left) | (node.next & ~left);
  }
  // The number of a leaf; negative for a split.
  int32_t leaf(Place at) const { return -1 - trees.whole[at].next; }

 private:
  // Only has a branch for sets, because the direction of a row is unpredictable.
  bool goes_left(const WholeNode<T>& node) const {
    const T value = x[node.feature & (most_features - 1)];
    const uint32_t kind = uint32_t(node.feature) >> kind_shift;
    const bool nan = (value != value) & ((kind & 1) != 0);
    if (kind < uint32_t(Split::in_set)) return (value <= node.threshold) | nan;
    return is_in_set(trees.sets + size_t(node.threshold), value) | nan;
  }
};

template <typename To, typename From>
To bits_of(From from) {
  To to;
  static_assert(sizeof to == sizeof from);
  std::memcpy(&to, &from, sizeof to);
  return to;
}

template <bool sets>
struct ShortWalk {
  const ShortTrees& trees;
  const float* values;
  using Place = const ShortNode*;
  Place root(size_t tree) const { return trees.nodes + trees.roots[tree]; }
  Place next(Place at) const {
    const uint32_t word = at->word;
    const float value = values[word & ((uint32_t(1) << trees.slot_bits) - 1)];
    uint32_t right = uint32_t(!(value <= at->threshold));
    if constexpr (sets) {
      // Both questions are evaluated, so that there is no branch to predict; without a set, the result of the first
      // counts.
      const uint32_t has_set = word >> trees.slot_bits & 1;
      const uint32_t code = bits_of<uint32_t>(value) & (0 - has_set);
      const uint32_t set = bits_of<uint32_t>(at->threshold) & (0 - has_set);
      const uint32_t outside = ~(trees.codes[set + code / 32] >> code % 32) & 1;
      right = (right & ~has_set) | (outside & has_set);
    }
    return at + way(word) + right;
  }
  int32_t leaf(Place at) const { return way(at->word) != 0 ? -1 : bits_of<int32_t>(at->threshold); }

 private:
  uint32_t way(uint32_t word) const { return word >> (trees.slot_bits + int32_t(sets)); }
};

// The leaves that a row reaches in trees `first` to `end`. Several trees are walked at the same time, because each
// waits for its next node, and several steps are taken between checks for leaves, which are unpredictable. When a tree
// has reached its leaf, the next tree takes its place.
template <size_t lanes, class Walk>
void find_leaves(const Walk& walk, size_t first, size_t end, int32_t* leaves) {
  constexpr size_t steps = 4;
  typename Walk::Place at[lanes];
  size_t tree[lanes];
  size_t next = first, active = 0;
  for (; active < lanes && next < end; active++, next++) {
    tree[active] = next - first;
    at[active] = walk.root(next);
  }
  while (active > 0) {
    for (size_t step = 0; step < steps; step++) {
      for (size_t lane = 0; lane < active; lane++) at[lane] = walk.next(at[lane]);
    }
    for (size_t lane = active; lane-- > 0;) {
      const int32_t leaf = walk.leaf(at[lane]);
      if (leaf < 0) continue;
      leaves[tree[lane]] = leaf;
      if (next < end) {
        tree[lane] = next - first;
        at[lane] = walk.root(next++);
      } else {
        active--;
        at[lane] = at[active];
        tree[lane] = tree[active];
      }
    }
  }
}

// The same for trees with few leaves: all take as many steps as the deepest one, so that no branch is unpredictable.
template <class Walk>
void find_near_leaves(const Walk& walk, size_t first, size_t end, int32_t* leaves) {
  constexpr size_t lanes = 8;
  const uint8_t* const depths = walk.trees.depths;
  for (; first < end; first += lanes, leaves += lanes) {
    typename Walk::Place at[lanes];
    uint8_t depth = 0;
    for (size_t lane = 0; lane < lanes; lane++) {
      const size_t tree = first + lane < end ? first + lane : end - 1;
      at[lane] = walk.root(tree);
      depth = depth < depths[tree] ? depths[tree] : depth;
    }
    for (; depth > 0; depth--) {
      FP_UNROLL
      for (size_t lane = 0; lane < lanes; lane++) at[lane] = walk.next(at[lane]);
    }
    for (size_t lane = 0; lane < lanes && first + lane < end; lane++) leaves[lane] = walk.leaf(at[lane]);
  }
}

template <bool sets>
void find_short_leaves(const ShortTrees& trees, const float* values, size_t first, size_t end, int32_t* leaves) {
  const ShortWalk<sets> walk = {trees, values};
  trees.depths != nullptr ? find_near_leaves(walk, first, end, leaves) : find_leaves<16>(walk, first, end, leaves);
}

// Shared by both precisions.
FP_NOINLINE void find_short_leaves(const ShortTrees& trees, const float* values, size_t first, size_t end,
                                   int32_t* leaves) {
  trees.codes == nullptr ? find_short_leaves<false>(trees, values, first, end, leaves)
                         : find_short_leaves<true>(trees, values, first, end, leaves);
}

// The least float that is not below the value: it is ≤ a float exactly if the value is.
float float_above(float value) { return value; }
float float_above(double value) {
  const float near = float(value);
  if (!(double(near) < value)) return near;
  const int32_t bits = bits_of<int32_t>(near);
  return bits_of<float>(bits + (bits < 0 ? -1 : 1));
}

struct CountBelow {
  template <typename T>
  static size_t count(const T* keys, T value) {
    size_t below = 0;
    for (size_t i = 0; i < key_block; i++) below += size_t(keys[i] < value);
    return below;
  }
};

// Converts a row to the floats of its slots, which short nodes compare.
template <typename T>
void fill_slots(const Slots<T>& slots, const T* x, float* values) {
  for (size_t i = 0; i < slots.count; i++) {
    const Slot& slot = slots.slots[i];
    const T value = x[slot.feature];
    if (slot.levels == 0) {
      values[i] = bits_of<float>(uint32_t(code_of(slot, value)));
    } else if (value != value) {
      values[i] =
          slot.nan_rank == 0 ? -std::numeric_limits<float>::infinity() : std::numeric_limits<float>::quiet_NaN();
    } else if (slots.ranked) {
      values[i] = float(keys_below<CountBelow>(slot, slots.keys, slot.levels, value));
    } else {
      values[i] = float_above(value);
    }
  }
  values[slots.count] = 0;
}

template <typename T>
void fill_slots(const Slots<T>& slots, const uint8_t* ranks, float* values) {
  for (size_t i = 0; i < slots.count; i++) {
    values[i] = slots.slots[i].levels == 0 ? bits_of<float>(uint32_t(ranks[i])) : float(ranks[i]);
  }
  values[slots.count] = 0;
}

// Adds the values of leaves to rows of the result.
template <typename T>
struct Adder {
  const Trees<T>& trees;
  size_t outputs;

  bool in_float32() const { return sizeof(T) > sizeof(float) && trees.sum == TreeSum::float32; }

  // Adds the leaves of `rows` rows in one tree, numbered from its first leaf.
  void add(size_t tree, T* y, size_t rows, size_t first_leaf, const uint8_t* leaves) const {
    const size_t width = trees.width;
    const T* const values = trees.leaves + first_leaf * width;
    if (trees.targets != nullptr && width <= (in_float32() ? 1 : 2)) {
      y += trees.targets[tree];
      if (in_float32()) {
        for (size_t row = 0; row < rows; row++, y += outputs) *y = T(float(*y) + float(values[leaves[row]]));
      } else if (width == 1) {
        for (size_t row = 0; row < rows; row++, y += outputs) *y += values[leaves[row]];
      } else {
        for (size_t row = 0; row < rows; row++, y += outputs) {
          y[0] += values[2 * leaves[row]];
          y[1] += values[2 * leaves[row] + 1];
        }
      }
      return;
    }
    for (size_t row = 0; row < rows; row++, y += outputs) add(tree, y, values + leaves[row] * width);
  }

  // Adds one leaf of one tree to one row.
  FP_NOINLINE void add(size_t tree, T* y, const T* leaf) const {
    const size_t width = trees.width;
    if (trees.targets == nullptr) {
      for (size_t k = 0; k < width; k++) y[tree * width + k] = leaf[k];
      return;
    }
    y += trees.targets[tree];
    if (in_float32()) {
      for (size_t k = 0; k < width; k++) y[k] = T(float(y[k]) + float(leaf[k]));
    } else {
      for (size_t k = 0; k < width; k++) y[k] += leaf[k];
    }
  }

  // Adds the leaves of one row in trees `first` to `end`. Small sums are kept in registers.
  void add(size_t first, size_t end, T* y, const int32_t* leaves) const {
    const T* const values = trees.leaves;
    const bool few = outputs == trees.width && trees.width <= (in_float32() ? 1 : 2);
    if (trees.targets == nullptr || !few) {
      for (size_t tree = first; tree < end; tree++) add(tree, y, values + size_t(*leaves++) * trees.width);
    } else if (in_float32()) {
      float sum = float(*y);
      for (size_t tree = first; tree < end; tree++) sum += float(values[*leaves++]);
      *y = T(sum);
    } else if (trees.width == 1) {
      T sum = *y;
      for (size_t tree = first; tree < end; tree++) sum += values[*leaves++];
      *y = sum;
    } else {
      T a = y[0], b = y[1];
      for (size_t tree = first; tree < end; tree++) {
        const T* const leaf = values + 2 * size_t(*leaves++);
        a += leaf[0];
        b += leaf[1];
      }
      y[0] = a;
      y[1] = b;
    }
  }
};

template <typename T>
void run_row(const Trees<T>& trees, const Kernels<T>& kernels, const TreeKernels& tree_kernels, const T* x, T* y,
             size_t outputs) {
  uint8_t ranks[most_slots + 1];
  float values[most_slots + 1];
  const bool bytes = trees.jumps.trees != nullptr || (trees.sliced != nullptr && trees.slots.ranked);
  if (bytes) kernels.rank(trees.slots, x, 0, 1, ranks, 1);
  if (trees.short_trees.nodes != nullptr)
    bytes ? fill_slots(trees.slots, ranks, values) : fill_slots(trees.slots, x, values);
  const Adder<T> adder = {trees, outputs};
  int32_t leaves[together];
  for (size_t first = 0; first < trees.count; first += together) {
    const size_t end = trees.count - first < together ? trees.count : first + together;
    if (trees.jumps.trees != nullptr) {
      tree_kernels.jump(trees.jumps, ranks, first, end, trees.first_leaves, leaves);
    } else if (trees.whole == nullptr) {
      find_short_leaves(trees.short_trees, values, first, end, leaves);
    } else {
      find_leaves<8>(WholeWalk<T>{trees, x}, first, end, leaves);
    }
    adder.add(first, end, y, leaves);
  }
}

// Runs at most `most_sliced_rows` rows together.
template <typename T>
void run_sliced(const Trees<T>& trees, const Kernels<T>& kernels, const TreeKernels& tree_kernels, const T* x,
                size_t features, T* y, size_t outputs, size_t rows) {
  alignas(64) uint8_t ranks[most_sliced_ranks];
  alignas(64) uint8_t leaves[most_sliced_rows];
  size_t stride = sliced_rows;
  while (stride < rows) stride *= 2;
  kernels.rank(trees.slots, x, features, rows, ranks, stride);
  const uint8_t* const sets = reinterpret_cast<const uint8_t*>(trees.codes);
  const Adder<T> adder = {trees, outputs};
  for (size_t tree = 0; tree < trees.count; tree++) {
    tree_kernels.slice(trees.sliced + trees.sliced_trees[tree], sets, ranks, stride, leaves);
    adder.add(tree, y, rows, size_t(trees.first_leaves[tree]), leaves);
  }
}

// The number of rows below which one at a time is faster.
constexpr size_t least_jumped = 12, least_walked = 8;

}  // namespace

template <typename T>
void run_trees(const Trees<T>& trees, const Kernels<T>& kernels, const TreeKernels& tree_kernels, const T* x,
               size_t features, T* y, size_t outputs, size_t rows) {
  if (trees.targets != nullptr) {
    for (size_t i = 0; i < rows * outputs; i++) y[i] = T(0);
  }
  size_t row = 0;
  if (trees.sliced != nullptr) {
    const size_t least = trees.jumps.trees != nullptr ? least_jumped : least_walked;
    // A power of two, so that the ranks fit on the stack.
    size_t most = most_sliced_rows;
    while (trees.slots.count * most > most_sliced_ranks) most /= 2;
    while (rows - row >= least) {
      const size_t count = rows - row < most ? rows - row : most;
      run_sliced(trees, kernels, tree_kernels, x + row * features, features, y + row * outputs, outputs, count);
      row += count;
    }
  }
  for (; row < rows; row++) run_row(trees, kernels, tree_kernels, x + row * features, y + row * outputs, outputs);
  if (trees.divisor == T(1)) return;
  for (size_t i = 0; i < rows * outputs; i++) {
    y[i] = trees.sum == TreeSum::float32 ? T(float(y[i]) / float(trees.divisor)) : y[i] / trees.divisor;
  }
}

template void run_trees(const Trees<float>&, const Kernels<float>&, const TreeKernels&, const float*, size_t, float*,
                        size_t, size_t);
template void run_trees(const Trees<double>&, const Kernels<double>&, const TreeKernels&, const double*, size_t,
                        double*, size_t, size_t);

}  // namespace fp
