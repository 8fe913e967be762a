// Weighted sums of rows of a table, given by pairs of an id and a weight. Products and sums are each rounded, as in
// scipy: see docs/numerics.md.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels.h"

namespace FP_ISA {

// The columns of B vectors; only `columns` of them are used.
template <class S, int B>
FP_NOINLINE void bag_columns(const typename S::T* table, size_t width, const int32_t* ids, const typename S::T* weights,
                             size_t count, typename S::T* y, size_t columns) {
  using V = typename S::V;
  constexpr size_t lanes = S::lanes, ahead = 8;
  typename S::T part[lanes];
  V sum[B];
  if (columns < B * lanes) {
    for (size_t i = 0; i < lanes; i++) part[i] = i < columns ? y[i] : 0;
  }
  typename S::T* const to = columns < B * lanes ? part : y;
  FP_UNROLL
  for (int b = 0; b < B; b++) sum[b] = S::load(to + b * lanes);
  for (size_t k = 0; k < count; k++) {
    if (B > 1 && k + ahead < count) FP_PREFETCH(table + size_t(ids[k + ahead]) * width);
    const typename S::T* const row = table + size_t(ids[k]) * width;
    const V weight = S::set1(weights[k]);
    FP_UNROLL
    for (int b = 0; b < B; b++) sum[b] = S::add(sum[b], S::mul(weight, S::load(row + b * lanes)));
  }
  FP_UNROLL
  for (int b = 0; b < B; b++) S::store(to + b * lanes, sum[b]);
  if (columns < B * lanes) {
    for (size_t i = 0; i < columns; i++) y[i] = part[i];
  }
}

template <class S>
void bag(const typename S::T* table, size_t width, const int32_t* ids, const typename S::T* weights, size_t count,
         typename S::T* y) {
  constexpr size_t lanes = S::lanes;
#ifdef FP_SMALL
  constexpr int most = 1;
#else
  constexpr int most = 4;
#endif
  size_t column = 0;
  for (; column + most * lanes <= width; column += most * lanes) {
    bag_columns<S, most>(table + column, width, ids, weights, count, y + column, most * lanes);
  }
  for (; column < width; column += lanes) {
    bag_columns<S, 1>(table + column, width, ids, weights, count, y + column, width - column);
  }
}

}  // namespace FP_ISA
