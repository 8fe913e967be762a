// One row through trees with few leaves: all comparisons of a tree at once. tree_layouts.h documents the layout.
#pragma once

#include "../tree_layouts.h"
#include "kernels.h"

namespace FP_ISA {

template <size_t size, size_t slots>
FP_NOINLINE void jump_trees(const Jumps& jumps, const uint8_t* ranks, size_t first, size_t end,
                            const int32_t* first_leaves, int32_t* leaves) {
  using B = Bytes;
  // Trees that are processed together, because each hop waits for the previous one.
  constexpr size_t lanes = 8;
  const typename B::template Table<slots> table(ranks);
  uint8_t next[lanes][size] = {}, leaf[lanes][size];
  for (size_t i = first; i < end; i += lanes) {
    const size_t count = end - i < lanes ? end - i : lanes;
    const uint8_t* tree = jumps.trees + i * jump_arrays * size;
    for (size_t lane = 0; lane < count; lane++, tree += jump_arrays * size) {
      FP_UNROLL
      for (size_t at = 0; at < size; at += B::width) {
        const auto array = [&](size_t which) { return B::load(tree + which * size + at); };
        const B::M left = B::at_most(table.at(array(0)), array(1));
        B::store(next[lane] + at, B::select(left, array(2), array(3)));
        B::store(leaf[lane] + at, B::select(left, array(4), array(5)));
      }
    }
    // A lane without a tree repeats the hops of the one before, or stays where it is.
    size_t split[lanes] = {};
    for (int32_t hop = 0; hop < jumps.hops; hop++) {
      FP_UNROLL
      for (size_t lane = 0; lane < lanes; lane++) split[lane] = next[lane][split[lane]];
    }
    for (size_t lane = 0; lane < count; lane++) *leaves++ = first_leaves[i + lane] + leaf[lane][split[lane]];
  }
}

// The kernel of an instruction set whose registers do not hold a whole tree.
inline void jump(const Jumps& jumps, const uint8_t* ranks, size_t first, size_t end, const int32_t* first_leaves,
                 int32_t* leaves) {
  if (jumps.size == most_jump_leaves) {
    jump_trees<most_jump_leaves, most_jump_slots>(jumps, ranks, first, end, first_leaves, leaves);
  } else {
    jump_trees<most_jump_leaves / 2, most_jump_slots / 2>(jumps, ranks, first, end, first_leaves, leaves);
  }
}

}  // namespace FP_ISA
