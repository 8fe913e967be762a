// The rank of a value among the thresholds of a slot: see tree_layouts.h. Compiled for each instruction set, and once
// more for rows that go through the trees one at a time.
#pragma once

#include "../tree_layouts.h"
#include "kernels.h"

namespace FP_ISA {

template <typename T>
FP_INLINE bool is_in_set(const T* set, T value) {
  if (!(value > T(-1))) return false;
  const T least = value > 0 ? value : T(0);  // −0.5 is truncated to 0
  if (!(least < T(set_bits) * set[0])) return false;
  const size_t member = size_t(least);
  return (uint32_t(set[1 + member / set_bits]) >> (member % set_bits) & 1) != 0;
}

// The code of a value that may be NaN.
template <typename T>
FP_INLINE size_t code_of(const Slot& slot, T value) {
  if (value != value) return slot.nan_rank;
  if (!(value > T(-1) && value < T(slot.keys))) return slot.keys;
  return value > 0 ? size_t(value) : 0;  // −0.5 is truncated to 0
}

// The number of the slot's thresholds that are below the value. `Below::count(block, value)` counts them among the keys
// of a block.
template <class Below, typename T>
FP_INLINE size_t keys_below(const Slot& slot, const T* keys, size_t levels, T value) {
  keys += slot.place;
  size_t block = 0;
  for (size_t level = 0; level < levels; level++) {
    block = block * key_block + Below::count(keys + (slot.blocks[level] + block) * key_block, value);
  }
  return block;
}

}  // namespace FP_ISA
