// y = clamp(x·W + b): the kernels of a dense layer, in the two orders of summation that pack.h defines.
//
// Chains: a tile of rows × one panel of columns stands in registers while k runs; the panel stays in cache while
// the tiles of the block pass over it. One to three rows take several panels at a time instead, because a fused
// multiply-add's result is ready only after four cycles or so and two start each cycle.
#pragma once

#include <cstddef>
#include <type_traits>

#include "../pack.h"
#include "dots.h"
#include "kernels.h"
#include "lanes.h"

namespace FP_ISA {

// Calls f(constant) with a constant of the count's value, which is from 1 to `Most`.
template <int Most, class F>
FP_INLINE void with_count(size_t count, F f) {
  if constexpr (Most > 0) {
    if (count == size_t(Most)) return f(std::integral_constant<int, Most>());
    with_count<Most - 1>(count, f);
  }
}

// Calls f(constant, first) for tiles of rows, each as high as the constant says and none higher than `Most`: of equal
// height (16 as 8 + 8, not 12 + 4).
template <int Most, class F>
FP_INLINE void in_tiles(size_t rows, F f) {
  const size_t count = (rows + Most - 1) / Most;
  // Dividing takes longer than one row of a small layer.
  const size_t height = count == 1 ? rows : rows / count, taller = rows - height * count;
  for (size_t i = 0, row = 0; i < count; i++) {
    const size_t here = height + (i < taller);
    with_count<Most>(here, [&](auto MR) { f(MR, row); });
    row += here;
  }
}

// Weights as they are: a row of a panel of NV vectors is as many in memory.
template <class S>
struct WholeWeights {
  static constexpr int vectors(int NV) { return NV; }
  template <int NV>
  static FP_INLINE void load(const typename S::T* from, typename S::V (&w)[NV]) {
    FP_UNROLL
    for (int j = 0; j < NV; j++) w[j] = S::load(from + j * S::lanes);
  }
};

// bf16 weights in pairs, one shift or mask from being floats again: see pack_reduced.h.
template <class S>
struct Bf16Weights {
  static constexpr int vectors(int NV) { return (NV + 1) / 2; }
  template <int NV>
  static FP_INLINE void load(const typename S::T* from, typename S::V (&w)[NV]) {
    FP_UNROLL
    for (int j = 0; j < NV; j += 2) {
      const typename S::I pair = S::bits(S::load(from + j / 2 * S::lanes));
      w[j] = S::from_bits(S::template shift_left<16>(pair));
      if (j + 1 < NV) w[j + 1] = S::from_bits(S::iand(pair, S::iset1(int32_t(0xffff0000))));
    }
  }
};

template <class S, class W = WholeWeights<S>>
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

  // Elements of a row of weights of a panel, and of a whole full panel.
  static constexpr size_t row_size(int vectors) { return size_t(W::vectors(vectors) * S::lanes); }
  static constexpr size_t panel_size(size_t K) { return size_t(panel_columns) + K * row_size(panel_vectors); }

  static constexpr int tile_rows(int vectors) { return accumulators / vectors < 16 ? accumulators / vectors : 16; }

  // A panel of `NV` vectors: where it stands, and how many of its columns exist.
  struct Panel {
    const T* bias;
    const T* weights;
    T* y;  // its first column in the first row
    size_t columns;
  };

  // What the results are clamped to, read before any of them is stored: a compiler must take a store of floats for a
  // change of the layer's.
  struct Bounds {
    V low, high;
    explicit Bounds(const Layer& layer) : low(S::set1(layer.low)), high(S::set1(layer.high)) {}
  };

  template <int NV>
  static FP_INLINE void store(const V (&v)[NV], const Bounds& bounds, T* y, size_t columns) {
    FP_UNROLL
    for (int j = 0; j < NV; j++) {
      const V out = S::min(bounds.high, S::max(bounds.low, v[j]));
      if (columns >= size_t(j + 1) * S::lanes) {
        S::store(y + j * S::lanes, out);
      } else {
        S::store_part(y + j * S::lanes, out, int(columns) - j * S::lanes);
      }
    }
  }

  template <int MR, int NV>
  static FP_INLINE void store_rows(const V (&sum)[MR][NV], const Layer& layer, const Panel& panel, size_t first_row) {
    const Bounds bounds(layer);
    const size_t N = layer.N, columns = panel.columns;
    T* y = panel.y + first_row * N;
    FP_UNROLL
    for (int r = 0; r < MR; r++, y += N) store<NV>(sum[r], bounds, y, columns);
  }

  // Adds x[0..count) times `count` rows of weights to MR rows of sums. Three rows share a pointer (its row, the next
  // and the one after are within the addressing modes), so that pointers do not run out before vectors do.
  template <int MR, int NV>
  static FP_INLINE void multiply(V (&sum)[MR][NV], const T* x, size_t row, const T* weights, size_t count) {
    constexpr int groups = (MR + 2) / 3;
    const T* at[groups];
    FP_UNROLL
    for (int g = 0; g < groups; g++) at[g] = x + size_t(3 * g) * row;
    for (const T* const end = weights + count * row_size(NV); weights != end; weights += row_size(NV)) {
      V w[NV];
      W::load(weights, w);
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
    store_rows<MR, NV>(sum, layer, panel, first_row);
  }

  // Adds runs p to p + C − 1 of k to C sets of sums; what K / partials leaves over belongs to the last run. Sums of
  // many rows hide each other's latency: then the runs go one after another.
  template <int MR, int NV, int C>
  static FP_INLINE void multiply_runs(V (&sum)[C][MR][NV], const Layer& layer, const T* x, const T* weights, size_t p) {
    constexpr size_t width = row_size(NV);
    const size_t K = layer.K, partials = size_t(layer.shape.partials), run = layer.shape.run(K);
    if constexpr (MR * NV >= row_chains - 2) {
      FP_UNROLL
      for (int c = 0; c < C; c++) {
        const size_t k = (p + c) * run, count = p + c + 1 == partials ? K - k : run;
        multiply<MR, NV>(sum[c], x + k, K, weights + k * width, count);
      }
      return;
    }
    const auto add = [&](const T* from, const T* w_row, int c) {
      V w[NV];
      W::load(w_row, w);
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
    store_rows<MR, NV>(sum[0], layer, panel, first_row);
  }

  // All rows of one panel, C runs of k at a time.
  template <int NV, int C>
  static void tiles(const Layer& layer, const T* x, const Panel& panel, size_t rows) {
    in_tiles<tile_rows(NV * C)>(rows, [&](auto MR, size_t row) {
      if constexpr (C == 1) {
        tile<MR, NV>(layer, x, panel, row);
      } else {
        runs<MR, NV, C>(layer, x, panel, row);
      }
    });
  }

  // MR rows (few) of G neighbouring full panels, no partials.
  template <int MR, int G>
  static void few_rows(const Layer& layer, const T* x, const Panel& panel) {
    constexpr int NV = panel_vectors;
    const size_t K = layer.K, stride = panel_size(K);
    V sum[G][MR][NV];
    FP_UNROLL
    for (int g = 0; g < G; g++) {
      FP_UNROLL
      for (int r = 0; r < MR; r++) {
        for (int j = 0; j < NV; j++) sum[g][r][j] = S::load(panel.bias + g * stride + j * S::lanes);
      }
    }
    const T* weights = panel.weights;
    for (size_t k = 0; k < K; k++, weights += row_size(NV)) {
      V a[MR];
      FP_UNROLL
      for (int r = 0; r < MR; r++) a[r] = S::set1(x[r * K + k]);
      FP_UNROLL
      for (int g = 0; g < G; g++) {
        V w[NV];
        W::load(weights + g * stride, w);
        FP_UNROLL
        for (int j = 0; j < NV; j++) {
          if (MR > 1) FP_KEEP(w[j]);
          FP_UNROLL
          for (int r = 0; r < MR; r++) sum[g][r][j] = S::fma(a[r], w[j], sum[g][r][j]);
        }
      }
    }
    const Bounds bounds(layer);
    const size_t N = layer.N;
    FP_UNROLL
    for (int g = 0; g < G; g++) {
      FP_UNROLL
      for (int r = 0; r < MR; r++) store<NV>(sum[g][r], bounds, panel.y + g * panel_columns + r * N, panel_columns);
    }
  }

  // One row of one panel, C runs of k at a time.
  template <int NV>
  static FP_INLINE void one_row(const Layer& layer, const T* x, const Panel& panel) {
    constexpr int most = row_chains / NV;
    const int partials = layer.shape.partials;
    if (partials == 1) return tile<1, NV>(layer, x, panel, 0);
    if (partials >= 8 && most >= 8) return runs<1, NV, 8>(layer, x, panel, 0);
    if (partials >= 4 && most >= 4) return runs<1, NV, 4>(layer, x, panel, 0);
    runs<1, NV, 2>(layer, x, panel, 0);
  }

  template <int NV>
  static void panel_rows(const Layer& layer, const T* x, const Panel& panel, size_t rows) {
    if (rows == 1) return one_row<NV>(layer, x, panel);
    if (layer.shape.partials == 1) return tiles<NV, 1>(layer, x, panel, rows);
    tiles<NV, 2>(layer, x, panel, rows);
  }

  // As many whole panels from `column` on as fit, G at a time; returns the first column that is not done.
  template <int MR, int G>
  static size_t few_rows_of_panels(const Layer& layer, const T* x, T* y, size_t column, size_t end) {
    const size_t stride = panel_size(layer.K);
    const T* at = layer.weights + column / panel_columns * stride;
    for (; column + G * panel_columns <= end; column += G * panel_columns, at += G * stride) {
      few_rows<MR, G>(layer, x, {at, at + panel_columns, y + column, layer.N - column});
    }
    return column;
  }

  static void chains(const Layer& layer, const T* x, T* y, size_t rows, size_t column, size_t end) {
    // The smallest layers are over before the rest of this function has begun.
    if (rows == 1 && layer.N <= size_t(S::lanes)) {
      return one_row<1>(layer, x, {layer.weights, layer.weights + S::lanes, y, layer.N});
    }
    if (layer.shape.partials == 1) {
      // Weights from beyond the first-level cache arrive sooner in fewer streams, and hide the latency anyway.
      constexpr int G = row_chains / panel_vectors, fewer = G > 2 ? G / 2 : G;
      constexpr size_t first_level_bytes = 32 << 10;
      const bool far = layer.K * layer.N * sizeof(T) > first_level_bytes;
      if (rows == 1 && far) column = few_rows_of_panels<1, fewer>(layer, x, y, column, end);
      if (rows == 1 && !far) column = few_rows_of_panels<1, G>(layer, x, y, column, end);
      if (rows == 2) column = few_rows_of_panels<2, G / 2>(layer, x, y, column, end);
      if (rows == 3 && G > 2) column = few_rows_of_panels<3, 2>(layer, x, y, column, end);
    }
    const T* at = layer.weights + column / panel_columns * panel_size(layer.K);
    for (; column < end; column += panel_columns, at += panel_size(layer.K)) {
      const size_t columns = layer.N - column;
      const size_t vectors = columns >= size_t(panel_columns) ? panel_vectors : (columns + S::lanes - 1) / S::lanes;
      const size_t width = vectors * S::lanes;
      const Panel panel = {at, at + width, y + column, columns < width ? columns : width};
      with_count<panel_vectors>(vectors, [&](auto NV) { panel_rows<NV>(layer, x, panel, rows); });
    }
  }
};

template <class S>
void dense(const fp::DenseLayer<typename S::T>& layer, const typename S::T* x, typename S::T* y, size_t rows,
           size_t first, size_t end) {
  if (rows == 0) return;
  if (layer.shape.order == fp::DenseOrder::lanes) {
    Dots<S>::run(layer, x, y, rows);  // one panel: always all of its columns
  } else {
    Dense<S>::chains(layer, x, y, rows, first, end);
  }
}

// The same with bf16 weights, for chains alone.
template <class S>
void dense_bf16(const fp::DenseLayer<float>& layer, const float* x, float* y, size_t rows, size_t first, size_t end) {
  if (rows > 0) Dense<S, Bf16Weights<S>>::chains(layer, x, y, rows, first, end);
}

}  // namespace FP_ISA
