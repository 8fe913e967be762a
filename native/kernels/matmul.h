// The product of two matrices that are both computed while a model runs: neither is packed.
#pragma once

#include <cstddef>

#include "kernels.h"
#include "lanes.h"

namespace FP_ISA {

// In sixteen parallel sums: see lanes.h.
template <class S>
FP_NOINLINE typename S::T dot(const typename S::T* a, const typename S::T* b, size_t K) {
  using L = Lanes<S>;
  L sum = L::set1(0);
  size_t k = 0;
  for (; k + fp::lane_count <= K; k += fp::lane_count) sum = L::fma(L::load(a + k), L::load(b + k), sum);
  if (k < K) {
    const ptrdiff_t left = ptrdiff_t(K - k);
    sum = L::fma(L::load_part(a + k, left, 0), L::load_part(b + k, left, 0), sum);
  }
  return sum.sum();
}

// One row times b [K, N]: each column is summed along k.
template <class S>
FP_NOINLINE void row_times(const typename S::T* a, const typename S::T* b, typename S::T* y, size_t K, size_t N) {
  size_t n = 0;
  for (; n + S::lanes <= N; n += S::lanes) {
    auto sum = S::zero();
    for (size_t k = 0; k < K; k++) sum = S::fma(S::set1(a[k]), S::load(b + k * N + n), sum);
    S::store(y + n, sum);
  }
  if (n == N) return;
  const int left = int(N - n);
  auto sum = S::zero();
  for (size_t k = 0; k < K; k++) sum = S::fma(S::set1(a[k]), S::load_part(b + k * N + n, left, S::zero()), sum);
  S::store_part(y + n, sum, left);
}

template <class S>
void matmul(const typename S::T* a, const typename S::T* b, typename S::T* y, size_t M, size_t K, size_t N,
            bool out_in) {
  for (size_t m = 0; m < M; m++, a += K, y += N) {
    if (!out_in) {
      row_times<S>(a, b, y, K, N);
    } else {
      for (size_t n = 0; n < N; n++) y[n] = dot<S>(a, b + n * K, K);
    }
  }
}

}  // namespace FP_ISA
