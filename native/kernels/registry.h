// The instruction sets of this build.
#pragma once

#include <cstddef>

#include "kernels.h"

namespace fp {

// All of kernels.inc, best first, whether or not this processor has them.
extern const InstructionSet instruction_sets[];
extern const size_t instruction_set_count;

// The ways to multiply bytes: all of int8.inc, best first for each set, whether or not this processor has them.
struct Int8Way {
  const char* set;
  const char* name;
  bool (*available)();
  const Int8Kernels& kernels;
};
extern const Int8Way int8_ways[];
extern const size_t int8_way_count;

// The best way to multiply bytes of this set that the processor has; the set must be available.
const Int8Kernels& best_int8(const InstructionSet& set);

// The best functions for trees of this set that the processor has; the set must be available.
TreeKernels best_trees(const InstructionSet& set);

// The best set that is available here, or the one with that name; null if it is not available.
const InstructionSet* best_instruction_set();
const InstructionSet* find_instruction_set(const char* name);

}  // namespace fp
