// Layers of very few outputs whose rows and weights are bytes: dot products along k, sixteen at a time. A vector of
// sums has four for each of lanes / 4 outputs, from the same elements of a row. Rows may be those of the caller.
//
// P is as in dense_int8.h, for products of four bytes, and has
//   sixteen(at, flip)  16 elements of a row, exclusive-or `flip`, for each output
//   fold(a, b, c, d)   for each output the sum of its four sums in a, the same of b, of c and of d
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "../pack_reduced.h"
#include "kernels.h"

namespace FP_ISA {

// See Int8Kernels::dots.
template <class P>
void byte_dots(const fp::ByteRows& x, const float* panel, size_t K, size_t N, float* y, size_t rows, size_t columns) {
  using F = typename P::F;
  using I = typename F::I;
  constexpr size_t outputs = F::lanes / 4, step = 16;
  const float* const starts = panel + 2 * outputs;
  const int8_t* weights = reinterpret_cast<const int8_t*>(starts + outputs);
  const I flip = F::iset1(x.flip);
  const char* row[4];
  I sum[4];
  FP_UNROLL
  for (size_t r = 0; r < 4; r++) {
    row[r] = x.elements + (r < rows ? r : 0) * x.stride;
    sum[r] = F::iset1(0);
  }
  for (size_t k = 0; k < K; k += step, weights += outputs * step) {
    const auto b = P::load(weights);
    FP_UNROLL
    for (int r = 0; r < 4; r++) sum[r] = P::dot(sum[r], P::sixteen(row[r] + k, flip), b);
  }
  const I all = P::fold(sum[0], sum[1], sum[2], sum[3]);
  int32_t sums[F::lanes];
  std::memcpy(sums, &all, sizeof sums);
  for (size_t r = 0; r < rows; r++, y += N) {
    const float scale = x.scaled ? reinterpret_cast<const float*>(row[r])[-1] : 1;
    for (size_t n = 0; n < columns; n++) {
      int32_t start;
      std::memcpy(&start, starts + n, sizeof start);
      y[n] = float(sums[4 * n + r] + start) * scale;
    }
  }
}

// Null if the products are not of four bytes.
template <class P>
constexpr auto dots_of() -> decltype(fp::Int8Kernels::dots) {
  if constexpr (P::group == 4) return byte_dots<P>;
  return nullptr;
}

}  // namespace FP_ISA
