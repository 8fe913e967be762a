// Goes over the weights of one panel of a dense layer in a cache-friendly order.
#pragma once

#include <cstddef>

namespace fp {

constexpr size_t round_up(size_t count, size_t multiple) { return (count + multiple - 1) / multiple * multiple; }

// Calls put(k, n, weight) for `columns` columns from `first` on, n counting within the panel. `weights` is [K, N], or
// [N, K] when `out_in`.
template <typename T, class F>
void each_weight(const T* weights, bool out_in, size_t K, size_t N, size_t first, size_t columns, F put) {
  if (!out_in) {
    for (size_t k = 0; k < K; k++) {
      for (size_t n = 0; n < columns; n++) put(k, n, weights[k * N + first + n]);
    }
    return;
  }
  // Read along k and written along columns; blocks of k keep both within the first-level cache.
  constexpr size_t block_size = 64;
  for (size_t block = 0; block < K; block += block_size) {
    const size_t end = block + block_size < K ? block + block_size : K;
    for (size_t n = 0; n < columns; n++) {
      const T* const row = weights + (first + n) * K;
      for (size_t k = block; k < end; k++) put(k, n, row[k]);
    }
  }
}

}  // namespace fp
