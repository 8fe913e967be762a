// y = clamp(x·W + b): the kernels of a dense layer, in the two orders of summation that pack.h defines.
//
// Chains: a tile of rows × one panel of columns is kept in registers while k runs; the panel stays in cache while the
// tiles of the block pass over it. One to three rows take several panels at a time instead, because the result of a
// fused multiply-add is only ready after about four cycles, and two start in each cycle.
#pragma once

#include <cstddef>
#include <type_traits>

#include "../pack.h"
#include "dots.h"
#include "kernels.h"
#include "lanes.h"

namespace FP_ISA {

// Calls f(constant) with the count as a compile-time constant; it is from 1 to `Most`.
template <int Most, class F>
FP_INLINE void with_count(size_t count, F f) {
  if constexpr (Most > 0) {
    if (count == size_t(Most)) return f(std::integral_constant<int, Most>());
    with_count<Most - 1>(count, f);
  }
}

// Tiles have heights 1, 2, 3 if none is higher, otherwise 1 and the even numbers: half as much code, and a tile with an
// odd number of rows computes its last row twice. `Odd` adds the odd numbers up to 7. Calls f(constant) with the
// smallest height that holds `rows`, which is from 1 to `Most`.
template <int Most, bool Odd = false, class F>
FP_INLINE void with_height(size_t rows, F f) {
  constexpr int each = Odd ? 8 : 3;
  static_assert(Most <= each || Most % 2 == 0, "a height");
  if constexpr (Most > 0) {
    constexpr int lower = Most > each ? Most - 2 : Most - 1;
    if (rows > size_t(lower)) return f(std::integral_constant<int, Most>());
    with_height<lower, Odd>(rows, f);
  }
}

// Calls f(constant, first, rows) for tiles of rows, each as high as the constant or one row lower, and at most `Most`
// high. Their heights are nearly equal (16 is 8 + 8, not 12 + 4).
template <int Most, bool Odd = false, class F>
FP_INLINE void in_tiles(size_t rows, F f) {
  constexpr size_t unit = Most > 3 ? 2 : 1, most_units = Most / unit;
  const size_t units = (rows + unit - 1) / unit, count = (units + most_units - 1) / most_units;
  // A division takes longer than one row of a small layer.
  const size_t height = count == 1 ? units : units / count, taller = units - height * count;
  for (size_t i = 0, row = 0; i < count; i++) {
    const size_t wanted = (height + (i < taller)) * unit, here = wanted < rows - row ? wanted : rows - row;
    with_height<Most, Odd>(here, [&](auto MR) { f(MR, row, here); });
    row += here;
  }
}

// The position of row r in a tile of MR rows, or of one row less, whose last row is then used twice.
template <int MR>
FP_INLINE size_t place_of_row(int r, size_t rows) {
  return r == MR - 1 ? rows - 1 : size_t(r);
}

// Pointers to the rows of a tile. Three rows share a pointer (its row and the next two are within the addressing
// modes), so that pointers do not run out before vectors do; the last row has its own pointer.
template <int MR, class Element>
struct RowPointers {
  static constexpr int groups = (MR + 1) / 3;
  const Element* group[groups + 1];
  size_t stride;

  FP_INLINE RowPointers(const Element* from, size_t row_stride, size_t rows) : stride(row_stride) {
    FP_UNROLL
    for (int g = 0; g < groups; g++) group[g] = from + size_t(3 * g) * stride;
    group[groups] = from + (rows - 1) * stride;
  }
  FP_INLINE const Element* at(int r) const {
    return r == MR - 1 ? group[groups] : group[r / 3] + size_t(r % 3) * stride;
  }
  FP_INLINE void advance(size_t count) {
    FP_UNROLL
    for (int g = 0; g <= groups; g++) group[g] += count;
  }
};

// Unreduced weights: a row of a panel of NV vectors is also NV vectors in memory.
template <class S>
struct WholeWeights {
  static constexpr int most_rows = 12;                                                     // in a tile
  static constexpr int most_rows_narrow = sizeof(typename S::T) == sizeof(float) ? 8 : 4;  // in a tile of one vector
  static constexpr bool small_layers = true;           // whether small layers have their own code
  static constexpr bool odd_heights = S::lanes == 16;  // in tiles of full panels
  static constexpr int vectors(int NV) { return NV; }
  template <int NV>
  static FP_INLINE void load(const typename S::T* from, typename S::V (&w)[NV]) {
    FP_UNROLL
    for (int j = 0; j < NV; j++) w[j] = S::load(from + j * S::lanes);
  }
};

// bf16 weights in pairs, which become floats by one shift or mask: see pack_reduced.h.
template <class S>
struct Bf16Weights {
  static constexpr int most_rows = 12, most_rows_narrow = 4;
  static constexpr bool small_layers = false;
  static constexpr bool odd_heights = false;
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
  static constexpr int panel_vectors = S::lanes == 1 ? 1 : S::lanes <= 4 && S::registers >= 32 ? 4 : 2;
  static constexpr int panel_columns = panel_vectors * S::lanes;
  static constexpr int row_chains = S::lanes == 1 ? 1 : 8;  // independent sums that hide the latency at one row

  // The number of elements of a row of weights in a panel, and of a full panel.
  static constexpr size_t row_size(int vectors) { return size_t(W::vectors(vectors) * S::lanes); }
  static constexpr size_t panel_size(size_t K) { return size_t(panel_columns) + K * row_size(panel_vectors); }

  // Tiles of one vector need no more rows than it takes to hide the latency.
  static constexpr int narrow = W::most_rows_narrow < row_chains ? W::most_rows_narrow : row_chains;
  static constexpr int tile_rows(int vectors) {
    const int rows = accumulators / vectors, most = vectors == 1 ? narrow : W::most_rows;
    return rows < most ? rows : most;
  }

  // Where the results of a panel are written: its first column in the first row, and the number of columns that exist.
  struct Results {
    T* y;
    size_t columns;
  };

  // A panel of `NV` vectors.
  struct Panel {
    const T* bias;
    const T* weights;
    Results results;
  };

  // The bounds of the results, read before any result is stored: otherwise the compiler must assume that a store of
  // floats changes those of the layer.
  struct Bounds {
    V low, high;
    explicit Bounds(const Layer& layer) : low(S::set1(layer.low)), high(S::set1(layer.high)) {}
    FP_INLINE V clamp(V v) const { return S::min(high, S::max(low, v)); }
  };

  template <int NV>
  static FP_INLINE void store(const V (&v)[NV], const Bounds& bounds, T* y, size_t columns) {
    FP_UNROLL
    for (int j = 0; j < NV; j++) {
      const V out = bounds.clamp(v[j]);
      if (columns >= size_t(j + 1) * S::lanes) {
        S::store(y + j * S::lanes, out);
      } else {
        S::store_part(y + j * S::lanes, out, int(columns) - j * S::lanes);
      }
    }
  }

  // Stores the first `columns` of `width` columns of each row.
  static FP_INNER FP_NOINLINE void store_columns(const T* from, size_t width, T* y, size_t N, size_t columns,
                                                 size_t rows) {
    for (; rows > 0; rows--, from += width, y += N) {
      size_t column = 0;
      for (; column + S::lanes <= columns; column += S::lanes) S::store(y + column, S::load(from + column));
      if (column < columns) S::store_part(y + column, S::load(from + column), int(columns - column));
    }
  }

  // If not all columns of a panel of several vectors exist, the rows are first stored in a buffer: checking each vector
  // would be half of the code of a tile.
  template <int MR, int NV>
  static FP_INLINE void store_rows(const V (&sum)[MR][NV], const Layer& layer, const Results& results, size_t first_row,
                                   size_t rows) {
    const Bounds bounds(layer);
    const size_t N = layer.N, columns = results.columns;
    T* const y = results.y + first_row * N;
    constexpr size_t width = NV * S::lanes;
    if constexpr (MR == 1) return store<NV>(sum[0], bounds, y, columns);
    if (NV == 1 && columns < width) {
      FP_UNROLL
      for (int r = 0; r < MR; r++) {
        S::store_part(y + place_of_row<MR>(r, rows) * N, bounds.clamp(sum[r][0]), int(columns));
      }
      return;
    }
    T aside[MR * width];
    const bool whole = columns >= width;
    T* const to = whole ? y : aside;
    const size_t stride = whole ? N : width;
    FP_UNROLL
    for (int r = 0; r < MR; r++) {
      FP_UNROLL
      for (int j = 0; j < NV; j++) {
        S::store(to + place_of_row<MR>(r, rows) * stride + j * S::lanes, bounds.clamp(sum[r][j]));
      }
    }
    if (!whole) store_columns(aside, width, y, N, columns, rows);
  }

  // Whether a tile prefetches its weights, which may come from memory: a processor's own prefetching stops at the end
  // of a page. With few multiply-adds for each cache line of weights, instructions of several lines overlap, and
  // further prefetching costs time; so it does if a row of weights is shorter than a line.
  static constexpr size_t line_bytes = 64, bytes_ahead = 4096;
  template <int MR, int NV>
  static constexpr bool prefetches() {
    const size_t lines = row_size(NV) * sizeof(T) / line_bytes;
    return lines > 0 && MR >= 4 && size_t(MR * NV) >= 6 * lines;
  }

  // Adds x[0..count) of the rows of a tile times `count` rows of weights to their sums.
  template <int MR, int NV>
  static FP_INLINE void multiply(V (&sum)[MR][NV], const T* x, size_t stride, size_t rows, const T* weights,
                                 size_t count) {
    RowPointers<MR, T> row(x, stride, rows);
    for (const T* const end = weights + count * row_size(NV); weights != end; weights += row_size(NV)) {
      V w[NV];
      W::load(weights, w);
      if constexpr (prefetches<MR, NV>()) {
        constexpr size_t line = line_bytes / sizeof(T), ahead = bytes_ahead / sizeof(T);
        for (size_t i = 0; i < row_size(NV); i += line) FP_PREFETCH(weights + ahead + i);
      }
      FP_UNROLL
      for (int r = 0; r < MR; r++) {
        const V a = S::set1(*row.at(r));
        FP_UNROLL
        for (int j = 0; j < NV; j++) sum[r][j] = S::fma(a, w[j], sum[r][j]);
      }
      row.advance(1);
    }
  }

  // Whether the registers of a tile can hold the sums of one run of k together with those of the previous runs.
  static constexpr bool takes_runs(int rows, int vectors) { return rows * vectors * 2 <= accumulators || rows == 1; }

  // MR rows of one panel, or one row fewer.
  template <int MR, int NV>
  static FP_INNER void tile(const Layer& layer, const T* x, const Panel& panel, size_t first_row, size_t rows) {
    const size_t K = layer.K, stride = layer.stride;
    x += first_row * stride;
    V sum[MR][NV];
    FP_UNROLL
    for (int r = 0; r < MR; r++) {
      FP_UNROLL
      for (int j = 0; j < NV; j++) sum[r][j] = S::load(panel.bias + j * S::lanes);
    }
    if constexpr (!takes_runs(MR, NV)) {
      multiply<MR, NV>(sum, x, stride, rows, panel.weights, K);
    } else {
      const size_t partials = size_t(layer.shape.partials), run = layer.shape.run(K);
      V before[MR][NV] = {};
      for (size_t p = 1, k = 0;; p++, k += run) {
        multiply<MR, NV>(sum, x + k, stride, rows, panel.weights + k * row_size(NV), p == partials ? K - k : run);
        if (p > 1) for_sums<MR, NV>([&](int r, int j) { sum[r][j] = S::add(before[r][j], sum[r][j]); });
        if (p == partials) break;
        for_sums<MR, NV>([&](int r, int j) {
          before[r][j] = sum[r][j];
          sum[r][j] = S::zero();
        });
      }
    }
    store_rows<MR, NV>(sum, layer, panel.results, first_row, rows);
  }

  template <int MR, int NV, class F>
  static FP_INLINE void for_sums(F f) {
    FP_UNROLL
    for (int r = 0; r < MR; r++) {
      FP_UNROLL
      for (int j = 0; j < NV; j++) f(r, j);
    }
  }

  // All rows of one panel.
  template <int NV>
  static FP_INNER void tiles(const Layer& layer, const T* x, const Panel& panel, size_t rows) {
    const auto one = [&](auto MR, size_t row, size_t here) { tile<MR, NV>(layer, x, panel, row, here); };
    constexpr bool odd = W::odd_heights && NV == panel_vectors;
    constexpr int with_runs = tile_rows(NV * 2) < tile_rows(NV) ? tile_rows(NV * 2) : tile_rows(NV);
    if (layer.shape.partials == 1) return in_tiles<tile_rows(NV), odd>(rows, one);
    in_tiles<with_runs, odd>(rows, one);
  }

  // One row of one panel in several runs of k, C at a time, which hide each other's latency; partials is a multiple of
  // C.
  template <int NV, int C>
  static FP_INNER void runs(const Layer& layer, const T* x, const Panel& panel, size_t row) {
    constexpr size_t width = row_size(NV);
    const size_t K = layer.K, partials = size_t(layer.shape.partials), run = layer.shape.run(K);
    x += row * layer.stride;
    V sum[C][NV], before[NV];
    FP_UNROLL
    for (int j = 0; j < NV; j++) {
      before[j] = S::zero();
      sum[0][j] = S::load(panel.bias + j * S::lanes);
    }
    for (size_t p = 0;;) {
      for_sums<C - 1, NV>([&](int c, int j) { sum[c + 1][j] = S::zero(); });
      const auto add = [&](size_t k, int c) {
        V w[NV];
        W::load(panel.weights + k * width, w);
        const V a = S::set1(x[k]);
        FP_UNROLL
        for (int j = 0; j < NV; j++) sum[c][j] = S::fma(a, w[j], sum[c][j]);
      };
      for (size_t k = p * run; k < (p + 1) * run; k++) {
        FP_UNROLL
        for (int c = 0; c < C; c++) add(k + c * run, c);
      }
      p += C;
      // The remainder of K / partials belongs to the last run.
      if (p == partials) {
        for (size_t k = partials * run; k < K; k++) add(k, C - 1);
      }
      if (p > C) for_sums<1, NV>([&](int, int j) { sum[0][j] = S::add(before[j], sum[0][j]); });
      for_sums<C - 1, NV>([&](int c, int j) { sum[0][j] = S::add(sum[0][j], sum[c + 1][j]); });
      if (p == partials) break;
      for_sums<1, NV>([&](int, int j) {
        before[j] = sum[0][j];
        sum[0][j] = S::zero();
      });
    }
    store<NV>(sum[0], Bounds(layer), panel.results.y + row * layer.N, panel.results.columns);
  }

  // MR (few) rows of G adjacent full panels, without partials.
  template <int MR, int G>
  static FP_INNER void few_rows(const Layer& layer, const T* x, const Panel& panel) {
    constexpr int NV = panel_vectors;
    const size_t K = layer.K, x_stride = layer.stride, stride = panel_size(K);
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
      for (int r = 0; r < MR; r++) a[r] = S::set1(x[r * x_stride + k]);
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
      for (int r = 0; r < MR; r++)
        store<NV>(sum[g][r], bounds, panel.results.y + g * panel_columns + r * N, panel_columns);
    }
  }

  template <int NV>
  static FP_INLINE void one_row(const Layer& layer, const T* x, const Panel& panel, size_t row = 0) {
    constexpr int most = W::small_layers ? row_chains / NV : 1;
    const int partials = layer.shape.partials;
    if (partials == 1) return tile<1, NV>(layer, x, panel, row, 1);
    if constexpr (most >= 8) {
      if (partials == 8) return runs<NV, 8>(layer, x, panel, row);
    }
    if constexpr (most >= 4) {
      if (partials >= 4) return runs<NV, 4>(layer, x, panel, row);
    }
    if constexpr (most >= 2) {
      runs<NV, 2>(layer, x, panel, row);
    } else {
      tile<1, NV>(layer, x, panel, row, 1);
    }
  }

  template <int NV>
  static FP_INLINE void panel_rows(const Layer& layer, const T* x, const Panel& panel, size_t rows) {
    // As many rows as runs give as many independent sums as the runs of one row.
    if (rows > 1 && (rows >= size_t(layer.shape.partials) || rows > 4)) return tiles<NV>(layer, x, panel, rows);
    for (size_t row = 0; row < rows; row++) one_row<NV>(layer, x, panel, row);
  }

  // As many whole panels from `column` on as fit, G at a time; returns the first column that is left.
  template <int MR, int G>
  static FP_INNER size_t rows_of_panels(const Layer& layer, const T* x, T* y, size_t column, size_t end) {
    const size_t stride = panel_size(layer.K);
    const T* at = layer.weights + column / panel_columns * stride;
    for (; column + G * panel_columns <= end; column += G * panel_columns, at += G * stride) {
      few_rows<MR, G>(layer, x, {at, at + panel_columns, {y + column, layer.N - column}});
    }
    return column;
  }

  // One or two rows of as many whole panels as fit in groups; returns the first column that is left.
  static FP_INLINE size_t few_rows_of_panels(const Layer& layer, const T* x, T* y, size_t rows, size_t column,
                                             size_t end) {
    if (layer.shape.partials > 1) return column;
    // Weights from beyond the first-level cache arrive sooner in fewer streams, and hide the latency in any case.
    constexpr int G = row_chains / panel_vectors, fewer = G > 2 ? G / 2 : G;
    constexpr size_t first_level_bytes = 32 << 10;
    const bool far = layer.K * layer.N * sizeof(T) > first_level_bytes;
    if (rows == 1 && far) return rows_of_panels<1, fewer>(layer, x, y, column, end);
    if (rows == 1) return rows_of_panels<1, G>(layer, x, y, column, end);
    if constexpr (W::small_layers) {
      if (rows == 2) return rows_of_panels<2, G / 2>(layer, x, y, column, end);
    }
    return column;
  }

  static FP_INNER void chains(const Layer& layer, const T* x, T* y, size_t rows, size_t column, size_t end) {
    // The smallest layers finish before the rest of this function would start.
    if (rows == 1 && layer.N <= size_t(S::lanes)) {
      return one_row<1>(layer, x, {layer.weights, layer.weights + S::lanes, {y, layer.N}});
    }
    if constexpr (row_chains > panel_vectors) column = few_rows_of_panels(layer, x, y, rows, column, end);
    const T* at = layer.weights + column / panel_columns * panel_size(layer.K);
    for (; column < end; column += panel_columns, at += panel_size(layer.K)) {
      const size_t columns = layer.N - column;
      const size_t vectors = columns >= size_t(panel_columns) ? panel_vectors : (columns + S::lanes - 1) / S::lanes;
      const size_t width = vectors * S::lanes;
      const Panel panel = {at, at + width, {y + column, columns < width ? columns : width}};
      with_count<panel_vectors>(vectors, [&](auto NV) { panel_rows<NV>(layer, x, panel, rows); });
    }
  }
};

template <class S>
void dense(const fp::DenseLayer<typename S::T>& layer, const typename S::T* x, typename S::T* y, size_t rows,
           size_t first, size_t end) {
  if (rows == 0) return;
  if (layer.shape.order == fp::DenseOrder::lanes) {
    Dots<S>::run(layer, x, y, rows);  // one panel, with all of its columns
  } else {
    Dense<S>::chains(layer, x, y, rows, first, end);
  }
}

// The same with bf16 weights, only for chains.
template <class S>
void dense_bf16(const fp::DenseLayer<float>& layer, const float* x, float* y, size_t rows, size_t first, size_t end) {
  if (rows > 0) Dense<S, Bf16Weights<S>>::chains(layer, x, y, rows, first, end);
}

}  // namespace FP_ISA
