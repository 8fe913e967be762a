// Distances from a row to packed points: see Points in kernels.h.
#pragma once

#include <cstddef>
#include <cstring>

#include "elementwise.h"
#include "kernels.h"
#include "lanes.h"
#include "math.h"

namespace FP_ISA {

// What one feature adds to the distance of a row x from a point y. Each operation is rounded, as in scikit-learn's
// trees: where two points are equally far, the last bits decide.
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
  // Only uses features that neither lacks.
  static V known_sum_square(V sum, V x, V y, V, V) {
    const V difference = S::sub(x, y);
    return S::select(S::is_nan(difference), sum, S::add(sum, S::mul(difference, difference)));
  }
};

// Steps that are inlined where they are called.
template <class S>
struct SumSquare {
  using V = typename S::V;
  V operator()(V sum, V x, V y, V, V) const { return Differences<S>::sum_square(sum, x, y, sum, sum); }
};
template <class S>
struct SumL1 {
  using V = typename S::V;
  V operator()(V sum, V x, V y, V, V) const { return Differences<S>::l1(sum, x, y, sum, sum); }
};

// Reads the points once for all rows, panel by panel, and as many points of a panel at once as `vectors` hold.
template <class S, int vectors, class F>
FP_INLINE void each_panel(F step, const Points<typename S::T>& points, const typename S::T* x, typename S::T* y,
                          size_t rows) {
  constexpr size_t part = size_t(vectors * S::lanes);
  const size_t K = points.features;
  const auto exponent = S::set1(points.weights[K]);
  const typename S::T* panel = points.panels;
  for (size_t n = 0; n < points.count; n += fp::lane_count, panel += K * fp::lane_count) {
    const size_t left = points.count - n < fp::lane_count ? points.count - n : fp::lane_count;
    for (size_t r = 0; r < rows; r++) {
      typename S::T sums[fp::lane_count];
      for (size_t first = 0; first < fp::lane_count; first += part) {
        typename S::V sum[vectors];
        FP_UNROLL
        for (int i = 0; i < vectors; i++) sum[i] = S::zero();
        for (size_t k = 0; k < K; k++) {
          const auto of_row = S::set1(x[r * K + k]), weight = S::set1(points.weights[k]);
          FP_UNROLL
          for (int i = 0; i < vectors; i++) {
            const auto of_points = S::load(panel + k * fp::lane_count + first + i * S::lanes);
            sum[i] = step(sum[i], of_row, of_points, weight, exponent);
          }
        }
        FP_UNROLL
        for (int i = 0; i < vectors; i++) S::store(sums + first + i * S::lanes, sum[i]);
      }
      std::memcpy(y + r * points.count + n, sums, left * sizeof(typename S::T));
    }
  }
}

template <class S>
void distances(const Points<typename S::T>& points, const typename S::T* x, typename S::T* y, size_t rows) {
  using D = Differences<S>;
  using V = typename S::V;
#ifndef FP_SMALL
  // The distances that models often have, in their usual precision.
  if constexpr (sizeof(typename S::T) == sizeof(double)) {
    constexpr int vectors = Lanes<S>::vectors;
    if (points.metric == Metric::sum_square) {
      return each_panel<S, vectors>(SumSquare<S>(), points, x, y, rows);
    }
    if (points.metric == Metric::l1) return each_panel<S, vectors>(SumL1<S>(), points, x, y, rows);
  }
#endif
  // Other distances are called for each vector.
  constexpr V (*steps[])(V, V, V, V, V) = {
#define FP_METRIC(name) D::name,
#include "metrics.inc"
#undef FP_METRIC
  };
  each_panel<S, 1>(steps[int(points.metric)], points, x, y, rows);
}

}  // namespace FP_ISA
