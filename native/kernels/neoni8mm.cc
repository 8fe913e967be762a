#include "../cpu.h"

#if FP_ARM64
#define FP_ISA fp::neoni8mm

#include <arm_neon.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#include "../pack.h"
#include "../pack_reduced.h"
#include "kernels.h"

// The following code may only run if has_neoni8mm() is true.
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("i8mm"))), apply_to = function)
#elif defined(__GNUC__)
#pragma GCC target("arch=armv8.2-a+i8mm")
#endif

#include "vec_neon.h"

#include "dense_int8.h"

namespace FP_ISA {

// Eight products of bytes for each of two rows and two columns at once: matrices of 2 × 8 times 8 × 2. A vector of
// weights contains two columns of eight k, a vector of activations two rows; a sum contains rows a and b of columns c
// and d as ac, ad, bc, bd. So rows are computed in pairs, and an odd last row is paired with itself.
struct MatrixProducts {
  using F = F32;
  using Row = int8_t;
  static constexpr int group = 8, offset = 0;
  static void narrow(Row* to, int32x4_t v) { Products::narrow(to, v); }
  static F::V to_float(int32x4_t v) { return Products::to_float(v); }

  using Layer = fp::DenseLayer<float>;
  using Floats = Dense<F>;

  // MR rows, or one row less, of one panel of NV vectors of columns.
  template <int MR, int NV>
  static void tile(const Layer& layer, const float* x, const float* words, float* y, size_t columns, size_t rows) {
    constexpr int pairs = (MR + 1) / 2, halves = 2 * NV;  // a vector of four columns has two in each sum
    constexpr size_t width = NV * F::lanes;
    const size_t row_width = fp::quantized_width(layer.K), groups = (layer.K + group - 1) / group;
    const float* const bias = words;
    const float* const scales = bias + width;
    const float* const starts = scales + width;
    const int8_t* weights = reinterpret_cast<const int8_t*>(starts + width);
    const auto row = [&](int r) {
      return reinterpret_cast<const int8_t*>(x + place_of_row<MR>(r < MR ? r : MR - 1, rows) * row_width + 1);
    };

    int32x4_t sum[pairs][halves];
    FP_UNROLL
    for (int p = 0; p < pairs; p++) {
      FP_UNROLL
      for (int h = 0; h < halves; h++) sum[p][h] = vdupq_n_s32(0);
    }
    for (size_t k = 0; k < groups * group; k += group, weights += width * group) {
      int8x16_t b[halves];
      FP_UNROLL
      for (int h = 0; h < halves; h++) b[h] = vld1q_s8(weights + 16 * h);
      FP_UNROLL
      for (int p = 0; p < pairs; p++) {
        const int8x16_t a = vcombine_s8(vld1_s8(row(2 * p) + k), vld1_s8(row(2 * p + 1) + k));
        FP_UNROLL
        for (int h = 0; h < halves; h++) sum[p][h] = vmmlaq_s32(sum[p][h], a, b[h]);
      }
    }

    float32x4_t out[MR][NV];
    FP_UNROLL
    for (int r = 0; r < MR; r++) {
      const float32x4_t row_scale = F::set1(x[place_of_row<MR>(r, rows) * row_width]);
      FP_UNROLL
      for (int j = 0; j < NV; j++) {
        const int32x4_t left = sum[r / 2][2 * j], right = sum[r / 2][2 * j + 1];
        const int32x4_t all = r % 2 == 0 ? vcombine_s32(vget_low_s32(left), vget_low_s32(right))
                                         : vcombine_s32(vget_high_s32(left), vget_high_s32(right));
        const int32x4_t start = F::bits(F::load(starts + j * F::lanes));
        const float32x4_t scale = F::mul(row_scale, F::load(scales + j * F::lanes));
        out[r][j] = F::fma(vcvtq_f32_s32(vaddq_s32(all, start)), scale, F::load(bias + j * F::lanes));
      }
    }
    Floats::store_rows<MR, NV>(out, layer, {y, columns}, 0, rows);
  }

  static void run(const Layer& layer, const float* x, float* y, size_t rows, size_t first, size_t end) {
    if (rows == 0) return;
    constexpr size_t panel = Floats::panel_columns;
    const size_t panel_size = fp::int8_panel_size(layer.K, panel, group), row_width = fp::quantized_width(layer.K);
    const float* at = layer.weights + first / panel * panel_size;
    TileResults<MatrixProducts, WholeWeights<F>::most_rows, panel> results(layer, x, y, rows, first);
    for (size_t column = first; column < end; column += panel, at += panel_size) {
      const size_t left = layer.N - column, columns = results.aside ? panel : left;
      const size_t vectors = left >= panel ? Floats::panel_vectors : (left + F::lanes - 1) / F::lanes;
      with_count<Floats::panel_vectors>(vectors, [&](auto NV) {
        in_tiles<Floats::tile_rows(NV)>(rows, [&](auto MR, size_t row, size_t here) {
          tile<MR, NV>(results.tiled, x + row * row_width, at, results.at(row, column), columns, here);
          results.put(row, here, column, NV * F::lanes);
        });
      });
    }
  }
};

extern const fp::Int8Kernels int8;
constexpr fp::Int8Kernels int8 = {
    {F32::lanes, Dense<F32>::panel_columns, MatrixProducts::group, MatrixProducts::offset, sizeof(MatrixProducts::Row)},
    quantize<MatrixProducts>,
    static_quantize<MatrixProducts>,
    bytes<MatrixProducts>,
    narrow<MatrixProducts>,
    MatrixProducts::run,
    nullptr};

}  // namespace FP_ISA

#if defined(__clang__)
#pragma clang attribute pop
#endif

#endif
