// The functions of two values, one for each row of binary.inc, and the loops of all element-wise kernels.
#pragma once

#include <cstddef>
#include <limits>

#include "math.h"
#include "pow.h"

namespace FP_ISA {

template <class S>
struct Binaries {
  using V = typename S::V;
  using M = typename S::M;

  static V add(V a, V b) { return S::add(a, b); }
  static V sub(V a, V b) { return S::sub(a, b); }
  static V mul(V a, V b) { return S::mul(a, b); }
  static V div(V a, V b) { return S::div(a, b); }
  // The vector's own give b where either is NaN.
  static V min(V a, V b) { return S::select(S::is_nan(a), a, S::min(a, b)); }
  static V max(V a, V b) { return S::select(S::is_nan(a), a, S::max(a, b)); }
  static V pow(V a, V b) { return FP_ISA::pow<S>(a, b); }
  static V prelu(V a, V b) { return S::select(S::less(a, S::zero()), S::mul(a, b), a); }

  static V equal(V a, V b) { return truth<S>(S::equal(a, b)); }
  static V less(V a, V b) { return truth<S>(S::less(a, b)); }
  static V less_equal(V a, V b) { return truth<S>(S::less_equal(a, b)); }
  static V greater(V a, V b) { return truth<S>(S::less(b, a)); }
  static V greater_equal(V a, V b) { return truth<S>(S::less_equal(b, a)); }
  static V logical_and(V a, V b) { return truth<S>(S::mask_not(S::mask_or(is_false(a), is_false(b)))); }
  static V logical_or(V a, V b) { return truth<S>(S::mask_not(S::mask_and(is_false(a), is_false(b)))); }
  static V logical_xor(V a, V b) {
    const V one = S::set1(1), of_a = S::select(is_false(a), S::zero(), one);
    return S::select(is_false(b), of_a, S::sub(one, of_a));
  }

 private:
  static M is_false(V a) { return S::equal(a, S::zero()); }
};

template <class S, typename S::V (*Function)(typename S::V, typename S::V, typename S::V)>
void unary(const typename S::T* x, typename S::T* y, size_t count, const typename S::T* parameters) {
  using V = typename S::V;
  const V alpha = S::set1(parameters[0]), beta = S::set1(parameters[1]);
  size_t i = 0;
  for (; i + S::lanes <= count; i += S::lanes) S::store(y + i, Function(S::load(x + i), alpha, beta));
  if (const int left = int(count - i)) {
    S::store_part(y + i, Function(S::load_part(x + i, left, S::zero()), alpha, beta), left);
  }
}

// One row after another is one long row, unless an operand repeats.
inline void join_rows(size_t& rows, size_t& width) {
  width *= rows;
  rows = width > 0;
}

template <class S, typename S::V (*Function)(typename S::V, typename S::V)>
void binary(const typename S::T* a, size_t a_stride, const typename S::T* b, size_t b_stride, typename S::T* y,
            size_t rows, size_t width) {
  if (a_stride == width && b_stride == width) join_rows(rows, width);
  for (; rows > 0; rows--, a += a_stride, b += b_stride, y += width) {
    size_t i = 0;
    for (; i + S::lanes <= width; i += S::lanes) S::store(y + i, Function(S::load(a + i), S::load(b + i)));
    if (const int left = int(width - i)) {
      const auto from_a = S::load_part(a + i, left, S::zero()), from_b = S::load_part(b + i, left, S::zero());
      S::store_part(y + i, Function(from_a, from_b), left);
    }
  }
}

template <class S>
void affine(const typename S::T* x, const typename S::T* scale, const typename S::T* shift, typename S::T* y,
            size_t rows, size_t width) {
  for (; rows > 0; rows--, x += width, y += width) {
    size_t i = 0;
    for (; i + S::lanes <= width; i += S::lanes) {
      S::store(y + i, S::fma(S::load(x + i), S::load(scale + i), S::load(shift + i)));
    }
    if (const int left = int(width - i)) {
      const auto factor = S::load_part(scale + i, left, S::zero()), term = S::load_part(shift + i, left, S::zero());
      S::store_part(y + i, S::fma(S::load_part(x + i, left, S::zero()), factor, term), left);
    }
  }
}

template <class S>
void select(const typename S::T* condition, size_t condition_stride, const typename S::T* a, size_t a_stride,
            const typename S::T* b, size_t b_stride, typename S::T* y, size_t rows, size_t width) {
  using V = typename S::V;
  const V zero = S::zero();
  if (condition_stride == width && a_stride == width && b_stride == width) join_rows(rows, width);
  for (; rows > 0; rows--, condition += condition_stride, a += a_stride, b += b_stride, y += width) {
    size_t i = 0;
    for (; i + S::lanes <= width; i += S::lanes) {
      S::store(y + i, S::select(S::equal(S::load(condition + i), zero), S::load(b + i), S::load(a + i)));
    }
    if (const int left = int(width - i)) {
      const V from_a = S::load_part(a + i, left, zero), from_b = S::load_part(b + i, left, zero);
      const auto is_false = S::equal(S::load_part(condition + i, left, zero), zero);
      S::store_part(y + i, S::select(is_false, from_b, from_a), left);
    }
  }
}

template <class S>
size_t first_not_finite(const typename S::T* x, size_t count, bool nan) {
  using V = typename S::V;
  const V infinity = S::set1(std::numeric_limits<typename S::T>::infinity());
  const auto bad = [&](V a) {
    const V size = abs<S>(a);
    return nan ? S::equal(size, infinity) : S::mask_not(S::less(size, infinity));
  };
  size_t i = 0;
  for (; i + S::lanes <= count; i += S::lanes) {
    if (S::any(bad(S::load(x + i)))) break;
  }
  if (i + S::lanes > count) {
    const int left = int(count - i);
    if (left == 0 || !S::any(bad(S::load_part(x + i, left, S::zero())))) return count;
  }
  while (!S::any(bad(S::set1(x[i])))) i++;
  return i;
}

}  // namespace FP_ISA
