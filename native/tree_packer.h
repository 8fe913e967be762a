// Chooses the layout of the trees of an instruction, and packs them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "arena.h"
#include "kernels/kernels.h"
#include "tree_layouts.h"

namespace fp {

constexpr size_t node_fields = 3;

// Why nodes are not valid trees over that many features; null if they are. Counts trees and leaves.
template <typename T>
const char* check_trees(const T* nodes, size_t count, size_t features, const T* sets, size_t set_count, size_t& trees,
                        size_t& leaves);

// Numbers of a plan of either precision.
class PlanNumbers {
 public:
  PlanNumbers() = default;
  explicit PlanNumbers(const float* floats) : floats_(floats) {}
  explicit PlanNumbers(const double* doubles) : doubles_(doubles) {}
  double operator[](size_t i) const { return floats_ != nullptr ? double(floats_[i]) : doubles_[i]; }

 private:
  const float* floats_ = nullptr;
  const double* doubles_ = nullptr;
};

// For checked nodes, as in a plan: [count, node_fields] in preorder.
class TreePacker {
 public:
  // Analyses the nodes. Layouts that the kernels do not support are skipped. False if there is not enough memory.
  [[nodiscard]] bool analyse(PlanNumbers nodes, size_t count, PlanNumbers sets, size_t set_count,
                             const TreeKernels& kernels);

  // Takes the memory of the layouts, and fills it once the arena returns it; sets the layouts of `trees`.
  template <typename T>
  void pack(Arena<T>& arena, Trees<T>& trees);

 private:
  // The key of a slot, or of several if it has many thresholds.
  struct Key {
    int32_t feature, kind;
    bool operator==(const Key& other) const { return feature == other.feature && kind == other.kind; }
  };
  bool is_leaf(size_t node) const { return nodes_[node * node_fields] == -1; }
  double threshold(size_t node) const { return nodes_[node * node_fields + 1]; }
  Key key_of(size_t node) const {
    return {int32_t(nodes_[node * node_fields]), int32_t(nodes_[node * node_fields + 2])};
  }
  static bool is_set(const Key& key) { return key.kind >= int32_t(Split::in_set); }
  bool has_sets() const { return set_splits_ > 0; }
  // The position of the key in the hash table, or where to add it.
  size_t find(const Key& key) const;

  void measure();
  void find_keys();
  [[nodiscard]] bool find_sets();
  [[nodiscard]] bool sort_thresholds();
  const double* thresholds_of(size_t i) const { return thresholds_.data() + first_threshold_[i]; }
  size_t threshold_count(size_t i) const { return first_threshold_[i + 1] - first_threshold_[i]; }
  size_t divide(size_t most);
  // The slot of a split, and the rank of its threshold there.
  struct Place {
    size_t slot, rank;
  };
  Place place_of(size_t node) const;

  template <typename U, typename T>
  static U* take(Arena<T>& arena, size_t count) {
    return reinterpret_cast<U*>(arena.take((count * sizeof(U) + sizeof(T) - 1) / sizeof(T)));
  }
  // Calls f(slot, key, the first threshold of the slot) for each slot.
  template <typename F>
  void each_slot(F f) const {
    for (size_t i = 0; i < features_; i++) {
      for (size_t slot = first_slot_[i]; slot < first_slot_[i + 1]; slot++) f(slot, i, (slot - first_slot_[i]) * part_);
    }
  }
  size_t pack_slots(Slot* to) const;
  template <typename T>
  void pack_keys(const Slot* slots, T* keys, size_t count) const;
  void pack_sets(uint32_t* to) const;
  template <typename T>
  void pack_whole(WholeNode<T>* to, int32_t* roots) const;
  // A node that is still to be packed, with its position and that of its children.
  struct Waiting {
    size_t at, below;
  };
  void pack_short(ShortNode* to, int32_t* roots, uint8_t* depths);
  void pack_sliced(SlicedNode* to, int32_t* first_nodes, int32_t* first_leaves) const;
  void pack_jumps(size_t size, uint8_t* to) const;

  PlanNumbers nodes_, words_of_sets_;
  size_t set_count_ = 0;
  size_t count_ = 0, trees_ = 0, set_splits_ = 0;
  size_t most_nodes_ = 0, most_depth_ = 0;  // in one tree; depth counts splits
  bool floats_ = true;
  bool whole_ = false, ranked_ = false, sliced_ = false, jumps_ = false;
  Array<int32_t> sizes_, depths_;  // the size of each subtree, and the splits to its deepest leaf
  Array<Waiting> waiting_;
  Array<Key> keys_;
  size_t features_ = 0;          // keys
  Array<size_t> first_slot_;     // for each key
  size_t slots_ = 0, part_ = 1;  // at most this many thresholds per slot
  // For sets: the number of each, starting with 1, by its position; categories, and the 32-bit words of each set.
  Array<int32_t> set_numbers_;
  size_t sets_ = 0, categories_ = 0, set_words_ = 0;
  // A hash table of keys: the index + 1, or 0 for an empty bucket.
  static constexpr size_t buckets = 1024;
  Array<uint16_t> table_;
  Array<double> thresholds_;  // of each key in ascending order, without duplicates
  Array<size_t> first_threshold_;
};

}  // namespace fp
