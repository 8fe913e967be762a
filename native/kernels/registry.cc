#include "registry.h"

#include <cstring>

#include "../cpu.h"

namespace fp {

#define FP_INSTRUCTION_SET(name)    \
  namespace name {                  \
  extern const Kernels<float> f32;  \
  extern const Kernels<double> f64; \
  extern const TreeKernels trees;   \
  }
#include "kernels.inc"
#undef FP_INSTRUCTION_SET

#define FP_INT8(set, way)        \
  namespace way {                \
  extern const Int8Kernels int8; \
  }
#include "int8.inc"
#undef FP_INT8

const Int8Way int8_ways[] = {
#define FP_INT8(set, way) {#set, #way, has_##way, way::int8},
#include "int8.inc"
#undef FP_INT8
};
const size_t int8_way_count = sizeof int8_ways / sizeof *int8_ways;

const Int8Kernels& best_int8(const InstructionSet& set) {
  const Int8Way* way = int8_ways;
  while (std::strcmp(way->set, set.name) != 0 || !way->available()) way++;
  return way->kernels;
}

#if FP_X86_64
namespace avx512vbmi {
void jump(const Jumps&, const uint8_t* ranks, size_t first, size_t end, const int32_t* first_leaves, int32_t* leaves);
}  // namespace avx512vbmi
#endif

TreeKernels best_trees(const InstructionSet& set) {
  TreeKernels kernels = set.trees;
#if FP_X86_64
  if (&set.trees == &avx512::trees) kernels.jump = has_avx512vbmi() ? avx512vbmi::jump : avx2::trees.jump;
#endif
  return kernels;
}

const InstructionSet instruction_sets[] = {
#define FP_INSTRUCTION_SET(name) {#name, has_##name, name::f32, name::f64, name::trees},
#include "kernels.inc"
#undef FP_INSTRUCTION_SET
};
const size_t instruction_set_count = sizeof instruction_sets / sizeof *instruction_sets;

const InstructionSet* best_instruction_set() {
  for (const InstructionSet& set : instruction_sets)
    if (set.available()) return &set;
  return nullptr;
}

const InstructionSet* find_instruction_set(const char* name) {
  for (const InstructionSet& set : instruction_sets)
    if (std::strcmp(set.name, name) == 0) return set.available() ? &set : nullptr;
  return nullptr;
}

}  // namespace fp
