// The functions of two values, one for each row of binary.inc, and the loops of all element-wise kernels.
#pragma once

#include <cstddef>
#include <cstring>
#include <limits>

#include "math.h"
#include "pow.h"
#include "trig.h"

namespace FP_ISA {

// a − b·trunc(a/b) without rounding: multiples of b by powers of two are subtracted from a, starting with the greatest.
template <class T>
FP_NOINLINE T remainder_of(T a, T b) {
  const T y = b < 0 ? -b : b, infinity = std::numeric_limits<T>::infinity();
  T x = a < 0 ? -a : a;
  if (!(x < infinity) || !(y > 0)) return std::numeric_limits<T>::quiet_NaN();
  if (x < y || y == infinity) return a;
  T part = y;
  while (x - part >= part) part += part;
  for (; part >= y; part *= T(0.5)) {
    if (x >= part) x -= part;
  }
  if (x == 0) return a * T(0);
  return a < 0 ? -x : x;
}

template <class S>
struct Binaries {
  using V = typename S::V;
  using M = typename S::M;

  static V add(V a, V b) { return S::add(a, b); }
  static V sub(V a, V b) { return S::sub(a, b); }
  static V mul(V a, V b) { return S::mul(a, b); }
  static V div(V a, V b) { return S::div(a, b); }
  // The vector's own functions return b if either is NaN.
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

  static V fmod(V a, V b) {
    typename S::T x[S::lanes], y[S::lanes];
    S::store(x, a);
    S::store(y, b);
    for (int i = 0; i < S::lanes; i++) x[i] = remainder_of(x[i], y[i]);
    return S::load(x);
  }
  static V atan2(V a, V b) { return FP_ISA::atan2<S>(a, b); }

 private:
  static M is_false(V a) { return S::equal(a, S::zero()); }
};

// Calls f(offset, part) for each vector of a row of `width` elements. `part` loads and stores it: the whole vector, or
// the elements that are left. Each call checks which of the two, so that the code of f exists only once.
template <class S>
struct Part {
  using T = typename S::T;
  using V = typename S::V;
  size_t left;

  V load(const T* from) const {
    return left >= size_t(S::lanes) ? S::load(from) : S::load_part(from, int(left), S::zero());
  }
  void store(T* to, V v) const { left >= size_t(S::lanes) ? S::store(to, v) : S::store_part(to, v, int(left)); }
};

template <class S, class F>
FP_INLINE void for_parts(size_t width, F f) {
  for (size_t i = 0; i < width; i += S::lanes) f(i, Part<S>{width - i});
}

template <class S, typename S::V (*Function)(typename S::V, typename S::V, typename S::V)>
void unary(const typename S::T* x, typename S::T* y, size_t count, const typename S::T* parameters) {
  const typename S::V alpha = S::set1(parameters[0]), beta = S::set1(parameters[1]);
  for_parts<S>(count, [&](size_t i, Part<S> part) { part.store(y + i, Function(part.load(x + i), alpha, beta)); });
}

// The same only for whole vectors: `count` is a multiple of the lanes.
template <class S, typename S::V (*Function)(typename S::V, typename S::V, typename S::V)>
FP_INNER void map_vectors(const typename S::T* x, typename S::T* y, size_t count, const typename S::T* parameters) {
  const typename S::V alpha = S::set1(parameters[0]), beta = S::set1(parameters[1]);
  for (size_t i = 0; i < count; i += S::lanes) S::store(y + i, Function(S::load(x + i), alpha, beta));
}

// `map` for any count. The rest is computed in a copy, which needs less code and takes 3 ns more. `map` is the last
// argument, so that callers leave the other arguments where they are.
template <class S>
FP_NOINLINE void map_all(const typename S::T* x, typename S::T* y, size_t count, const typename S::T* parameters,
                         void(FP_INNER* map)(const typename S::T*, typename S::T*, size_t, const typename S::T*)) {
  const size_t left = count % S::lanes, whole = count - left;
  if (whole > 0) map(x, y, whole, parameters);
  if (left == 0) return;
  typename S::T aside[S::lanes];
  S::store(aside, S::load_part(x + whole, int(left), S::zero()));
  map(aside, aside, S::lanes, parameters);
  S::store_part(y + whole, S::load(aside), int(left));
}

// Even smaller: the function is called for each vector.
template <class S>
FP_NOINLINE void each(const typename S::T* x, typename S::T* y, size_t count, const typename S::T* parameters,
                      typename S::V (*function)(typename S::V, typename S::V, typename S::V)) {
  const typename S::V alpha = S::set1(parameters[0]), beta = S::set1(parameters[1]);
  for_parts<S>(count, [&](size_t i, Part<S> part) { part.store(y + i, function(part.load(x + i), alpha, beta)); });
}

template <class S, typename S::V (*Function)(typename S::V, typename S::V, typename S::V)>
void seldom_unary(const typename S::T* x, typename S::T* y, size_t count, const typename S::T* parameters) {
#ifdef FP_SMALL
  each<S>(x, y, count, parameters, Function);
#else
  map_all<S>(x, y, count, parameters, map_vectors<S, Function>);
#endif
}

// Consecutive rows are one long row, unless an operand repeats.
inline void join_rows(size_t& rows, size_t& width) {
  width *= rows;
  rows = width > 0;
}

template <class S, class F>
FP_INLINE void pairs(F f, const typename S::T* a, size_t a_stride, const typename S::T* b, size_t b_stride,
                     typename S::T* y, size_t rows, size_t width) {
  if (a_stride == width && b_stride == width) join_rows(rows, width);
  for (; rows > 0; rows--, a += a_stride, b += b_stride, y += width) {
    for_parts<S>(width, [&](size_t i, Part<S> part) { part.store(y + i, f(part.load(a + i), part.load(b + i))); });
  }
}

template <class S, typename S::V (*Function)(typename S::V, typename S::V)>
void binary(const typename S::T* a, size_t a_stride, const typename S::T* b, size_t b_stride, typename S::T* y,
            size_t rows, size_t width) {
  pairs<S>(Function, a, a_stride, b, b_stride, y, rows, width);
}

// The same, called for each vector.
template <class S>
FP_NOINLINE void each_pair(const typename S::T* a, size_t a_stride, const typename S::T* b, size_t b_stride,
                           typename S::T* y, size_t rows, size_t width,
                           typename S::V (*function)(typename S::V, typename S::V)) {
  pairs<S>(function, a, a_stride, b, b_stride, y, rows, width);
}

template <class S, typename S::V (*Function)(typename S::V, typename S::V)>
void seldom_binary(const typename S::T* a, size_t a_stride, const typename S::T* b, size_t b_stride, typename S::T* y,
                   size_t rows, size_t width) {
  each_pair<S>(a, a_stride, b, b_stride, y, rows, width, Function);
}

template <class S>
void requantize(const float* sums, const double* bias, const double* factor, const double* settings, double* y,
                size_t rows, size_t width) {
  using V = typename S::V;
  const V shift = S::set1(settings[0]), low = S::set1(settings[1]), high = S::set1(settings[2]);
  const V zero = S::set1(settings[3]);
  for (; rows > 0; rows--, sums += width, y += width) {
    for_parts<S>(width, [&](size_t i, Part<S> part) {
      float aside[S::lanes] = {};
      const bool whole = part.left >= size_t(S::lanes);
      if (!whole) std::memcpy(aside, sums + i, part.left * sizeof *sums);
      const V sum = S::add(S::load_floats(whole ? sums + i : aside), part.load(bias + i));
      const V result = S::floor(S::fma(sum, part.load(factor + i), shift));
      part.store(y + i, S::add(S::min(high, S::max(low, result)), zero));
    });
  }
}

template <class S>
void affine(const typename S::T* x, const typename S::T* scale, const typename S::T* shift, typename S::T* y,
            size_t rows, size_t width) {
  for (; rows > 0; rows--, x += width, y += width) {
    for_parts<S>(width, [&](size_t i, Part<S> part) {
      part.store(y + i, S::fma(part.load(x + i), part.load(scale + i), part.load(shift + i)));
    });
  }
}

template <class S>
void select(const typename S::T* condition, size_t condition_stride, const typename S::T* a, size_t a_stride,
            const typename S::T* b, size_t b_stride, typename S::T* y, size_t rows, size_t width) {
  if (condition_stride == width && a_stride == width && b_stride == width) join_rows(rows, width);
  for (; rows > 0; rows--, condition += condition_stride, a += a_stride, b += b_stride, y += width) {
    for_parts<S>(width, [&](size_t i, Part<S> part) {
      const auto is_false = S::equal(part.load(condition + i), S::zero());
      part.store(y + i, S::select(is_false, part.load(b + i), part.load(a + i)));
    });
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
