// y = clamp(x·W + b): the kernels of a dense layer, in the two orders of summation that pack.h defines.
//
// Chains: a tile of rows × one panel of columns stands in registers while k runs; the panel stays in cache while
// the tiles of the block pass over it. One to three rows take several panels at a time instead, because a fused
// multiply-add's result is ready only after four cycles or so and two start each cycle.
#pragma once

#include <cstddef>
#include <type_traits>

#include "../pack.h"
#include "kernels.h"
#include "lanes.h"

namespace FP_ISA {

template <class S>
struct Dense {
  using T = typename S::T;
  using V = typename S::V;
  using Layer = fp::DenseLayer<T>;
  using L = Lanes<S>;

  // A quarter of the registers is left for weights and broadcasts.
  static constexpr int accumulators = S::registers * 3 / 4;
  static constexpr int panel_vectors = S::lanes <= 4 ? 4 : 2;
  static constexpr int panel_columns = panel_vectors * S::lanes;
  static constexpr int row_chains = 8;  // independent sums that hide the latency at one row

  static constexpr int tile_rows(int vectors) { return accumulators / vectors < 16 ? accumulators / vectors : 16; }

  // A panel of `NV` vectors: where it stands, and how many of its columns exist.
  struct Panel {
    const T* bias;
    const T* weights;
    T* y;  // its first column in the first row
    size_t columns;
  };

  static V clamp(V v, V low, V high) { return S::min(high, S::max(low, v)); }

  template <int NV>
  static FP_INLINE void store(const V (&v)[NV], const Layer& layer, T* y, size_t columns) {
    const V low = S::set1(layer.low), high = S::set1(layer.high);
    FP_UNROLL
    for (int j = 0; j < NV; j++) {
      const V out = clamp(v[j], low, high);
      if (columns >= size_t(j + 1) * S::lanes) {
        S::store(y + j * S::lanes, out);
      } else {
        S::store_part(y + j * S::lanes, out, int(columns) - j * S::lanes);
      }
    }
  }

  // Adds x[0..count) times `count` rows of weights to MR rows of sums. Three rows share a pointer (its row, the next
  // and the one after are within the addressing modes), so that pointers do not run out before vectors do.
  template <int MR, int NV>
  static FP_INLINE void multiply(V (&sum)[MR][NV], const T* x, size_t row, const T* weights, size_t count) {
    constexpr int groups = (MR + 2) / 3;
    const T* at[groups];
    FP_UNROLL
    for (int g = 0; g < groups; g++) at[g] = x + size_t(3 * g) * row;
    for (const T* const end = weights + count * (NV * S::lanes); weights != end; weights += NV * S::lanes) {
      V w[NV];
      FP_UNROLL
      for (int j = 0; j < NV; j++) w[j] = S::load(weights + j * S::lanes);
      FP_UNROLL
      for (int r = 0; r < MR; r++) {
        const V a = S::set1(at[r / 3][size_t(r % 3) * row]);
        FP_UNROLL
        for (int j = 0; j < NV; j++) sum[r][j] = S::fma(a, w[j], sum[r][j]);
      }
      FP_UNROLL
      for (int g = 0; g < groups; g++) at[g]++;
    }
  }

  // MR rows of one panel in one run of k.
  template <int MR, int NV>
  static void tile(const Layer& layer, const T* x, const Panel& panel, size_t first_row) {
    V sum[MR][NV];
    FP_UNROLL
    for (int r = 0; r < MR; r++) {
      FP_UNROLL
      for (int j = 0; j < NV; j++) sum[r][j] = S::load(panel.bias + j * S::lanes);
    }
    multiply<MR, NV>(sum, x + first_row * layer.K, layer.K, panel.weights, layer.K);
    FP_UNROLL
    for (int r = 0; r < MR; r++) store<NV>(sum[r], layer, panel.y + (first_row + r) * layer.N, panel.columns);
  }

  // Adds runs p to p + C − 1 of k to C sets of sums; what K / partials leaves over belongs to the last run.
  template <int MR, int NV, int C>
  static FP_INLINE void multiply_runs(V (&sum)[C][MR][NV], const Layer& layer, const T* x, const T* weights, size_t p) {
    constexpr size_t width = NV * S::lanes;
    const size_t K = layer.K, partials = size_t(layer.shape.partials), run = K / partials;
    const auto add = [&](const T* from, const T* w_row, int c) {
      V w[NV];
      FP_UNROLL
      for (int j = 0; j < NV; j++) w[j] = S::load(w_row + j * S::lanes);
      FP_UNROLL
      for (int r = 0; r < MR; r++) {
        const V a = S::set1(from[r * K]);
        FP_UNROLL
        for (int j = 0; j < NV; j++) sum[c][r][j] = S::fma(a, w[j], sum[c][r][j]);
      }
    };
    for (size_t k = p * run; k < (p + 1) * run; k++) {
      FP_UNROLL
      for (int c = 0; c < C; c++) add(x + k + c * run, weights + (k + c * run) * width, c);
    }
    if (p + C < partials) return;
    for (size_t k = partials * run; k < K; k++) add(x + k, weights + k * width, C - 1);
  }

  // MR rows of one panel in several runs of k, C of them at a time; partials is a multiple of C. Between two groups
  // the sums so far wait in memory, so that the registers hold one set.
  template <int MR, int NV, int C>
  static void runs(const Layer& layer, const T* x, const Panel& panel, size_t first_row) {
    x += first_row * layer.K;
    V sum[C][MR][NV];
    const auto for_sums = [&](auto f) {
      FP_UNROLL
      for (int r = 0; r < MR; r++) {
        FP_UNROLL
        for (int j = 0; j < NV; j++) f(r, j);
      }
    };
    const auto begin = [&](int c, int r, int j) { sum[c][r][j] = S::zero(); };
    const auto add_up = [&](int r, int j) {
      FP_UNROLL
      for (int c = 1; c < C; c++) sum[0][r][j] = S::add(sum[0][r][j], sum[c][r][j]);
    };
    for_sums([&](int r, int j) {
      sum[0][r][j] = S::load(panel.bias + j * S::lanes);
      FP_UNROLL
      for (int c = 1; c < C; c++) begin(c, r, j);
    });
    multiply_runs<MR, NV, C>(sum, layer, x, panel.weights, 0);
    for_sums(add_up);
    for (size_t p = C; p < size_t(layer.shape.partials); p += C) {
      T so_far[MR][NV][S::lanes];
      for_sums([&](int r, int j) {
        S::store(so_far[r][j], sum[0][r][j]);
        FP_UNROLL
        for (int c = 0; c < C; c++) begin(c, r, j);
      });
      multiply_runs<MR, NV, C>(sum, layer, x, panel.weights, p);
      for_sums([&](int r, int j) { sum[0][r][j] = S::add(S::load(so_far[r][j]), sum[0][r][j]); });
      for_sums(add_up);
    }
    FP_UNROLL
    for (int r = 0; r < MR; r++) store<NV>(sum[0][r], layer, panel.y + (first_row + r) * layer.N, panel.columns);
  }

  // All rows of one panel, in tiles of equal height (16 as 8 + 8, not 12 + 4), C runs of k at a time.
  template <int NV, int C>
  static void tiles(const Layer& layer, const T* x, const Panel& panel, size_t rows) {
    constexpr size_t most = tile_rows(NV * C);
    const size_t count = (rows + most - 1) / most;
    const size_t height = rows / count, taller = rows % count;
    for (size_t i = 0, row = 0; i < count; i++) {
      const size_t here = height + (i < taller);
      tile_of<NV, C, int(most)>(here, layer, x, panel, row);
      row += here;
    }
  }
  template <int NV, int C, int MR>
  static inline void tile_of(size_t rows, const Layer& layer, const T* x, const Panel& panel, size_t row) {
    if constexpr (MR > 0) {
      if (rows != size_t(MR)) return tile_of<NV, C, MR - 1>(rows, layer, x, panel, row);
      if constexpr (C == 1) {
        tile<MR, NV>(layer, x, panel, row);
      } else {
        runs<MR, NV, C>(layer, x, panel, row);
      }
    }
  }

  // MR rows (few) of G neighbouring full panels, no partials.
  template <int MR, int G>
  static void few_rows(const Layer& layer, const T* x, const Panel& panel) {
    constexpr int NV = panel_vectors;
    const size_t K = layer.K, stride = (K + 1) * size_t(panel_columns);
    V sum[G][MR][NV];
    FP_UNROLL
    for (int g = 0; g < G; g++) {
      FP_UNROLL
      for (int r = 0; r < MR; r++) {
        for (int j = 0; j < NV; j++) sum[g][r][j] = S::load(panel.bias + g * stride + j * S::lanes);
      }
    }
    const T* weights = panel.weights;
    for (size_t k = 0; k < K; k++, weights += panel_columns) {
      V a[MR];
      FP_UNROLL
      for (int r = 0; r < MR; r++) a[r] = S::set1(x[r * K + k]);
      FP_UNROLL
      for (int g = 0; g < G; g++) {
        FP_UNROLL
        for (int j = 0; j < NV; j++) {
          const V w = S::load(weights + g * stride + j * S::lanes);
          FP_UNROLL
          for (int r = 0; r < MR; r++) sum[g][r][j] = S::fma(a[r], w, sum[g][r][j]);
        }
      }
    }
    FP_UNROLL
    for (int g = 0; g < G; g++) {
      FP_UNROLL
      for (int r = 0; r < MR; r++) {
        store<NV>(sum[g][r], layer, panel.y + g * panel_columns + r * layer.N, panel.columns - g * panel_columns);
      }
    }
  }

  template <int NV>
  static void panel_rows(const Layer& layer, const T* x, const Panel& panel, size_t rows) {
    constexpr int most = row_chains / NV;
    const int partials = layer.shape.partials;
    if (partials == 1) return tiles<NV, 1>(layer, x, panel, rows);
    if (rows > 1) return tiles<NV, 2>(layer, x, panel, rows);
    if (partials >= 8 && most >= 8) return runs<1, NV, 8>(layer, x, panel, 0);
    if (partials >= 4 && most >= 4) return runs<1, NV, 4>(layer, x, panel, 0);
    runs<1, NV, 2>(layer, x, panel, 0);
  }

  template <int NV = panel_vectors>
  static void panel_of(size_t vectors, const Layer& layer, const T* x, const Panel& panel, size_t rows) {
    if constexpr (NV > 0) {
      if (vectors == size_t(NV)) return panel_rows<NV>(layer, x, panel, rows);
      panel_of<NV - 1>(vectors, layer, x, panel, rows);
    }
  }

  // As many whole panels from `column` on as fit, G at a time; returns the first column that is not done.
  template <int MR, int G>
  static size_t few_rows_of_panels(const Layer& layer, const T* x, T* y, size_t column, size_t end) {
    const size_t stride = (layer.K + 1) * size_t(panel_columns);
    const T* at = layer.weights + column * (layer.K + 1);
    for (; column + G * panel_columns <= end; column += G * panel_columns, at += G * stride) {
      few_rows<MR, G>(layer, x, {at, at + panel_columns, y + column, layer.N - column});
    }
    return column;
  }

  static void chains(const Layer& layer, const T* x, T* y, size_t rows, size_t column, size_t end) {
    if (layer.shape.partials == 1) {
      constexpr int G = row_chains / panel_vectors;
      if (rows == 1) column = few_rows_of_panels<1, G>(layer, x, y, column, end);
      if (rows == 2) column = few_rows_of_panels<2, G / 2>(layer, x, y, column, end);
      if (rows == 3 && G > 2) column = few_rows_of_panels<3, 2>(layer, x, y, column, end);
    }
    const T* at = layer.weights + column * (layer.K + 1);
    for (; column < end; column += panel_columns) {
      const size_t columns = layer.N - column;
      const size_t vectors = columns >= size_t(panel_columns) ? panel_vectors : (columns + S::lanes - 1) / S::lanes;
      const size_t width = vectors * S::lanes;
      panel_of(vectors, layer, x, {at, at + width, y + column, columns < width ? columns : width}, rows);
      at += (layer.K + 1) * width;
    }
  }

  // NN outputs of one row, U·16 sums each.
  template <int NN, int U>
  static void dots(const Layer& layer, const T* x, const T* weights, const T* bias, T* y) {
    constexpr size_t step = fp::lane_count * U;
    const size_t K = layer.K, padded = (K + step - 1) / step * step;
    L sum[NN][U];
    FP_UNROLL
    for (int n = 0; n < NN; n++) {
      FP_UNROLL
      for (int u = 0; u < U; u++) sum[n][u] = L::set1(0);
    }
    const auto add = [&](const L& a, size_t k, int u) {
      FP_UNROLL
      for (int n = 0; n < NN; n++) {
        const size_t place = n * padded + k + u * fp::lane_count;
        sum[n][u] = L::fma(a, L::load(weights + place), sum[n][u]);
      }
    };
    size_t k = 0;
    for (; k + step <= K; k += step) {
      FP_UNROLL
      for (int u = 0; u < U; u++) add(L::load(x + k + u * fp::lane_count), k, u);
    }
    if (k < K) {
      FP_UNROLL
      for (int u = 0; u < U; u++) {
        const ptrdiff_t left = ptrdiff_t(K - k) - ptrdiff_t(u * fp::lane_count);
        add(left > 0 ? L::load_part(x + k + u * fp::lane_count, left, T(0)) : L::set1(0), k, u);
      }
    }
    FP_UNROLL
    for (int n = 0; n < NN; n++) {
      FP_UNROLL
      for (int d = 1; d < U; d *= 2) {
        FP_UNROLL
        for (int u = 0; u < U; u += 2 * d) sum[n][u] = L::add(sum[n][u], sum[n][u + d]);
      }
      const T out = sum[n][0].sum() + bias[n];
      const T above = layer.low > out ? layer.low : out;  // as clamp()
      y[n] = layer.high < above ? layer.high : above;
    }
  }

  static void lanes(const Layer& layer, const T* x, T* y, size_t rows) {
    const int U = layer.shape.partials;
    const size_t step = fp::lane_count * size_t(U), padded = (layer.K + step - 1) / step * step;
    const T* bias = layer.weights + layer.N * padded;
    for (size_t r = 0; r < rows; r++, x += layer.K, y += layer.N) {
      size_t n = 0;
      if (U == 1) {
        for (; n + 4 <= layer.N; n += 4) dots<4, 1>(layer, x, layer.weights + n * padded, bias + n, y + n);
        for (; n < layer.N; n++) dots<1, 1>(layer, x, layer.weights + n * padded, bias + n, y + n);
      } else {
        for (; n < layer.N; n++) dots<1, 4>(layer, x, layer.weights + n * padded, bias + n, y + n);
      }
    }
  }
};

template <class S>
void dense(const fp::DenseLayer<typename S::T>& layer, const typename S::T* x, typename S::T* y, size_t rows,
           size_t first, size_t end) {
  if (rows == 0) return;
  if (layer.shape.order == fp::DenseOrder::lanes) {
    Dense<S>::lanes(layer, x, y, rows);  // one panel: always all of its columns
  } else {
    Dense<S>::chains(layer, x, y, rows, first, end);
  }
}

}  // namespace FP_ISA
