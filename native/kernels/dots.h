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

  static T clamp(T value, const Layer& layer) {
    const T above = layer.low > value ? layer.low : value;  // as Dense::clamp()
    return layer.high < above ? layer.high : above;
  }

  // Outputs `first` to first + NN − 1 of R rows, U·16 sums each.
  template <int R, int NN, int U>
  static void dots(const Layer& layer, const T* x, T* y, size_t first) {
    constexpr size_t step = fp::lane_count * U;
    const size_t K = layer.K, N = layer.N, padded = (K + step - 1) / step * step;
    const T* const weights = layer.weights + first * padded;
    const T* const bias = layer.weights + N * padded + first;
    L sum[R][NN][U];
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
    y += first;
    if constexpr (R == 4) {
      FP_UNROLL
      for (int n = 0; n < NN; n++) {
        T sums[4];
        L::sums(sum[0][n][0], sum[1][n][0], sum[2][n][0], sum[3][n][0], sums);
        for (int r = 0; r < R; r++) y[r * N + n] = clamp(sums[r] + bias[n], layer);
      }
    } else {
      static_assert(R == 1 && NN <= 4, "sums are added up by four");
      constexpr int last = NN - 1;
      T sums[4];
      L::sums(sum[0][0][0], sum[0][last < 1 ? last : 1][0], sum[0][last < 2 ? last : 2][0], sum[0][last][0], sums);
      for (int n = 0; n < NN; n++) y[n] = clamp(sums[n] + bias[n], layer);
    }
  }

  // R rows: NN outputs at a time, then what is left.
  template <int R, int NN, int U>
  static void rows_of(const Layer& layer, const T* x, T* y, size_t n = 0) {
    for (; n + NN <= layer.N; n += NN) dots<R, NN, U>(layer, x, y, n);
    if constexpr (NN > 1) {
      if (n < layer.N) rows_of<R, NN - 1, U>(layer, x, y, n);
    }
  }

  template <int U>
  static void all_rows(const Layer& layer, const T* x, T* y, size_t rows) {
    // Half of the registers hold sums: four rows by four outputs where they are wide, by one where they are not.
    constexpr int sets = S::registers / 2 / (L::vectors * U);
    constexpr int NN = sets >= 16 ? 4 : 1;
    size_t r = 0;
    if constexpr (sets >= 4 || U == 1) {
      for (; r + 4 <= rows; r += 4) rows_of<4, NN, U>(layer, x + r * layer.K, y + r * layer.N);
    }
    for (; r < rows; r++) rows_of<1, sets >= 4 || U == 1 ? 4 : 1, U>(layer, x + r * layer.K, y + r * layer.N);
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
