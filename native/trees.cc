#include "trees.h"

namespace fp {
namespace {

// The whole number that a value is, if it is one from `least` to below `end`.
template <typename T>
bool whole(T value, int64_t least, int64_t end, int64_t& number) {
  if (!(value >= T(least) && value < T(end))) return false;
  number = int64_t(value);
  return T(number) == value;
}

template <typename T>
bool in_set(const T* set, T value) {
  if (!(value > T(-1))) return false;
  const T least = value > 0 ? value : T(0);  // the whole part of −0.5 is 0
  if (!(least < T(set_bits) * set[0])) return false;
  const size_t member = size_t(least);
  return (uint32_t(set[1 + member / set_bits]) >> (member % set_bits) & 1) != 0;
}

// 1 or 0, without a branch but for sets: which way a row goes cannot be foreseen.
template <typename T, bool plain>
int32_t goes_left(const TreeNode<T>& node, const T* x, const T* sets) {
  if constexpr (plain) return int32_t(x[node.feature] <= node.threshold);
  const T value = x[node.feature & (most_features - 1)];
  const uint32_t kind = uint32_t(node.feature) >> kind_shift;
  const int32_t nan = int32_t(value != value) & int32_t(kind & 1);
  if (kind < uint32_t(Split::in_set)) return int32_t(value <= node.threshold) | nan;
  return int32_t(in_set(sets + size_t(node.threshold), value)) | nan;
}

// The leaves that a row reaches in trees `first` to `end`. Several trees are walked side by side, since each waits for
// its next node; when one has reached its leaf the next takes its place.
template <typename T, bool plain>
void find_leaves(const Trees<T>& trees, const T* x, size_t first, size_t end, int32_t* leaves) {
  constexpr size_t lanes = 8;
  int32_t at[lanes], tree[lanes];
  size_t next = first, active = 0;
  for (; active < lanes && next < end; active++, next++) {
    tree[active] = int32_t(next - first);
    at[active] = trees.roots[next];
  }
  while (active > 0) {
    for (size_t lane = 0; lane < active; lane++) {
      const TreeNode<T>& node = trees.nodes[at[lane]];
      if (node.next >= 0) {
        const int32_t left = -goes_left<T, plain>(node, x, trees.sets);
        at[lane] = ((at[lane] + 1) & left) | (node.next & ~left);
        continue;
      }
      leaves[tree[lane]] = -1 - node.next;
      if (next < end) {
        tree[lane] = int32_t(next - first);
        at[lane] = trees.roots[next++];
      } else {
        active--;
        at[lane] = at[active];
        tree[lane] = tree[active];
      }
    }
  }
}

}  // namespace

template <typename T>
const char* check_trees(const T* nodes, size_t count, size_t features, const T* sets, size_t set_count, size_t& trees,
                        size_t& leaves) {
  trees = leaves = 0;
  for (size_t i = 0; i < set_count; i++) {
    int64_t bits = 0;
    if (!whole(sets[i], 0, int64_t(1) << set_bits, bits)) return "sets hold a number that has no 16 bits";
  }
  // Subtrees that are still to come for the tree at hand.
  size_t wanted = 0;
  for (size_t i = 0; i < count; i++, nodes += node_fields) {
    if (wanted == 0) {
      trees++;
      wanted = 1;
    }
    if (nodes[0] == T(-1)) {
      leaves++;
      wanted--;
      continue;
    }
    wanted++;
    int64_t feature = 0, kind = 0, place = 0;
    if (!whole(nodes[0], 0, int64_t(features < size_t(most_features) ? features : size_t(most_features)), feature)) {
      return "a tree splits by a feature that is not there";
    }
    if (!whole(nodes[2], 0, int64_t(Split::count), kind)) return "a split is of an unknown kind";
    if (std::isnan(nodes[1])) return "a threshold is NaN";
    if (Split(kind) == Split::at_most || Split(kind) == Split::at_most_or_nan) continue;
    if (!whole(nodes[1], 0, int64_t(set_count), place) || size_t(sets[place]) >= set_count - size_t(place)) {
      return "a split's set is not among the sets";
    }
  }
  return wanted == 0 ? nullptr : "the last tree does not end";
}

template <typename T>
bool pack_trees(const T* nodes, size_t count, TreeNode<T>* to, int32_t* roots) {
  bool plain = true;
  int32_t leaves = 0,
          open = -1;  // the innermost split whose left side is being packed; `next` links it to the one around it
  bool begins = true;
  for (size_t i = 0; i < count; i++, nodes += node_fields) {
    if (begins) *roots++ = int32_t(i);
    begins = false;
    if (nodes[0] != T(-1)) {
      const int32_t kind = int32_t(nodes[2]);
      plain = plain && kind == 0;
      to[i] = {nodes[1], int32_t(nodes[0]) | int32_t(uint32_t(kind) << kind_shift), open};
      open = int32_t(i);
      continue;
    }
    to[i] = {T(0), 0, -1 - leaves++};
    // The split whose left side ends here; what comes next is on its right, and the splits around it stay open.
    if (open < 0) {
      begins = true;
      continue;
    }
    const int32_t outer = to[open].next;
    to[open].next = int32_t(i) + 1;
    open = outer;
  }
  return plain;
}

template <typename T>
void run_trees(const Trees<T>& trees, const T* x, size_t features, T* y, size_t outputs, size_t rows) {
  // Trees that all rows go through before the next ones.
  constexpr size_t together = 64;
  if (trees.targets != nullptr) {
    for (size_t i = 0; i < rows * outputs; i++) y[i] = T(0);
  }
  int32_t leaves[together];
  for (size_t first = 0; first < trees.count; first += together) {
    const size_t end = trees.count - first < together ? trees.count : first + together;
    for (size_t row = 0; row < rows; row++) {
      const T* const values = x + row * features;
      if (trees.plain) {
        find_leaves<T, true>(trees, values, first, end, leaves);
      } else {
        find_leaves<T, false>(trees, values, first, end, leaves);
      }
      T* const result = y + row * outputs;
      for (size_t tree = first; tree < end; tree++) {
        const T* const leaf = trees.leaves + size_t(leaves[tree - first]) * trees.width;
        if (trees.targets == nullptr) {
          for (size_t k = 0; k < trees.width; k++) result[tree * trees.width + k] = leaf[k];
          continue;
        }
        T* const to = result + trees.targets[tree];
        for (size_t k = 0; k < trees.width; k++) {
          to[k] = trees.sum == TreeSum::float32 ? T(float(to[k]) + float(leaf[k])) : to[k] + leaf[k];
        }
      }
    }
  }
  if (trees.divisor == T(1)) return;
  for (size_t i = 0; i < rows * outputs; i++) {
    y[i] = trees.sum == TreeSum::float32 ? T(float(y[i]) / float(trees.divisor)) : y[i] / trees.divisor;
  }
}

template const char* check_trees(const float*, size_t, size_t, const float*, size_t, size_t&, size_t&);
template const char* check_trees(const double*, size_t, size_t, const double*, size_t, size_t&, size_t&);
template bool pack_trees(const float*, size_t, TreeNode<float>*, int32_t*);
template bool pack_trees(const double*, size_t, TreeNode<double>*, int32_t*);
template void run_trees(const Trees<float>&, const float*, size_t, float*, size_t, size_t);
template void run_trees(const Trees<double>&, const double*, size_t, double*, size_t, size_t);

}  // namespace fp
