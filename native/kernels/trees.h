// Decision trees: values to ranks, and many rows through a tree at once. tree_layouts.h documents the layouts.
#pragma once

#include <cstring>

#include "../tree_layouts.h"
#include "kernels.h"
#include "ranks.h"

namespace FP_ISA {

template <class S>
struct Below {
  using T = typename S::T;
  static FP_INLINE size_t count(const T* keys, T value) {
    const typename S::V v = S::set1(value);
    int below = 0;
    FP_UNROLL
    for (size_t i = 0; i < key_block; i += S::lanes) below += S::count(S::less(S::load(keys + i), v));
    return size_t(below);
  }
};

template <class S>
FP_INLINE void rank_rows(const Slot& slot, const Slots<typename S::T>& slots, size_t levels, const typename S::T* x,
                         size_t features, size_t rows, uint8_t* ranks) {
  for (size_t row = 0; row < rows; row++, x += features) {
    const size_t below = keys_below<Below<S>>(slot, slots.keys, levels, *x);
    ranks[row] = uint8_t(*x != *x ? slot.nan_rank : below);
  }
}

template <class S>
void rank(const Slots<typename S::T>& slots, const typename S::T* x, size_t features, size_t rows, uint8_t* ranks,
          size_t stride) {
  const Slot* const end = slots.slots + slots.count;
  for (const Slot* slot = slots.slots; slot < end; slot++, ranks += stride) {
    const typename S::T* column = x + slot->feature;
    if (slot->levels == 1) {
      rank_rows<S>(*slot, slots, 1, column, features, rows, ranks);
    } else if (slot->levels == 2) {
      rank_rows<S>(*slot, slots, 2, column, features, rows, ranks);
    } else {
      for (size_t row = 0; row < rows; row++, column += features) ranks[row] = uint8_t(code_of(*slot, *column));
    }
  }
}

// Many rows go through a tree together: each split has the rows that reached it; those that go left continue, while
// those that go right wait.
template <size_t vectors>
FP_NOINLINE void slice_rows(const SlicedNode* node, const uint8_t* sets, const uint8_t* ranks, size_t stride,
                            uint8_t* leaves) {
  using B = Bytes;
  B::M waiting[most_sliced_leaves][vectors];
  B::M here[vectors];
  B::V reached[vectors];
  FP_UNROLL
  for (size_t v = 0; v < vectors; v++) {
    here[v] = B::all();
    reached[v] = B::set1(0);
  }
  uint8_t leaf = 0;
  for (size_t depth = 0;; node++) {
    if (node->kind != SlicedNode::leaf) {
      const uint8_t* const column = ranks + node->slot * stride;
      const auto split = [&](auto goes_left) {
        FP_UNROLL
        for (size_t v = 0; v < vectors; v++) {
          const B::M left = goes_left(B::load(column + v * B::width));
          waiting[depth][v] = B::without(here[v], left);
          here[v] = B::both(here[v], left);
        }
        depth++;
      };
      if (node->kind == SlicedNode::at_most) {
        const B::V threshold = B::set1(node->threshold);
        split([&](B::V rank) { return B::at_most(rank, threshold); });
      } else {
        uint32_t set;
        std::memcpy(&set, ++node, sizeof set);
        const B::Set members(sets + set * sliced_set_bytes);
        split([&](B::V code) { return members.has(code); });
      }
      continue;
    }
    const B::V number = B::set1(leaf++);
    FP_UNROLL
    for (size_t v = 0; v < vectors; v++) reached[v] = B::select(here[v], number, reached[v]);
    if (depth == 0) break;
    depth--;
    FP_UNROLL
    for (size_t v = 0; v < vectors; v++) here[v] = waiting[depth][v];
  }
  FP_UNROLL
  for (size_t v = 0; v < vectors; v++) B::store(leaves + v * B::width, reached[v]);
}

inline void slice(const SlicedNode* tree, const uint8_t* sets, const uint8_t* ranks, size_t rows, uint8_t* leaves) {
  constexpr size_t least = sliced_rows / Bytes::width;
  if (rows == sliced_rows) return slice_rows<least>(tree, sets, ranks, rows, leaves);
  constexpr size_t most = Bytes::most_vectors;
  if (rows < most * Bytes::width) return slice_rows<2 * least>(tree, sets, ranks, rows, leaves);
  for (size_t row = 0; row < rows; row += most * Bytes::width) {
    slice_rows<most>(tree, sets, ranks + row, rows, leaves + row);
  }
}

}  // namespace FP_ISA
