// What a safetensors file says can be looked up, and lies within it.
#include "safetensors.h"

#include "exact.h"
#include "header.h"

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t most, unsigned seed) {
  return mutate_header(data, size, most, seed);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Exact bytes(data, size);
  fp::Safetensors file;
  fp::FileFault fault;
  if (!file.open(bytes.data(), bytes.size(), fault)) return 0;
  // Names of tensors are the keys of the header, and those of the metadata may be the same.
  for (fp::json::Walk walk{fp::json::Value(bytes.data() + 8)}; walk.next();) {
    const fp::StoredTensor* tensor = file.find(walk.key);
    if (tensor == nullptr) continue;
    volatile char sink = 0;
    for (size_t i = tensor->begin; i < tensor->end; i++) sink = file.data_of(*tensor)[i - tensor->begin];
    (void)sink;
    if (tensor->end - tensor->begin != tensor->count * tensor->element_bytes) __builtin_trap();
  }
  return 0;
}
