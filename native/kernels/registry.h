// The instruction sets that this build holds.
#pragma once

#include <cstddef>

#include "kernels.h"

namespace fp {

// All of kernels.inc, best first, whether or not this processor has them.
extern const InstructionSet instruction_sets[];
extern const size_t instruction_set_count;

// The best one available here, or the one of that name; null where there is none or it is not available.
const InstructionSet* best_instruction_set();
const InstructionSet* find_instruction_set(const char* name);

}  // namespace fp
