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

  // The first `count` elements of each row, and zeros up to `step`.
  static FP_INNER FP_NOINLINE void pad(const T* x, size_t K, size_t count, T* to, size_t step, int rows) {
    for (; rows > 0; rows--, x += K, to += step) {
      for (size_t i = 0; i < step; i += S::lanes) {
        const ptrdiff_t left = ptrdiff_t(count) - ptrdiff_t(i);
        S::store(to + i, left >= S::lanes ? S::load(x + i)
                         : left > 0       ? S::load_part(x + i, int(left), S::zero())
                                          : S::zero());
      }
    }
  }

  // Adds up R rows times NN outputs, U·16 sums each; `weights` are each output's.
  template <int R, int NN, int U>
  static FP_INLINE void multiply(L (&sum)[R][NN][U], const T* x, size_t K, const T* const (&weights)[NN]) {
    constexpr size_t step = fp::lane_count * U;
    FP_UNROLL
    for (int r = 0; r < R; r++) {
      FP_UNROLL
      for (int n = 0; n < NN; n++) {
        FP_UNROLL
        for (int u = 0; u < U; u++) sum[r][n][u] = L::set1(0);
      }
    }
    const auto add = [&](const T* from, size_t stride, size_t k) {
      FP_UNROLL
      for (int u = 0; u < U; u++) {
        FP_UNROLL
        for (int r = 0; r < R; r++) {
          const L a = L::load(from + r * stride + u * fp::lane_count);
          FP_UNROLL
          for (int n = 0; n < NN; n++) {
            sum[r][n][u] = L::fma(a, L::load(weights[n] + k + u * fp::lane_count), sum[r][n][u]);
          }
        }
      }
    };
    size_t k = 0;
    for (; k + step <= K; k += step) add(x + k, K, k);
    if (k < K) {
      T rest[R * step];
      pad(x + k, K, K - k, rest, step, R);
      add(rest, step, k);
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

  // Outputs `first` to first + outputs − 1 of as many rows as are whole groups of R; returns how many rows those are.
  // Where there are fewer than NN, the last one is worked several times.
  template <int R, int NN, int U>
  static FP_INNER size_t dots(const Layer& layer, const T* x, T* y, size_t rows, size_t first, size_t outputs = NN) {
    constexpr size_t step = fp::lane_count * U;
    if constexpr (R > 1 || NN == 1) outputs = NN;
    const size_t K = layer.K, N = layer.N, padded = (K + step - 1) / step * step;
    const T* weights[NN];
    FP_UNROLL
    for (size_t n = 0; n < NN; n++) weights[n] = layer.weights + (first + (n < outputs ? n : outputs - 1)) * padded;
    const T* const bias = layer.weights + N * padded + first;
    constexpr bool by_rows = NN == 1 && R == 4;  // four rows' sums side by side, otherwise a row's
    const Finish finish = {S::set1(layer.low), S::set1(layer.high),
                           by_rows ? Four<S>::set1(*bias) : Four<S>::load(bias, int(outputs))};
    y += first;
    size_t row = 0;
    for (; row + R <= rows; row += R, x += R * K, y += R * N) {
      L sum[R][NN][U];
      multiply<R, NN, U>(sum, x, K, weights);
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
        constexpr int end = NN - 1, second = end < 1 ? end : 1, third = end < 2 ? end : 2;
        FP_UNROLL
        for (int r = 0; r < R; r++) {
          const auto& of = sum[r];
          finish(Four<S>::sums(of[0][0], of[second][0], of[third][0], of[end][0])).store(y + r * N, int(outputs));
        }
      }
    }
    return row;
  }

  // Groups of R rows: NN outputs at a time, then what is left; of one row together, since its sums wait anyway.
  template <int R, int NN, int U>
  static FP_INNER size_t rows_of(const Layer& layer, const T* x, T* y, size_t rows, size_t n = 0) {
    size_t done = 0;
    for (; n + NN <= layer.N; n += NN) done = dots<R, NN, U>(layer, x, y, rows, n);
    if constexpr (NN > 1) {
      const size_t left = layer.N - n;
      if constexpr (R == 1) {
        if (left > 1) return dots<R, NN, U>(layer, x, y, rows, n, left);
      }
      if (left > 0) done = rows_of < R, R == 1 ? 1 : NN - 1, U > (layer, x, y, rows, n);
    }
    return done;
  }

  template <int U>
  static FP_INNER void all_rows(const Layer& layer, const T* x, T* y, size_t rows) {
    // Half of the registers hold sums: four rows by four outputs where they are wide, by one where they are not.
    constexpr int sets = S::registers / 2 / (L::vectors * U);
    constexpr int NN = sets >= 16 ? 4 : 1;
    constexpr bool four = S::lanes > 1 && (sets >= 4 || U == 1);
    if constexpr (four) {
      if (rows >= 4) {
        const size_t done = rows_of<4, NN, U>(layer, x, y, rows);
        x += done * layer.K;
        y += done * layer.N;
        rows -= done;
      }
    }
    if (rows > 0) rows_of<1, four ? 4 : 1, U>(layer, x, y, rows);
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
