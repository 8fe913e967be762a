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
#include <utility>

#include "../pack.h"
#include "../pack_reduced.h"
#include "byte_dots.h"
#include "byte_rows.h"
#include "dense.h"
#include "kernels.h"
#include "lanes.h"

namespace FP_ISA {

// Magnitudes compare like integers; those of infinities and NaN are the greatest.
template <class F>
FP_INLINE typename F::V greater(typename F::V a, typename F::V b) {
  return F::from_bits(F::imax(F::bits(a), F::bits(b)));
}

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
    L greatest = L::set1(0);
    const auto look = [&](const L& v) {
      for (int i = 0; i < L::vectors; i++) {
        greatest.v[i] = greater<F>(F::from_bits(F::iand(F::bits(v.v[i]), magnitude)), greatest.v[i]);
      }
    };
    size_t k = 0;
    for (; k + step <= K; k += step) look(L::load(x + k));
    if (k < K) look(L::load_part(x + k, ptrdiff_t(K - k), 0));

    const float a = greatest.fold(greater<F>);
    const bool finite = a <= std::numeric_limits<float>::max(), zero = !finite || a < 0x1p-100f;
    y[0] = finite ? (zero ? 0.0f : a / 127) : std::numeric_limits<float>::quiet_NaN();

    const V factor = F::set1(zero ? 0.0f : 127 / a), shift = F::set1(int8_magic + P::offset);
    typename P::Row* to = reinterpret_cast<typename P::Row*>(y + 1);
    const auto convert = [&](const L& v) {
      for (int i = 0; i < L::vectors; i++, to += F::lanes) P::narrow(to, F::bits(F::fma(v.v[i], factor, shift)));
    };
    for (k = 0; k + step <= K; k += step) convert(L::load(x + k));
    if (k < K) convert(L::load_part(x + k, ptrdiff_t(K - k), 0));
  }
}

// How floats become bytes of one scale: v·factor + shift, clamped, which leaves the byte in the lowest bits.
struct ByteScale {
  float factor, shift, least, greatest;
};

// For floats that would first be clamped to [low, high]. The factor is positive, so both can be clamped at once.
template <class P>
ByteScale byte_scale(const fp::StaticScale& scale, float low, float high) {
  using F = typename P::F;
  const float zero = int8_magic + P::offset, shift = zero + scale.zero;
  const auto end = [&](float bound) {
    const float v = F::first(F::fma(F::set1(bound), F::set1(scale.factor), F::set1(shift)));
    return v < zero - 128 ? zero - 128 : v > zero + 127 ? zero + 127 : v;
  };
  return {scale.factor, shift, end(low), end(high)};
}

template <class P>
struct ToBytes {
  using F = typename P::F;
  using V = typename F::V;
  using I = typename F::I;
  const V factor, shift;
  const I least, greatest;

  explicit ToBytes(const ByteScale& scale)
      : factor(F::set1(scale.factor)),
        shift(F::set1(scale.shift)),
        least(F::bits(F::set1(scale.least))),
        greatest(F::bits(F::set1(scale.greatest))) {}
  // The bounds are positive floats, with which floats compare like integers.
  FP_INLINE I of(V v) const { return F::imin(greatest, F::imax(least, F::bits(F::fma(v, factor, shift)))); }
};

template <class P>
void static_quantize(const float* x, float* y, size_t rows, size_t K, const fp::StaticScale& scale) {
  using F = typename P::F;
  using V = typename F::V;
  constexpr float infinity = std::numeric_limits<float>::infinity();
  const ToBytes<P> bytes(byte_scale<P>(scale, -infinity, infinity));
  for (; rows > 0; rows--, x += K, y += fp::quantized_width(K)) {
    typename P::Row* const to = reinterpret_cast<typename P::Row*>(y + 1);
    typename F::I odd = F::iset1(0);  // the bits of a NaN if a number is not finite
    const auto convert = [&](size_t k, V v) {
      odd = F::ior(odd, F::bits(F::sub(v, v)));
      P::narrow(to + k, bytes.of(v));
    };
    size_t k = 0;
    for (; k + F::lanes <= K; k += F::lanes) convert(k, F::load(x + k));
    if (k < K) convert(k, F::load_part(x + k, int(K - k), F::zero()));
    y[0] = F::any(F::is_nan(F::from_bits(odd))) ? std::numeric_limits<float>::quiet_NaN() : scale.scale;
  }
}

// Where the tiles of a layer write their results: floats, or bytes of one scale. Tiles of wide vectors write bytes
// themselves; others write floats to a buffer with rows of `Columns`, which become bytes while they are in the
// first-level cache. `tiled` is the layer as tiles see it.
template <class P, int Rows, int Columns>
struct TileResults {
  using F = typename P::F;
  using Row = typename P::Row;
  using Layer = fp::DenseLayer<float>;
  static constexpr bool direct = F::lanes == 16;
  const bool are_bytes, aside;
  float* const y;
  const size_t y_stride;
  Layer tiled;
  ByteScale scale;
  float floats[direct ? 1 : Rows * Columns];

  // Gives the rows their scale, if results begin with the first columns.
  TileResults(const Layer& layer, const float* x, float* results, size_t rows, size_t first)
      : are_bytes(layer.bytes != nullptr),
        aside(are_bytes && !direct),
        y(results),
        y_stride(are_bytes ? fp::quantized_width(layer.N) : layer.N),
        tiled(layer) {
    if (aside) tiled.N = Columns;
    if (!are_bytes) return;
    scale = byte_scale<P>(*layer.bytes, layer.low, layer.high);
    if (first > 0) return;
    const size_t x_stride = fp::quantized_width(layer.K);
    for (size_t r = 0; r < rows; r++) {
      const float of_row = x[r * x_stride];
      y[r * y_stride] = of_row - of_row + layer.bytes->scale;  // NaN stays NaN
    }
  }
  float* at(size_t row, size_t column) {
    if (aside) return floats;
    return are_bytes ? reinterpret_cast<float*>(bytes_at(row, column)) : y + row * y_stride + column;
  }
  // Turns a tile's rows in the buffer into bytes; the tile begins `from` rows after the first. Whole vectors are
  // written; bytes after the last column are not used.
  void put(size_t row, size_t rows, size_t column, size_t columns, size_t from = 0) {
    if constexpr (!direct) {
      if (aside)
        to_bytes(floats + from * Columns, bytes_at(row, column), y_stride * sizeof(float), rows, columns, scale);
    }
  }

 private:
  Row* bytes_at(size_t row, size_t column) const { return reinterpret_cast<Row*>(y + row * y_stride + 1) + column; }
  static FP_NOINLINE void to_bytes(const float* from, Row* to, size_t stride, size_t rows, size_t columns,
                                   const ByteScale& scale) {
    const ToBytes<P> bytes(scale);
    for (; rows > 0; rows--, from += Columns, to += stride / sizeof(Row)) {
      for (size_t k = 0; k < columns; k += F::lanes) P::narrow(to + k, bytes.of(F::load(from + k)));
    }
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
  // For full panels of wide vectors there are tiles of every height. Other tiles have even heights or a single row, and
  // may have one row less.
  static constexpr bool exact = F::lanes == 16;
  static constexpr int most_rows_full = exact ? 8 : most_rows;
  static constexpr int most_rows_part = exact ? 4 : most_rows;  // higher ones of one wide vector would gain nothing
  static_assert(most_rows_full >= 2, "results of two panels of one row are put aside together");
  static constexpr int panel_vectors = Floats::panel_vectors;
  static constexpr int panel_columns = Floats::panel_columns;
  static constexpr bool direct_bytes = TileResults<P, 1, 1>::direct;
  static constexpr int chains = 8;  // independent sums that hide the latency of a product

  using Results = TileResults<P, most_rows_full, panel_columns>;

  struct Panel {
    const float* words;
    float* y;  // the panel's first column in the first row
    size_t columns;
    size_t apart = 0;    // words to the second of two panels
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

  // Whole vectors are written; bytes after the last column are not used.
  template <int MR, int NV>
  static FP_INLINE void store_bytes(const V (&v)[MR][NV], const ByteScale& scale, float* y, size_t stride,
                                    size_t rows) {
    const ToBytes<P> bytes(scale);
    FP_UNROLL
    for (int r = 0; r < MR; r++) {
      Row* const to = reinterpret_cast<Row*>(y + place_of_row<MR>(r, rows) * stride);
      FP_UNROLL
      for (int j = 0; j < NV; j++) P::narrow(to + j * F::lanes, bytes.of(v[r][j]));
    }
  }

  // MR rows, or one row less, of G panels (two are full ones) of NV vectors, C groups of k at a time.
  template <int MR, int NV, int G>
  static FP_INNER void tile(const Results& results, const float* x, const Panel& panel, size_t rows) {
    constexpr int sums = MR * NV * G, C = sums >= chains ? 1 : (chains + sums - 1) / sums;
    constexpr size_t width = NV * F::lanes, weight_step = width * P::group, row_step = P::group * sizeof(Row);
    if (exact && NV == panel_vectors) rows = MR;
    const Layer& layer = results.tiled;
    const size_t row_width = fp::quantized_width(layer.K), stride = row_width * sizeof(float);
    const size_t groups = (layer.K + P::group - 1) / P::group;
    const size_t apart = panel.apart;
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
      if constexpr (direct_bytes) {
        if (results.are_bytes) {
          store_bytes<MR, NV>(y, results.scale, panel.y + p * panel.y_apart, results.y_stride, rows);
          continue;
        }
      }
      const size_t columns = G > 1 ? width : panel.columns;
      Floats::template store_rows<MR, NV>(y, layer, {panel.y + p * panel.y_apart, columns}, 0, rows);
    }
  }

  using Tile = void(FP_INNER*)(const Results&, const float* x, const Panel&, size_t rows);

  // Tiles of NV vectors, each `unit` rows higher than the one before.
  template <size_t Count>
  struct Heights {
    Tile tile[Count];
  };
  template <int NV, int unit, size_t... I>
  static constexpr Heights<sizeof...(I)> heights(std::index_sequence<I...>) {
    return {{tile<int(I + 1) * unit, NV, 1>...}};
  }

  // All rows of one panel, in tiles of nearly equal height.
  template <int NV>
  static void tiles(Results& results, const float* x, const float* words, size_t rows, size_t column, size_t columns) {
    constexpr bool full = NV == panel_vectors;
    constexpr size_t unit = full && exact ? 1 : 2, most = (full ? most_rows_full : most_rows_part) / unit;
    static constexpr Heights<most> of = heights<NV, unit>(std::make_index_sequence<most>());
    const size_t row_width = fp::quantized_width(results.tiled.K);
    const size_t units = (rows + unit - 1) / unit, count = (units + most - 1) / most;
    // A division takes longer than one row of a small layer.
    const size_t height = count == 1 ? units : units / count, taller = units - height * count;
    for (size_t i = 0, row = 0; i < count; i++) {
      const size_t wanted = height + (i < taller), left = rows - row,
                   here = wanted * unit < left ? wanted * unit : left;
      const Tile tile_of_height = unit > 1 && here == 1 ? &tile<1, NV, 1> : of.tile[wanted - 1];
      tile_of_height(results, x + row * row_width, {words, results.at(row, column), columns}, here);
      results.put(row, here, column, NV * F::lanes);
      row += here;
    }
  }

  static void run(const Layer& layer, const float* x, float* y, size_t rows, size_t first, size_t end) {
    if (rows == 0) return;
    const size_t panel_size = fp::int8_panel_size(layer.K, panel_columns, P::group);
    const float* at = layer.weights + first / panel_columns * panel_size;
    size_t column = first;
    Results results(layer, x, y, rows, first);
    if (rows == 1) {
      // Two contiguous streams of weights are faster than one.
      const size_t half = (end - first) / panel_columns / 2, apart = half * panel_columns;
      for (size_t i = 0; i < half; i++, column += panel_columns, at += panel_size) {
        float* const to = results.at(0, column);
        const size_t y_apart = results.aside ? panel_columns : size_t(results.at(0, column + apart) - to);
        tile<1, panel_vectors, 2>(results, x, {at, to, panel_columns, half * panel_size, y_apart}, 1);
        for (size_t p = 0; p < 2; p++) results.put(0, 1, column + p * apart, panel_columns, p);
      }
      column += apart;
      at += half * panel_size;
    }
    for (; column < end; column += panel_columns, at += panel_size) {
      const size_t left = layer.N - column, columns = results.aside ? panel_columns : left;
      const size_t vectors = left >= size_t(panel_columns) ? panel_vectors : (left + F::lanes - 1) / F::lanes;
      with_count<panel_vectors>(vectors, [&](auto NV) { tiles<NV>(results, x, at, rows, column, columns); });
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
