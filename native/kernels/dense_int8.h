// Dense layers with int8 weights and activations: exact sums in int32, the same in every order.
//
// Instruction sets only differ in their products. A struct P of them has
//   F               the float vectors beside it, as many lanes as sums
//   Row             the element type of a quantised row for dot()
//   group, offset   the number of k in one product; what is added to each element of a row (see pack_reduced.h)
//   A, B            the results of broadcast() and load()
//   broadcast(at)   `group` elements of a row from `at` on, for every lane
//   load(at)        `group` weights for each lane
//   dot(sum, a, b)  sum + Σ a·b over the group, in each lane, exact
//   narrow(to, v)   stores the lowest bits of integers, as many as Row has
//   to_float(v)     rounded to nearest even
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>

#include "../pack.h"
#include "../pack_reduced.h"
#include "byte_dots.h"
#include "byte_rows.h"
#include "dense.h"
#include "kernels.h"
#include "lanes.h"

namespace FP_ISA {

// A row of floats x becomes integers q = x·127/a, where a is the greatest |x|, and the scale a/127. If a is below
// 2^−100, all are 0. If the row has a NaN or an infinity, its scale is NaN, and so is every result.
template <class P>
void quantize(const float* x, float* y, size_t rows, size_t K) {
  using F = typename P::F;
  using L = Lanes<F>;
  using V = typename F::V;
  constexpr size_t step = fp::lane_count;
  const size_t width = fp::quantized_width(K);
  const typename F::I magnitude = F::iset1(0x7fffffff);
  for (size_t r = 0; r < rows; r++, x += K, y += width) {
    L greatest = L::set1(0), odd = L::set1(0);
    const auto look = [&](const L& v) {
      for (int i = 0; i < L::vectors; i++) {
        const V a = v.v[i];
        // A NaN leaves the first as it is. Like an infinity, it makes the second NaN, which is 0 otherwise.
        greatest.v[i] = F::max(F::from_bits(F::iand(F::bits(a), magnitude)), greatest.v[i]);
        odd.v[i] = F::from_bits(F::ior(F::bits(F::sub(a, a)), F::bits(odd.v[i])));
      }
    };
    size_t k = 0;
    for (; k + step <= K; k += step) look(L::load(x + k));
    if (k < K) look(L::load_part(x + k, ptrdiff_t(K - k), 0));

    bool finite = true;
    for (int i = 0; i < L::vectors; i++) finite = finite && !F::any(F::is_nan(odd.v[i]));
    const float a = greatest.fold(F::max);
    const bool zero = !finite || a < 0x1p-100f;
    y[0] = finite ? (zero ? 0.0f : a / 127) : std::numeric_limits<float>::quiet_NaN();

    const V factor = F::set1(zero ? 0.0f : 127 / a), shift = F::set1(int8_magic + P::offset);
    const typename F::I base = F::bits(F::set1(int8_magic));
    typename P::Row* to = reinterpret_cast<typename P::Row*>(y + 1);
    const auto convert = [&](const L& v) {
      for (int i = 0; i < L::vectors; i++, to += F::lanes) {
        P::narrow(to, F::isub(F::bits(F::fma(v.v[i], factor, shift)), base));
      }
    };
    for (k = 0; k + step <= K; k += step) convert(L::load(x + k));
    if (k < K) convert(L::load_part(x + k, ptrdiff_t(K - k), 0));
  }
}

// Turns columns of rows of floats, `stride` apart, into bytes by one scale. `y` is the first row, `first` the position
// of the first column in a row. Whole vectors are written; bytes after the last column are not used.
template <class P>
FP_NOINLINE void static_columns(const float* x, size_t stride, float* y, size_t y_stride, size_t rows, size_t first,
                                size_t columns, const fp::StaticScale& scale) {
  using F = typename P::F;
  using V = typename F::V;
  const V factor = F::set1(scale.factor), shift = F::set1(int8_magic + P::offset + scale.zero);
  const V least = F::set1(int8_magic + P::offset - 128), greatest = F::set1(int8_magic + P::offset + 127);
  const typename F::I base = F::bits(F::set1(int8_magic));
  for (; rows > 0; rows--, x += stride, y += y_stride) {
    typename P::Row* const to = reinterpret_cast<typename P::Row*>(y + 1) + first;
    typename F::I odd = F::iset1(0);  // the bits of a NaN if a number is not finite
    const auto convert = [&](size_t k, V v) {
      odd = F::ior(odd, F::bits(F::sub(v, v)));
      v = F::min(greatest, F::max(least, F::fma(v, factor, shift)));
      P::narrow(to + k, F::isub(F::bits(v), base));
    };
    size_t k = 0;
    for (; k + F::lanes <= columns; k += F::lanes) convert(k, F::load(x + k));
    if (k < columns) convert(k, F::load_part(x + k, int(columns - k), F::zero()));
    if (first == 0) y[0] = F::any(F::is_nan(F::from_bits(odd))) ? std::numeric_limits<float>::quiet_NaN() : scale.scale;
  }
}

template <class P>
void static_quantize(const float* x, float* y, size_t rows, size_t K, const fp::StaticScale& scale) {
  static_columns<P>(x, K, y, fp::quantized_width(K), rows, 0, K, scale);
}

// Where the tiles of a layer write their floats: to its results, or, if these are bytes, to a buffer with rows of
// `Columns`, which become bytes while they are in the first-level cache. `tiled` is the layer as tiles see it.
template <class P, int Rows, int Columns>
struct TileResults {
  using Layer = fp::DenseLayer<float>;
  const bool are_bytes;
  float* const y;
  const size_t y_stride;
  Layer tiled;
  float floats[Rows * Columns];

  TileResults(const Layer& layer, float* results)
      : are_bytes(layer.bytes != nullptr),
        y(results),
        y_stride(are_bytes ? fp::quantized_width(layer.N) : layer.N),
        tiled(layer) {
    if (are_bytes) tiled.N = Columns;
  }
  float* at(size_t row, size_t column) { return are_bytes ? floats : y + row * y_stride + column; }
  // Turns a tile's rows in the buffer into bytes; the tile begins `from` rows after the first.
  void put(size_t row, size_t rows, size_t column, size_t columns, size_t from = 0) {
    if (!are_bytes) return;
    const float* const aside = floats + from * Columns;
    static_columns<P>(aside, Columns, y + row * y_stride, y_stride, rows, column, columns, *tiled.bytes);
  }
};

template <class P>
struct DenseInt8 {
  using F = typename P::F;
  using Row = typename P::Row;
  using V = typename F::V;
  using I = typename F::I;
  using Layer = fp::DenseLayer<float>;
  using Floats = Dense<F>;

  // Without a special instruction, a product is so slow that higher tiles gain nothing.
  static constexpr int most_rows = P::group == 4 ? 6 : 2;
  // For a single tile of full panels of wide vectors. If there are several tiles, lower ones are faster.
  static constexpr int most_rows_alone = F::lanes == 16 ? 8 : most_rows;
  static_assert(most_rows_alone >= 2, "results of two panels of one row are put aside together");
  static constexpr int tile_rows(int vectors, int most) {
    return Floats::tile_rows(vectors) < most ? Floats::tile_rows(vectors) : most;
  }
  static constexpr int panel_vectors = Floats::panel_vectors;
  static constexpr int panel_columns = Floats::panel_columns;
  static constexpr int chains = 8;  // independent sums that hide the latency of a product

  struct Panel {
    const float* words;
    float* y;  // the panel's first column in the first row
    size_t columns;
    size_t apart = 0;    // the distance in panels to the second of two
    size_t y_apart = 0;  // the distance to its first column
  };

  // Adds the products of one group of NV vectors of weights and MR rows.
  template <int MR, int NV>
  static FP_INLINE void multiply(I (&sum)[MR][NV], const RowPointers<MR, char>& row, size_t offset,
                                 const int8_t* weights) {
    typename P::B b[NV];
    FP_UNROLL
    for (int j = 0; j < NV; j++) b[j] = P::load(weights + j * F::lanes * P::group);
    FP_UNROLL
    for (int r = 0; r < MR; r++) {
      const auto a = P::broadcast(row.at(r) + offset);
      FP_UNROLL
      for (int j = 0; j < NV; j++) sum[r][j] = P::dot(sum[r][j], a, b[j]);
    }
  }

  // MR rows, or one row less, of G panels (two are full ones) of NV vectors, C groups of k at a time.
  template <int MR, int NV, int G>
  static FP_INNER void tile(const Layer& layer, const float* x, const Panel& panel, size_t rows) {
    constexpr int sums = MR * NV * G, C = sums >= chains ? 1 : (chains + sums - 1) / sums;
    constexpr size_t width = NV * F::lanes, weight_step = width * P::group, row_step = P::group * sizeof(Row);
    const size_t row_width = fp::quantized_width(layer.K), stride = row_width * sizeof(float);
    const size_t groups = (layer.K + P::group - 1) / P::group;
    const size_t apart = panel.apart * fp::int8_panel_size(layer.K, width, P::group);
    const float* const bias = panel.words;
    const float* const scales = bias + width;
    const float* const starts = scales + width;
    const int8_t* weights = reinterpret_cast<const int8_t*>(starts + width);

    I sum[G][C][MR][NV];
    FP_UNROLL
    for (int p = 0; p < G; p++) {
      FP_UNROLL
      for (int r = 0; r < MR; r++) {
        FP_UNROLL
        for (int j = 0; j < NV; j++) {
          sum[p][0][r][j] = F::bits(F::load(starts + p * apart + j * F::lanes));
          FP_UNROLL
          for (int c = 1; c < C; c++) sum[p][c][r][j] = F::iset1(0);
        }
      }
    }
    RowPointers<MR, char> row(reinterpret_cast<const char*>(x + 1), stride, rows);
    const auto add = [&](int c, size_t ahead) {
      FP_UNROLL
      for (int p = 0; p < G; p++) {
        multiply<MR, NV>(sum[p][c], row, ahead * row_step, weights + ahead * weight_step + p * apart * sizeof(float));
      }
    };
    const auto advance = [&](size_t count) {
      weights += count * weight_step;
      row.advance(count * row_step);
    };
    size_t g = 0;
    for (; g + C <= groups; g += C) {
      FP_UNROLL
      for (int c = 0; c < C; c++) add(c, c);
      advance(C);
    }
    if constexpr (C > 1) {
      for (; g < groups; g++) {
        add(0, 0);
        advance(1);
      }
    }

    FP_UNROLL
    for (int p = 0; p < G; p++) {
      V y[MR][NV];
      FP_UNROLL
      for (int r = 0; r < MR; r++) {
        const V row_scale = F::set1(x[place_of_row<MR>(r, rows) * row_width]);
        FP_UNROLL
        for (int j = 0; j < NV; j++) {
          I all = sum[p][0][r][j];
          FP_UNROLL
          for (int c = 1; c < C; c++) all = F::iadd(all, sum[p][c][r][j]);
          const size_t column = p * apart + j * F::lanes;
          y[r][j] = F::fma(P::to_float(all), F::mul(row_scale, F::load(scales + column)), F::load(bias + column));
        }
      }
      const size_t columns = G > 1 ? width : panel.columns;
      Floats::template store_rows<MR, NV>(y, layer, {panel.y + p * panel.y_apart, columns}, 0, rows);
    }
  }

  static void run(const Layer& layer, const float* x, float* y, size_t rows, size_t first, size_t end) {
    if (rows == 0) return;
    const size_t panel_size = fp::int8_panel_size(layer.K, panel_columns, P::group);
    const size_t row_width = fp::quantized_width(layer.K);
    const float* at = layer.weights + first / panel_columns * panel_size;
    size_t column = first;
    TileResults<P, most_rows_alone, panel_columns> results(layer, y);
    if (rows == 1) {
      // Two contiguous streams of weights are faster than one.
      const size_t half = (end - first) / panel_columns / 2, apart = half * panel_columns;
      for (size_t i = 0; i < half; i++, column += panel_columns, at += panel_size) {
        const size_t y_apart = results.are_bytes ? panel_columns : apart;
        tile<1, panel_vectors, 2>(results.tiled, x, {at, results.at(0, column), panel_columns, half, y_apart}, 1);
        for (size_t p = 0; p < 2; p++) results.put(0, 1, column + p * apart, panel_columns, p);
      }
      column += apart;
      at += half * panel_size;
    }
    for (; column < end; column += panel_columns, at += panel_size) {
      const size_t left = layer.N - column, columns = results.are_bytes ? panel_columns : left;
      const size_t vectors = left >= size_t(panel_columns) ? panel_vectors : (left + F::lanes - 1) / F::lanes;
      with_count<panel_vectors>(vectors, [&](auto NV) {
        const auto one = [&](auto MR, size_t row, size_t here) {
          tile<MR, NV, 1>(results.tiled, x + row * row_width, {at, results.at(row, column), columns}, here);
          results.put(row, here, column, NV * F::lanes);
        };
        constexpr int alone = tile_rows(NV, NV == panel_vectors ? most_rows_alone : most_rows);
        if (rows <= size_t(alone)) return with_height<alone>(rows, [&](auto MR) { one(MR, 0, rows); });
        in_tiles<tile_rows(NV, most_rows)>(rows, one);
      });
    }
  }
};

template <class P>
constexpr fp::Int8Kernels int8_table() {
  return {{P::F::lanes, DenseInt8<P>::panel_columns, P::group, P::offset, sizeof(typename P::Row)},
          quantize<P>,
          static_quantize<P>,
          bytes<P>,
          narrow<P>,
          DenseInt8<P>::run,
          dots_of<P>()};
}

}  // namespace FP_ISA
