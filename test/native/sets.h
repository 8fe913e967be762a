// Every instruction set of this processor, and a fingerprint of what its kernels give.
#pragma once

#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>
#include <vector>

#include "kernels/registry.h"

namespace test {

template <typename T>
const fp::Kernels<T>& table(const fp::InstructionSet& set) {
  if constexpr (std::is_same_v<T, float>) {
    return set.f32;
  } else {
    return set.f64;
  }
}

// Calls f(set) for each set that this processor has.
template <typename F>
void each_set(F f) {
  for (size_t i = 0; i < fp::instruction_set_count; i++) {
    if (fp::instruction_sets[i].available()) f(fp::instruction_sets[i]);
  }
}

// FNV-1a of results, NaNs counting as one.
class Fingerprint {
 public:
  template <typename T>
  void add(const std::vector<T>& results) {
    for (T value : results) {
      if (value != value) value = std::numeric_limits<T>::quiet_NaN();
      unsigned char bytes[sizeof(T)];
      std::memcpy(bytes, &value, sizeof value);
      for (unsigned char byte : bytes) hash_ = (hash_ ^ byte) * 0x100000001b3;
    }
  }
  uint64_t value() const { return hash_; }

 private:
  uint64_t hash_ = 0xcbf29ce484222325;
};

}  // namespace test
