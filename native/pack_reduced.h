// Dense layers whose weights are kept in fewer bits: bf16 and int8. Both are packed into 32-bit words, which the arena
// of an f32 model holds.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fp {

// bf16: the upper half of a float, rounded to nearest even; NaN stays NaN. Summed in the order of the shape, as with
// unreduced weights.
//
// Panels as in pack.h (chains), but a row of weights has half as many vectors, rounded up: a word of vector i holds the
// weight of the column in vector 2i of the panel as its lower half, that of vector 2i + 1 as its upper half. The biases
// are floats. Layers of DenseOrder::lanes are not supported in bf16.
size_t packed_bf16_size(size_t K, size_t N, int lanes, int panel_columns);

// Writes packed_bf16_size() words, which must be zeroed. `weights` is [K, N], or [N, K] when `out_in`; `bias` is [N] or
// null for zeros.
void pack_bf16(const float* weights, bool out_in, const float* bias, size_t K, size_t N, int lanes, int panel_columns,
               float* to);

// int8: integers q from −127 to 127 and a scale s for each column; the weight is q·s.
//
// s = max|w| / 127 over the column, rounded up to 16 significant bits, so that every q·s is exact in f32 and weights
// that are such products are reproduced exactly. q = w / s, rounded to nearest even. Columns whose max|w| is below
// 2^−100 count as 0; a weight that is not finite makes the scale of its column NaN.
struct Int8Layout {
  int lanes;          // sums of one vector
  int panel_columns;  // of a full panel
  int group;          // how many k one product of the kernel takes
  int offset;         // what the kernel adds to each element of a row, and takes off again
  size_t row_bytes;   // of an element of a row
};

// A panel of `width` columns (whole vectors), in words: [biases, scales, −offset·Σq as int32], each `width`; then
// ⌈K / group⌉ groups, each `width` columns of `group` bytes, q of k and columns beyond the layer being 0; the whole
// rounded up to a cache line. width is panel_columns, or less for the last panel.
size_t int8_panel_size(size_t K, size_t width, int group);
size_t packed_int8_size(size_t K, size_t N, const Int8Layout& layout);
void pack_int8(const float* weights, bool out_in, const float* bias, size_t K, size_t N, const Int8Layout& layout,
               float* to);

// The same for integers from −128 to 127, with scales of 1 and without biases; any other number counts as 0.
void pack_bytes(const double* weights, bool out_in, size_t K, size_t N, const Int8Layout& layout, float* to);

// The layout of a layer of bytes of very few outputs, whose kernel has sixteen k in one product.
constexpr Int8Layout dots_layout(const Int8Layout& layout) {
  return {layout.lanes / 4, layout.lanes / 4, 16, layout.offset, layout.row_bytes};
}

// Rows of elements of one byte, which can be read up to a multiple of sixteen.
struct ByteRows {
  const char* elements;
  size_t stride;  // in bytes
  bool scaled;    // whether a float before each row is its scale, 1 or NaN
  int32_t flip;   // exclusive-or'ed to each four elements
};

// Sums of products of bytes are exact in int32 up to this K.
constexpr size_t most_int8_inputs = 65536;

// The scale of activations that is the same for all rows: x becomes the integer x·factor + zero.
struct StaticScale {
  float scale, factor, zero;  // factor is 1/scale
};

// A row of K activations for an int8 layer, in words: the row's scale, then elements of one or two bytes, depending on
// the kernel, with room for whole vectors. plan-format.ts says the same.
constexpr size_t quantized_width(size_t K) { return 1 + 8 * ((K + 15) / 16); }

}  // namespace fp
