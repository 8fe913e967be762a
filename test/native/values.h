// Arguments for tests that compare instruction sets.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>
#include <vector>

#include "random.h"

namespace test {

// Zeros, ends of the ranges, neighbours of one, ties, thresholds, infinities, NaN: of both signs.
template <typename T>
std::vector<T> edge_values() {
  using Limits = std::numeric_limits<T>;
  const T epsilon = Limits::epsilon(), big = T(1) / epsilon;
  std::vector<T> values = {0,
                           Limits::denorm_min(),
                           Limits::min(),
                           Limits::min() - Limits::denorm_min(),
                           Limits::max(),
                           Limits::infinity(),
                           Limits::quiet_NaN(),
                           epsilon,
                           T(0.25),
                           T(0.34657359027997264),
                           T(0.5),
                           T(0.70710678118654752),
                           1 - epsilon / 2,
                           1,
                           1 + epsilon,
                           T(1.4142135623730951),
                           T(1.5),
                           2,
                           T(2.5),
                           3,
                           T(3.5),
                           6,
                           10,
                           15,
                           20,
                           T(38.7),
                           40,
                           T(88.72),
                           T(103.9),
                           T(170.5),
                           T(709.78),
                           T(745.2),
                           1413,
                           big / 2 - T(0.5),
                           big,
                           big * 2,
                           T(1e18),
                           std::sqrt(Limits::max())};
  const size_t count = values.size();
  for (size_t i = 0; i < count; i++) values.push_back(-values[i]);
  return values;
}

// Every other value of random bits, the rest of a magnitude that the curves care for.
template <typename T>
std::vector<T> random_values(size_t count, uint64_t seed) {
  using Bits = std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>;
  Random generator(seed);
  std::vector<T> values(count);
  for (size_t i = 0; i < count; i++) {
    const uint64_t high = generator.next(), low = generator.next();
    const Bits bits = Bits(high << 32 | low);
    std::memcpy(&values[i], &bits, sizeof bits);
    if (i % 2) {
      const double fraction = generator.uniform();
      values[i] = T(std::ldexp(fraction, generator.below(32) - 20));
    }
  }
  return values;
}

// NaNs are equal whatever their bits; zeros of different sign are not.
template <typename T>
bool same(T a, T b) {
  return (a != a && b != b) || std::memcmp(&a, &b, sizeof a) == 0;
}

}  // namespace test
