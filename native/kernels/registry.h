// The instruction sets that this build holds.
#pragma once

#include <cstddef>

#include "kernels.h"

namespace fp {

// All of kernels.inc, best first, whether or not this processor has them.
extern const InstructionSet instruction_sets[];
extern const size_t instruction_set_count;

// The ways to multiply bytes: all of int8.inc, each set's best first, whether or not this processor has them.
struct Int8Way {
  const char* set;
  const char* name;
  bool (*available)();
  const Int8Kernels& kernels;
};
extern const Int8Way int8_ways[];
extern const size_t int8_way_count;

// The best of the set that this processor has; the set must be available.
const Int8Kernels& best_int8(const InstructionSet& set);

// The best for trees that the set has on this processor; the set must be available.
TreeKernels best_trees(const InstructionSet& set);

// The best one available here, or the one of that name; null if there is none or it is not available.
const InstructionSet* best_instruction_set();
const InstructionSet* find_instruction_set(const char* name);

}  // namespace fp
