#include "arena.h"

namespace fp {

void* allocate_zeroed(size_t count, size_t element_bytes) {
  if (count > SIZE_MAX / element_bytes) return nullptr;
  void* const block = aligned_allocate(count * element_bytes);
  if (block != nullptr) std::memset(block, 0, count * element_bytes);
  return block;
}

}  // namespace fp
