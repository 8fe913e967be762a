// The layout of dense layers for the kernels, and the order in which every instruction set sums them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fp {

struct StaticScale;

// The order of summation of a dense layer: a part of the numerics contract (docs/numerics.md). It only depends on the
// layer's shape, never on the machine or the batch.
enum class DenseOrder {
  // Columns in parallel. k is cut into `partials` runs of K / partials (the last takes the rest); each run is one chain
  // of fused multiply-adds in ascending k, the first from the bias, the others from 0; the runs are then added in
  // order.
  chains,
  // For very few columns. `16·partials` sums, sum l takes k ≡ l (mod 16·partials) in ascending order from 0, k
  // beyond K counting as 0·0; blocks of 16 are added pairwise, then halves onto halves; the bias comes last.
  lanes,
};

struct DenseShape {
  DenseOrder order;
  int partials;  // 1, 2, 4 or 8

  // K / partials, computed in advance.
  size_t run(size_t K) const { return partials == 1 ? K : partials == 2 ? K / 2 : partials == 4 ? K / 4 : K / 8; }
};

constexpr size_t lane_count = 16;  // of DenseOrder::lanes and of every sum over a row

DenseShape dense_shape(size_t K, size_t N);

// A packed layer. Owns nothing: `weights` is in the engine's arena, aligned to a cache line. chains: panel after panel
// of `panel_columns` columns, the last only as wide as needed in whole vectors. A panel
//           is a row of biases, then K rows of weights, all of the panel's width; columns beyond N are 0.
//   lanes:  N rows of weights, each padded with 0 to a multiple of 16·partials, then N biases.
template <typename T>
struct DenseLayer {
  size_t K, N;
  size_t stride;  // elements of x from one row to the next, where chains read floats; otherwise rows have no padding
  DenseShape shape;
  const T* weights;
  T low, high;                         // results are clamped to [low, high]; −∞ and ∞ leave them, NaN stays NaN
  const StaticScale* bytes = nullptr;  // of an int8 layer whose results are rows of bytes of this scale, not floats
};

// The number of elements of the packed layer for kernels with these vectors.
size_t packed_size(size_t K, size_t N, int lanes, int panel_columns);

// Writes packed_size() elements, which must be zeroed. `weights` is [K, N], or [N, K] if `out_in`; `bias` is [N] or
// null for zeros.
template <typename T>
void pack(const T* weights, bool out_in, const T* bias, size_t K, size_t N, int lanes, int panel_columns, T* to);

}  // namespace fp
