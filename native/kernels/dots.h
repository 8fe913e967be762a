// Dense layers of very few outputs (DenseOrder::lanes of pack.h): dot products along k.
//
// Adding up sixteen lanes takes four steps, each a shuffle and an addition. Four sums at once share them: rows of one
// output where there are rows, outputs of one row otherwise.
#pragma once

#include <cstddef>

#include "../pack.h"
#include "kernels.h"
#include "lanes.h"

namespace FP_ISA {

template <class S>
struct Dots {
  using T = typename S::T;
  using L = Lanes<S>;
  using Layer = fp::DenseLayer<T>;

  struct Finish {
    typename S::V low, high;
    Four<S> bias;
    FP_INLINE Four<S> operator()(const Four<S>& sums) const {
      return Four<S>::map([&](int i) { return S::min(high, S::max(low, S::add(sums.v[i], bias.v[i]))); });
    }
  };

  // Adds up R rows times outputs `first` to first + NN − 1, U·16 sums each.
  template <int R, int NN, int U>
  static FP_INLINE void multiply(L (&sum)[R][NN][U], const T* x, size_t K, const T* weights, size_t padded) {
    constexpr size_t step = fp::lane_count * U;
    FP_UNROLL
    for (int r = 0; r < R; r++) {
      FP_UNROLL
      for (int n = 0; n < NN; n++) {
        FP_UNROLL
        for (int u = 0; u < U; u++) sum[r][n][u] = L::set1(0);
      }
    }
    const auto add = [&](const L& a, size_t k, int r, int u) {
      FP_UNROLL
      for (int n = 0; n < NN; n++) sum[r][n][u] = L::fma(a, L::load(weights + n * padded + k), sum[r][n][u]);
    };
    size_t k = 0;
    for (; k + step <= K; k += step) {
      FP_UNROLL
      for (int u = 0; u < U; u++) {
        const size_t place = k + u * fp::lane_count;
        FP_UNROLL
        for (int r = 0; r < R; r++) add(L::load(x + r * K + place), place, r, u);
      }
    }
    for (int u = 0; k < K && u < U; u++) {
      const size_t place = k + u * fp::lane_count;
      FP_UNROLL
      for (int r = 0; r < R; r++) {
        const ptrdiff_t left = ptrdiff_t(K) - ptrdiff_t(place);
        add(left > 0 ? L::load_part(x + r * K + place, left, T(0)) : L::set1(0), place, r, u);
      }
    }
    FP_UNROLL
    for (int r = 0; r < R; r++) {
      FP_UNROLL
      for (int n = 0; n < NN; n++) {
        FP_UNROLL
        for (int d = 1; d < U; d *= 2) {
          FP_UNROLL
          for (int u = 0; u < U; u += 2 * d) sum[r][n][u] = L::add(sum[r][n][u], sum[r][n][u + d]);
        }
      }
    }
  }

  // Outputs `first` to first + NN − 1 of as many rows as are whole groups of R; returns how many rows those are.
  template <int R, int NN, int U>
  static size_t dots(const Layer& layer, const T* x, T* y, size_t rows, size_t first) {
    constexpr size_t step = fp::lane_count * U;
    const size_t K = layer.K, N = layer.N, padded = (K + step - 1) / step * step;
    const T* const weights = layer.weights + first * padded;
    const T* const bias = layer.weights + N * padded + first;
    constexpr bool by_rows = NN == 1 && R == 4;  // four rows' sums side by side, otherwise a row's
    const Finish finish = {S::set1(layer.low), S::set1(layer.high),
                           by_rows ? Four<S>::set1(*bias) : Four<S>::load(bias, NN)};
    y += first;
    size_t row = 0;
    for (; row + R <= rows; row += R, x += R * K, y += R * N) {
      L sum[R][NN][U];
      multiply<R, NN, U>(sum, x, K, weights, padded);
      if constexpr (by_rows) {
        const auto out = finish(Four<S>::sums(sum[0][0][0], sum[1][0][0], sum[2][0][0], sum[3][0][0]));
        if (N == 1) {
          out.store(y, 4);
        } else {
          T column[4];
          out.store(column, 4);
          for (int r = 0; r < R; r++) y[r * N] = column[r];
        }
      } else {
        static_assert(NN <= 4, "sums are added up by four");
        constexpr int last = NN - 1, second = last < 1 ? last : 1, third = last < 2 ? last : 2;
        FP_UNROLL
        for (int r = 0; r < R; r++) {
          const auto& of = sum[r];
          finish(Four<S>::sums(of[0][0], of[second][0], of[third][0], of[last][0])).store(y + r * N, NN);
        }
      }
    }
    return row;
  }

  // Groups of R rows: NN outputs at a time, then what is left.
  template <int R, int NN, int U>
  static size_t rows_of(const Layer& layer, const T* x, T* y, size_t rows, size_t n = 0) {
    size_t done = 0;
    for (; n + NN <= layer.N; n += NN) done = dots<R, NN, U>(layer, x, y, rows, n);
    if constexpr (NN > 1) {
      if (n < layer.N) done = rows_of<R, NN - 1, U>(layer, x, y, rows, n);
    }
    return done;
  }

  template <int U>
  static void all_rows(const Layer& layer, const T* x, T* y, size_t rows) {
    // Half of the registers hold sums: four rows by four outputs where they are wide, by one where they are not.
    constexpr int sets = S::registers / 2 / (L::vectors * U);
    constexpr int NN = sets >= 16 ? 4 : 1;
    if constexpr (sets >= 4 || U == 1) {
      if (rows >= 4) {
        const size_t done = rows_of<4, NN, U>(layer, x, y, rows);
        x += done * layer.K;
        y += done * layer.N;
        rows -= done;
      }
    }
    if (rows > 0) rows_of<1, sets >= 4 || U == 1 ? 4 : 1, U>(layer, x, y, rows);
  }

  static void run(const Layer& layer, const T* x, T* y, size_t rows) {
    if (layer.shape.partials == 1) {
      all_rows<1>(layer, x, y, rows);
    } else {
      all_rows<4>(layer, x, y, rows);
    }
  }
};

}  // namespace FP_ISA
