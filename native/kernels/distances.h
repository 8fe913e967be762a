// Distances from a row to points that were packed: see Points in kernels.h.
#pragma once

#include <cstddef>

#include "elementwise.h"
#include "kernels.h"
#include "lanes.h"
#include "math.h"

namespace FP_ISA {

// What one feature adds to the distance of a row x from a point y. Rounded after each operation, as scikit-learn's
// trees are: where two points are equally far, its last bits decide.
template <class S>
struct Differences {
  using V = typename S::V;

  static V sum_square(V sum, V x, V y, V, V) {
    const V difference = S::sub(x, y);
    return S::add(sum, S::mul(difference, difference));
  }
  static V l1(V sum, V x, V y, V, V) { return S::add(sum, abs<S>(S::sub(x, y))); }
  static V max(V sum, V x, V y, V, V) { return Binaries<S>::max(sum, abs<S>(S::sub(x, y))); }
  static V power(V sum, V x, V y, V weight, V exponent) {
    return S::add(sum, S::mul(weight, Binaries<S>::pow(abs<S>(S::sub(x, y)), exponent)));
  }
  static V different(V sum, V x, V y, V, V) { return S::select(S::equal(x, y), sum, S::add(sum, S::set1(1))); }
  static V canberra(V sum, V x, V y, V, V) {
    const V size = S::add(abs<S>(x), abs<S>(y));
    return S::select(S::equal(size, S::zero()), sum, S::add(sum, S::div(abs<S>(S::sub(x, y)), size)));
  }
  // Of what neither lacks.
  static V known_sum_square(V sum, V x, V y, V, V) {
    const V difference = S::sub(x, y);
    return S::select(S::is_nan(difference), sum, S::add(sum, S::mul(difference, difference)));
  }
};

// Points are gone through once for all rows, a panel at a time.
template <class S, class F>
FP_INLINE void each_panel(F step, const Points<typename S::T>& points, const typename S::T* x, typename S::T* y,
                          size_t rows) {
  using L = Lanes<S>;
  const size_t K = points.features;
  const auto exponent = S::set1(points.weights[K]);
  const typename S::T* panel = points.panels;
  for (size_t n = 0; n < points.count; n += fp::lane_count, panel += K * fp::lane_count) {
    for (size_t r = 0; r < rows; r++) {
      L sum = L::set1(0);
      for (size_t k = 0; k < K; k++) {
        const auto of_row = S::set1(x[r * K + k]), weight = S::set1(points.weights[k]);
        FP_UNROLL
        for (int i = 0; i < L::vectors; i++) {
          sum.v[i] = step(sum.v[i], of_row, S::load(panel + k * fp::lane_count + i * S::lanes), weight, exponent);
        }
      }
      sum.store_part(y + r * points.count + n, ptrdiff_t(points.count - n));
    }
  }
}

// For metrics that are seldom: called for each vector.
template <class S>
FP_NOINLINE void each_difference(typename S::V (*step)(typename S::V, typename S::V, typename S::V, typename S::V,
                                                       typename S::V),
                                 const Points<typename S::T>& points, const typename S::T* x, typename S::T* y,
                                 size_t rows) {
  each_panel<S>(step, points, x, y, rows);
}

template <class S>
void distances(const Points<typename S::T>& points, const typename S::T* x, typename S::T* y, size_t rows) {
  using D = Differences<S>;
  using V = typename S::V;
#ifndef FP_SMALL
  if (points.metric == Metric::sum_square) {
    return each_panel<S>([](V sum, V a, V b, V c, V d) { return D::sum_square(sum, a, b, c, d); }, points, x, y, rows);
  }
  if (points.metric == Metric::l1) {
    return each_panel<S>([](V sum, V a, V b, V c, V d) { return D::l1(sum, a, b, c, d); }, points, x, y, rows);
  }
#endif
  constexpr V (*steps[])(V, V, V, V, V) = {
#define FP_METRIC(name) D::name,
#include "metrics.inc"
#undef FP_METRIC
  };
  each_difference<S>(steps[int(points.metric)], points, x, y, rows);
}

}  // namespace FP_ISA
