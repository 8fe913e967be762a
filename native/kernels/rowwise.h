// Kernels that sum along a row: softmax, norms, reductions. Every sum is in the order of lanes.h.
#pragma once

#include <cstddef>
#include <cstring>
#include <limits>

#include "elementwise.h"
#include "kernels.h"
#include "lanes.h"
#include "math.h"

namespace FP_ISA {

template <class T>
constexpr T infinity = std::numeric_limits<T>::infinity();

template <class S>
inline typename S::V itself(typename S::V a) {
  return a;
}
template <class S>
inline typename S::V square(typename S::V a) {
  return S::mul(a, a);
}
// The greater magnitude, or NaN.
template <class S>
inline typename S::V nan_max_abs(typename S::V a, typename S::V b) {
  return Binaries<S>::max(abs<S>(a), abs<S>(b));
}

// The first `count` of sixteen elements, and `fill` for the others. Stored as vectors, so that later loads of vectors
// do not wait.
template <class S>
FP_INNER FP_NOINLINE void pad(const typename S::T* from, size_t count, typename S::T fill, typename S::T* to) {
  FP_ONE_BY_ONE
  for (size_t i = 0; i < fp::lane_count; i += S::lanes) {
    const ptrdiff_t left = ptrdiff_t(count) - ptrdiff_t(i);
    S::store(to + i, left >= S::lanes ? S::load(from + i)
                     : left > 0       ? S::load_part(from + i, int(left), S::set1(fill))
                                      : S::set1(fill));
  }
}

// A row, sixteen elements at a time. The last block may be shorter: it is padded before the loop, because a call within
// the loop would spill its registers.
template <class S>
struct Blocks {
  const typename S::T* row;
  size_t width;
  typename S::T last[fp::lane_count];

  FP_INLINE Blocks(const typename S::T* from, size_t count, typename S::T fill) : row(from), width(count) {
    const size_t left = width % fp::lane_count;
    if (left > 0) pad<S>(row + (width - left), left, fill, last);
  }
  FP_INLINE bool is_whole(size_t i) const { return width - i >= fp::lane_count; }
  FP_INLINE const typename S::T* at(size_t i) const { return is_whole(i) ? row + i : last; }
};

// Calls f(lanes, place) for each 16 elements of a row; in the last call, lanes beyond the row contain `fill`. If lanes
// take many vectors, loading a part of them takes a lot of code.
template <class S, class F>
FP_INLINE void for_lanes(const typename S::T* row, size_t width, typename S::T fill, F f) {
  using L = Lanes<S>;
  if constexpr (L::vectors <= 2) {
    for (size_t i = 0; i < width; i += fp::lane_count) {
      const size_t left = width - i;
      f(left >= fp::lane_count ? L::load(row + i) : L::load_part(row + i, ptrdiff_t(left), fill), i);
    }
  } else {
    const Blocks<S> blocks(row, width, fill);
    for (size_t i = 0; i < width; i += fp::lane_count) f(L::load(blocks.at(i)), i);
  }
}

// y[i] = f(x[i]) over a row, in any order.
template <class S, class F>
FP_INLINE void map_row(const typename S::T* x, typename S::T* y, size_t width, F f) {
  for_parts<S>(width, [&](size_t i, Part<S> part) { part.store(y + i, f(part.load(x + i))); });
}

// The sum of f(x[i]) over a row, where f(fill) is 0 (+0, exactly).
template <class S, class F>
FP_INLINE typename S::T sum_row(const typename S::T* x, size_t width, typename S::T fill, F f) {
  using L = Lanes<S>;
  L sum = L::set1(0);
  for_lanes<S>(x, width, fill, [&](const L& a, size_t) { sum = L::add(sum, L::map(a, f)); });
  return sum.sum();
}

template <class S>
FP_NOINLINE typename S::T sum_of(const typename S::T* x, size_t width) {
  return sum_row<S>(x, width, 0, itself<S>);
}
template <class S>
FP_NOINLINE typename S::T sum_of_squares(const typename S::T* x, size_t width) {
  return sum_row<S>(x, width, 0, square<S>);
}

// Combines a row by f; `neutral` pads the last 16.
template <class S, class F>
FP_INLINE typename S::T fold_row(const typename S::T* x, size_t width, typename S::T neutral, F f) {
  using L = Lanes<S>;
  L out = L::set1(neutral);
  for_lanes<S>(x, width, neutral, [&](const L& a, size_t) { out = L::map(out, a, f); });
  return out.fold(f);
}

// The maximum is the same in any order, and several independent ones do not wait for each other.
template <class S>
FP_NOINLINE typename S::T max_row(const typename S::T* x, size_t width) {
  using L = Lanes<S>;
  constexpr size_t chains = L::vectors < 4 ? 4 / L::vectors : 1, step = chains * fp::lane_count;
  const auto max = Binaries<S>::max;
  L greatest = L::set1(-infinity<typename S::T>);
  size_t i = 0;
  if (chains > 1 && width >= step) {
    L of_chain[chains];
    for (L& lanes : of_chain) lanes = greatest;
    for (; i + step <= width; i += step) {
      FP_UNROLL
      for (size_t c = 0; c < chains; c++) of_chain[c] = L::map(of_chain[c], L::load(x + i + c * fp::lane_count), max);
    }
    for (const L& lanes : of_chain) greatest = L::map(greatest, lanes, max);
  }
  for_lanes<S>(x + i, width - i, -infinity<typename S::T>,
               [&](const L& a, size_t) { greatest = L::map(greatest, a, max); });
  return greatest.fold(max);
}

// The sum of e^(x[i] − shift); writes the terms to `terms` (which may be x) unless it is null.
template <class S>
FP_NOINLINE typename S::T exp_sum(const typename S::T* x, typename S::T* terms, size_t width, typename S::T shift) {
  using T = typename S::T;
  using L = Lanes<S>;
  const typename S::V m = S::set1(shift);
  const auto term = [&](typename S::V v) { return exp<S>(S::sub(v, m)); };
  L sum = L::set1(0);
  if constexpr (L::vectors == 1) {
    for_lanes<S>(x, width, -infinity<T>, [&](const L& a, size_t i) {
      const L out = L::map(a, term);
      if (terms != nullptr) out.store_part(terms + i, ptrdiff_t(width - i));
      sum = L::add(sum, out);
    });
    return sum.sum();
  }
  const Blocks<S> blocks(x, width, -infinity<T>);
  T aside[fp::lane_count];  // for the last terms, and for terms that nobody uses
  for (size_t i = 0; i < width; i += fp::lane_count) {
    const T* const from = blocks.at(i);
    T* const to = terms != nullptr && blocks.is_whole(i) ? terms + i : aside;
    if constexpr (L::vectors == 2) {
      const L out = L::map(L::load(from), term);
      out.store(to);
      sum = L::add(sum, out);
    } else {  // through memory, so that the code of e^x exists only once
      FP_ONE_BY_ONE
      for (size_t v = 0; v < fp::lane_count; v += S::lanes) S::store(to + v, term(S::load(from + v)));
      sum = L::add(sum, L::load(to));
    }
  }
  const size_t left = width % fp::lane_count;
  if (left > 0 && terms != nullptr) std::memcpy(terms + (width - left), aside, left * sizeof(T));
  return sum.sum();
}

template <class S>
FP_NOINLINE typename S::T log_of(typename S::T a) {
  return S::first(log<S>(S::set1(a)));
}
template <class S>
inline typename S::T sqrt_of(typename S::T a) {
  return S::first(S::sqrt(S::set1(a)));
}

// max(z − t, 0) with t so that they sum to 1, z = x − max. Starting with t = −1, below the solution, each step computes
// t from the elements above the previous one; it only rises, and is correct once no element drops out (Michelot's
// projection).
template <class S>
FP_NOINLINE void sparsemax_row(const typename S::T* x, typename S::T* y, size_t width, typename S::T max) {
  using T = typename S::T;
  using V = typename S::V;
  const V m = S::set1(max);
  map_row<S>(x, y, width, [&](V a) { return S::sub(a, m); });
  T threshold = -1, count = infinity<T>;
  while (true) {
    const V t = S::set1(threshold);
    const T left = sum_row<S>(y, width, -infinity<T>, [&](V z) { return truth<S>(S::less(t, z)); });
    if (!(left < count)) break;
    count = left;
    const T sum = sum_row<S>(y, width, -infinity<T>, [&](V z) { return S::select(S::less(t, z), z, S::zero()); });
    threshold = (sum - T(1)) / count;
  }
  const V t = S::set1(threshold);
  map_row<S>(y, y, width, [&](V z) { return S::max(S::zero(), S::sub(z, t)); });
}

// A row of up to 16 elements. If these are one or two vectors, they stay in registers.
template <class S>
FP_NOINLINE void softmax_short_row(const typename S::T* x, typename S::T* y, size_t width) {
  using T = typename S::T;
  using L = Lanes<S>;
  using V = typename S::V;
  const auto scaled = [](const L& terms) {
    const V share = S::set1(1 / terms.sum());
    return L::map(terms, [&](V v) { return S::mul(v, share); });
  };
  if constexpr (L::vectors <= 2) {
    const L a = L::load_part(x, ptrdiff_t(width), -infinity<T>);
    const V m = S::set1(a.fold(Binaries<S>::max));
    scaled(L::map(a, [&](V v) { return exp<S>(S::sub(v, m)); })).store_part(y, ptrdiff_t(width));
  } else {
    T values[fp::lane_count];
    pad<S>(x, width, -infinity<T>, values);
    const V m = S::set1(L::load(values).fold(Binaries<S>::max));
    FP_ONE_BY_ONE
    for (size_t i = 0; i < fp::lane_count; i += S::lanes) {
      S::store(values + i, i < width ? exp<S>(S::sub(S::load(values + i), m)) : S::zero());
    }
    scaled(L::load(values)).store(values);
    std::memcpy(y, values, width * sizeof(T));
  }
}

// e^(x − max)·(1/Σ).
template <class S>
void softmax(const typename S::T* x, typename S::T* y, size_t rows, size_t width) {
  using V = typename S::V;
  for (size_t r = 0; r < rows; r++, x += width, y += width) {
    if (width <= fp::lane_count) {
      softmax_short_row<S>(x, y, width);
      continue;
    }
    const V share = S::set1(1 / exp_sum<S>(x, y, width, max_row<S>(x, width)));
    map_row<S>(y, y, width, [&](V a) { return S::mul(a, share); });
  }
}

// By `kind`: softmax, x − max − log Σ, or sparsemax.
template <class S>
void softmax_of_kind(const typename S::T* x, typename S::T* y, size_t rows, size_t width, int kind) {
  using V = typename S::V;
  if (Softmax(kind) == Softmax::softmax) return softmax<S>(x, y, rows, width);
  for (size_t r = 0; r < rows; r++, x += width, y += width) {
    const auto max = max_row<S>(x, width);
    if (Softmax(kind) == Softmax::sparsemax) {
      sparsemax_row<S>(x, y, width, max);
    } else {
      const V m = S::set1(max), log_sum = S::set1(log_of<S>(exp_sum<S>(x, nullptr, width, max)));
      map_row<S>(x, y, width, [&](V a) { return S::sub(S::sub(a, m), log_sum); });
    }
  }
}

// y = x·scale + shift with its own factor for the row: (x − center)·factor·scale + shift.
template <class S>
inline void standardise_row(const typename S::T* x, typename S::T* y, size_t width, typename S::T center,
                            typename S::T factor, const typename S::T* scale, const typename S::T* shift) {
  using V = typename S::V;
  const V c = S::set1(center), f = S::set1(factor);
  size_t i = 0;
  for (; i + S::lanes <= width; i += S::lanes) {
    const V standard = S::mul(S::sub(S::load(x + i), c), f);
    S::store(y + i, S::fma(standard, S::load(scale + i), S::load(shift + i)));
  }
  if (i < width) {
    const int left = int(width - i);
    const V standard = S::mul(S::sub(S::load_part(x + i, left, S::zero()), c), f);
    const V out = S::fma(standard, S::load_part(scale + i, left, S::zero()), S::load_part(shift + i, left, S::zero()));
    S::store_part(y + i, out, left);
  }
}

// Sums of f(row, x[i]) over each of four rows, in the order of sum_row, in parallel: none waits for another.
template <class S, class F>
FP_INLINE Four<S> sums_of_four(const typename S::T* x, size_t width, const typename S::T (&fill)[4], F f) {
  using L = Lanes<S>;
  L sum[4];
  for (L& lanes : sum) lanes = L::set1(0);
  for (size_t i = 0; i < width; i += fp::lane_count) {
    const size_t left = width - i;
    FP_UNROLL
    for (int r = 0; r < 4; r++) {
      const typename S::T* const from = x + size_t(r) * width + i;
      const L a = left >= fp::lane_count ? L::load(from) : L::load_part(from, ptrdiff_t(left), fill[r]);
      sum[r] = L::add(sum[r], L::map(a, [&](typename S::V v) { return f(r, v); }));
    }
  }
  return Four<S>::sums(sum[0], sum[1], sum[2], sum[3]);
}

// Four rows of layer_norm, or of rms_norm, whose center is 0.
template <class S>
FP_NOINLINE void norm_of_four(const typename S::T* x, typename S::T* y, size_t width, bool centered,
                              typename S::T epsilon, const typename S::T* scale, const typename S::T* shift) {
  using T = typename S::T;
  using V = typename S::V;
  const V count = S::set1(T(width));
  T means[4] = {}, factors[4];
  if (centered) {
    // With a capture: otherwise it would also be a function pointer without an instruction set, and gcc warns about
    // that.
    const Four<S> sums = sums_of_four<S>(x, width, means, [&](int, V v) { return v; });
    Four<S>::map([&](int i) { return S::div(sums.v[i], count); }).store(means, 4);
  }
  const V centers[4] = {S::set1(means[0]), S::set1(means[1]), S::set1(means[2]), S::set1(means[3])};
  const Four<S> squares = sums_of_four<S>(x, width, means, [&](int r, V v) {
    const V d = S::sub(v, centers[r]);
    return S::mul(d, d);
  });
  Four<S>::map([&](int i) {
    const V variance = S::add(S::div(squares.v[i], count), S::set1(epsilon));
    return S::div(S::set1(1), S::sqrt(variance));
  }).store(factors, 4);
  for (int r = 0; r < 4; r++, x += width, y += width) {
    standardise_row<S>(x, y, width, means[r], factors[r], scale, shift);
  }
}

// Processes as many groups of four rows as there are, and subtracts them: if 16 sums are one vector, so that only the
// latency of an addition limits a row, and if rows are long. Short rows overlap by themselves.
template <class S>
FP_INLINE void norm_by_fours(const typename S::T*& x, typename S::T*& y, size_t& rows, size_t width, bool centered,
                             typename S::T epsilon, const typename S::T* scale, const typename S::T* shift) {
  constexpr size_t least_width = 128;
  if constexpr (Lanes<S>::vectors == 1) {
    for (; width >= least_width && rows >= 4; rows -= 4, x += 4 * width, y += 4 * width) {
      norm_of_four<S>(x, y, width, centered, epsilon, scale, shift);
    }
  }
}

// Two passes: first the mean, then the mean of squared differences, so that a large mean does not cost precision.
template <class S>
void layer_norm(const typename S::T* x, typename S::T* y, size_t rows, size_t width, typename S::T epsilon,
                const typename S::T* scale, const typename S::T* shift) {
  using T = typename S::T;
  using V = typename S::V;
  norm_by_fours<S>(x, y, rows, width, true, epsilon, scale, shift);
  for (size_t r = 0; r < rows; r++, x += width, y += width) {
    const T mean = sum_row<S>(x, width, 0, itself<S>) / T(width);
    const V m = S::set1(mean);
    const T squares = sum_row<S>(x, width, mean, [&](V a) {
      const V d = S::sub(a, m);
      return S::mul(d, d);
    });
    standardise_row<S>(x, y, width, mean, T(1) / sqrt_of<S>(squares / T(width) + epsilon), scale, shift);
  }
}

template <class S>
void rms_norm(const typename S::T* x, typename S::T* y, size_t rows, size_t width, typename S::T epsilon,
              const typename S::T* scale, const typename S::T* shift) {
  using T = typename S::T;
  norm_by_fours<S>(x, y, rows, width, false, epsilon, scale, shift);
  for (size_t r = 0; r < rows; r++, x += width, y += width) {
    const T squares = sum_row<S>(x, width, 0, square<S>);
    standardise_row<S>(x, y, width, T(0), T(1) / sqrt_of<S>(squares / T(width) + epsilon), scale, shift);
  }
}

template <class S>
FP_NOINLINE typename S::T norm_of_row(const typename S::T* x, size_t width, int norm) {
  if (Norm(norm) == Norm::l1) return sum_row<S>(x, width, 0, abs<S>);
  if (Norm(norm) == Norm::l2) return sqrt_of<S>(sum_of_squares<S>(x, width));
  return fold_row<S>(x, width, 0, nan_max_abs<S>);
}

template <class S>
void normalize(const typename S::T* x, typename S::T* y, size_t rows, size_t width, int norm, typename S::T epsilon,
               typename S::T floor) {
  using V = typename S::V;
  for (size_t r = 0; r < rows; r++, x += width, y += width) {
    const auto found = norm_of_row<S>(x, width, norm);
    const V n = S::set1(found <= epsilon ? floor : found);
    map_row<S>(x, y, width, [&](V a) { return S::div(a, n); });
  }
}

// How NaN counts in a search for the maximum: greater than all others; ignored; ignored except in the first place,
// where it stays.
enum class Nan { wins, ignored, scanned };

// The position of the greatest (or least) element.
template <class T>
FP_NOINLINE size_t extreme_place(const T* x, size_t width, bool greatest, bool last, Nan nan) {
  size_t best = 0;
  T b = nan == Nan::ignored ? (greatest ? -infinity<T> : infinity<T>) : x[0];
  for (size_t i = nan == Nan::ignored ? 0 : 1; i < width; i++) {
    const T a = x[i];
    const bool better = greatest ? a > b : a < b;
    const bool wins = nan == Nan::wins && a != a && (b == b || last);
    if (better || wins || (last && a == b)) {
      best = i;
      b = a;
    }
  }
  return best;
}

// Sums in sequence; each sum is rounded to the type of the accumulator.
template <class T, class Sum>
FP_NOINLINE T sum_in_order(const T* x, size_t width) {
  T sum = x[0];
  for (size_t i = 1; i < width; i++) sum = T(Sum(sum + x[i]));
  return sum;
}

template <class S, fp::Reduce How>
inline typename S::T reduce_row(const typename S::T* x, size_t width) {
  using T = typename S::T;
  using R = fp::Reduce;
  if constexpr (How == R::sum) return sum_of<S>(x, width);
  if constexpr (How == R::mean) return sum_of<S>(x, width) / T(width);
  if constexpr (How == R::max) return max_row<S>(x, width);
  if constexpr (How == R::min) return fold_row<S>(x, width, infinity<T>, Binaries<S>::min);
  if constexpr (How == R::prod) return fold_row<S>(x, width, 1, S::mul);
  if constexpr (How == R::l1) return norm_of_row<S>(x, width, 0);
  if constexpr (How == R::l2) return norm_of_row<S>(x, width, 1);
  if constexpr (How == R::sum_square) return sum_of_squares<S>(x, width);
  if constexpr (How == R::log_sum) return log_of<S>(sum_of<S>(x, width));
  if constexpr (How == R::log_sum_exp) {
    const T max = max_row<S>(x, width);
    const T shift = max == infinity<T> || max == -infinity<T> ? T(0) : max;  // ∞ − ∞ would be NaN
    return shift + log_of<S>(exp_sum<S>(x, nullptr, width, shift));
  }
  if constexpr (How == R::sum_float32) return sum_in_order<T, float>(x, width);
  if constexpr (How == R::sum_in_order) return sum_in_order<T, T>(x, width);
}

template <class T>
FP_NOINLINE void extreme_places(const T* x, T* y, size_t rows, size_t width, bool greatest, bool last, Nan nan) {
  for (size_t r = 0; r < rows; r++) y[r] = T(extreme_place(x + r * width, width, greatest, last, nan));
}

// The reductions that return a position, and which one.
struct Place {
  bool is_place, greatest, last;
  Nan nan;
};
constexpr Place place_of(fp::Reduce how) {
  using R = fp::Reduce;
  switch (how) {
    case R::arg_max:
      return {true, true, false, Nan::wins};
    case R::arg_min:
      return {true, false, false, Nan::wins};
    case R::arg_max_last:
      return {true, true, true, Nan::wins};
    case R::arg_min_last:
      return {true, false, true, Nan::wins};
    case R::arg_max_number:
      return {true, true, false, Nan::ignored};
    case R::arg_min_number:
      return {true, false, false, Nan::ignored};
    case R::arg_max_scan:
      return {true, true, false, Nan::scanned};
    case R::arg_min_scan:
      return {true, false, false, Nan::scanned};
    case R::arg_max_last_scan:
      return {true, true, true, Nan::scanned};
    case R::arg_min_last_scan:
      return {true, false, true, Nan::scanned};
    default:
      return {false, false, false, Nan::wins};
  }
}

template <class S, fp::Reduce How>
void reduce(const typename S::T* x, typename S::T* y, size_t rows, size_t width) {
  constexpr Place place = place_of(How);
  if constexpr (place.is_place) {
    extreme_places(x, y, rows, width, place.greatest, place.last, place.nan);
  } else {
    for (size_t r = 0; r < rows; r++) y[r] = reduce_row<S, How>(x + r * width, width);
  }
}

}  // namespace FP_ISA
