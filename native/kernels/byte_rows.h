// Rows of bytes for layers of bytes, which need no scale: from callers, from doubles, and from the sums of the layer
// before; and the bytes that callers get. P is as in dense_int8.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>

#include "../pack_reduced.h"
#include "kernels.h"

namespace FP_ISA {

// 1.5·2^23. Adding it leaves an integer, rounded to nearest even, in the lower bits.
constexpr float int8_magic = 12582912.0f;

// The rest of a row, padded with zeros to a whole vector.
inline FP_NOINLINE const double* padded(const double* x, size_t left, double* aside, size_t lanes) {
  for (size_t i = 0; i < lanes; i++) aside[i] = i < left ? x[i] : 0;
  return aside;
}

// See Int8Kernels::bytes.
template <class P>
void bytes(const void* x, bool integers, double center, float* y, size_t rows, size_t K) {
  using F = typename P::F;
  using V = typename F::V;
  const float middle = float(center);
  const V least = F::set1(middle - 128), greatest = F::set1(middle + 127),
          shift = F::set1(int8_magic + P::offset - middle);
  const typename F::I base = F::bits(F::set1(int8_magic));
  const float* whole = static_cast<const float*>(x);  // bits of int32
  const double* real = static_cast<const double*>(x);
  for (; rows > 0; rows--, whole += K, real += K, y += fp::quantized_width(K)) {
    typename P::Row* to = reinterpret_cast<typename P::Row*>(y + 1);
    typename F::M odd = F::is_nan(least);  // a forged plan may have any center
    for (size_t k = 0; k < K; k += F::lanes, to += F::lanes) {
      const size_t left = K - k;
      V v;
      if (integers) {
        v = P::to_float(F::bits(left >= F::lanes ? F::load(whole + k) : F::load_part(whole + k, int(left), F::zero())));
      } else {
        double aside[F::lanes];
        v = F::trunc(F::load_doubles(left >= F::lanes ? real + k : padded(real + k, left, aside, F::lanes)));
      }
      odd = F::mask_or(odd, F::is_nan(v));
      v = F::min(greatest, F::max(least, v));
      P::narrow(to, F::isub(F::bits(F::add(v, shift)), base));
    }
    y[0] = F::any(odd) ? std::numeric_limits<float>::quiet_NaN() : 1;
  }
}

// See Int8Kernels::narrow.
template <class P>
size_t narrow(const float* sums, const fp::Narrowing& layer, float* y, size_t rows, size_t N, size_t column) {
  using F = typename P::F;
  using V = typename F::V;
  using Row = typename P::Row;
  const V low = F::set1(int8_magic + layer.low), high = F::set1(int8_magic + layer.high), whole = F::set1(int8_magic);
  const typename F::I base = F::bits(F::set1(int8_magic - P::offset - layer.shift));
  const float *const bias = layer.bias, *const below = layer.below, *const above = layer.above;
  for (size_t r = 0; r < rows; r++, sums += N, y += fp::quantized_width(N)) {
    Row* const to = reinterpret_cast<Row*>(y + 1);
    for (; column < N; column += F::lanes) {
      const bool is_whole = column + F::lanes <= N;
      const V sum = is_whole ? F::load(sums + column) : F::load_part(sums + column, int(N - column), F::zero());
      const V a = F::add(sum, F::load(bias + column));
      const V v = F::fma(a, F::load(below + column), whole);
      if (F::any(F::mask_not(F::equal(v, F::fma(a, F::load(above + column), whole))))) return r * N + column;
      P::narrow(to + column, F::isub(F::bits(F::min(high, F::max(low, v))), base));
    }
    column = 0;
  }
  return rows * N;
}

}  // namespace FP_ISA
