// Seeded numbers for tests: the same on every machine.
#pragma once

#include <cstdint>
#include <vector>

namespace test {

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15 + 1) {}

  uint32_t next() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return uint32_t(state_ >> 32);
  }
  int below(int limit) { return int(next() % uint32_t(limit)); }
  // From −1 to 1.
  double uniform() { return double(next()) / 2147483648.0 - 1; }

  template <typename T>
  std::vector<T> uniforms(size_t count) {
    std::vector<T> values(count);
    for (T& value : values) value = T(uniform());
    return values;
  }

 private:
  uint64_t state_;
};

}  // namespace test
