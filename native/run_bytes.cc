// Runs layers of bytes. Only for f64.
#include <cstring>
#include <limits>

#include "elements.h"
#include "network.h"

namespace fp {
namespace {

constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

// Calls run(first element, rows, width) for all elements of rows of N columns, with few columns for several rows at
// once: see scaled_together.
template <class F>
void run_together(size_t rows, size_t N, F run) {
  const size_t together = scaled_together(N), left = rows % together;
  run(size_t(0), rows / together, N * together);
  if (left > 0) run((rows - left) * N, size_t(1), N * left);
}

#ifdef __GNUC__
using Words = uint64_t __attribute__((vector_size(4 * sizeof(uint64_t))));
#else
using Words = uint64_t;
#endif

template <class W>
void flip_word(const char* x, char* y, uint64_t flip) {
  W word;
  std::memcpy(&word, x, sizeof word);
  word ^= flip;
  std::memcpy(y, &word, sizeof word);
}

// Copies bytes, exclusive-or those of `flip`.
void flip_bytes(const char* x, char* y, size_t count, uint64_t flip) {
  size_t k = 0;
  for (; k + sizeof(Words) <= count; k += sizeof(Words)) flip_word<Words>(x + k, y + k, flip);
  for (; k + sizeof flip <= count; k += sizeof flip) flip_word<uint64_t>(x + k, y + k, flip);
  for (; k < count; k++) y[k] = char(x[k] ^ char(flip));
}

// Between signed and unsigned bytes, the highest bit differs.
constexpr uint64_t flip_of(bool is_unsigned, const Int8Layout& layout) {
  return is_unsigned == (layout.offset != 0) ? 0 : 0x8080808080808080;
}

// Makes rows of bytes of those of a caller. What is read beyond a row has weights of 0.
void copy_rows(const char* x, const Int8Layout& layout, bool is_unsigned, float* y, size_t rows, size_t K) {
  const uint64_t flip = flip_of(is_unsigned, layout);
  const size_t whole = (K + sizeof flip - 1) / sizeof flip * sizeof flip;
  for (size_t left = rows * K; left > 0; left -= K, x += K, y += quantized_width(K)) {
    y[0] = 1;
    if (layout.row_bytes == 1) {
      flip_bytes(x, reinterpret_cast<char*>(y + 1), left >= whole ? whole : K, flip);
    } else {
      int16_t* const to = reinterpret_cast<int16_t*>(y + 1);
      for (size_t k = 0; k < K; k++) to[k] = int8_t(x[k] ^ (is_unsigned ? 0x80 : 0));
    }
  }
}

// Makes bytes of a row of bytes, of which only the lowest bits count.
void copy_bytes(const float* x, const Int8Layout& layout, char* y, size_t count) {
  if (layout.row_bytes == 1) {
    flip_bytes(reinterpret_cast<const char*>(x + 1), y, count, flip_of(false, layout));
  } else {
    for (size_t k = 0; k < count; k++) y[k] = char(reinterpret_cast<const int16_t*>(x + 1)[k]);
  }
}

void run_dots(const Int8Kernels& int8, const float* weights, size_t K, size_t N, ByteRows x, float* y, size_t rows) {
  constexpr size_t height = 4;
  const Int8Layout layout = dots_layout(int8.layout);
  const size_t outputs = size_t(layout.lanes), panel_size = int8_panel_size(K, outputs, layout.group);
  for (; rows > 0; x.elements += height * x.stride, y += height * N) {
    const size_t here = rows < height ? rows : height;
    const float* panel = weights;
    for (size_t n = 0; n < N; n += outputs, panel += panel_size) {
      int8.dots(x, panel, K, N, y + n, here, N - n < outputs ? N - n : outputs);
    }
    rows -= here;
  }
}

}  // namespace

template <typename T>
void Network<T>::run_bytes(const Step<T>& step, T* const* base, const Input* inputs, size_t rows) const {
  const double center = *step.p[0];
  const T* const x = base[step.a];
  float* const y = reinterpret_cast<float*>(base[step.y]);
  if (step.function == 1) {
    const Step<T>& layer = (&step)[-1];
    narrow(layer, reinterpret_cast<const float*>(x) + rows * layer.columns, y, rows, layer.columns);
  } else if (step.input >= 0 && are_bytes(inputs[step.input].element, center)) {
    const char* const from = reinterpret_cast<const char*>(x);
    if (step.function == 0) copy_rows(from, int8_->layout, center != 0, y, rows, step.inner);
  } else {
    const bool integers = step.input >= 0 && inputs[step.input].element == Element::i32;
    int8_->bytes(x, integers, center, y, rows, step.inner);
  }
}

// The sums of rows are in the second half of their results until they are scaled or turned into bytes.
template <typename T>
void Network<T>::run_byte_dense(const Step<T>& step, T* const* base, const Input* inputs, const Output* outputs,
                                size_t first, size_t rows) const {
  const size_t N = step.columns, count = rows * step.repeat;
  const bool is_written = step.output >= 0 && holds(outputs[step.output].element, step.narrowing);
  // As many rows at once as stay in the second-level cache, a multiple of the heights of tiles.
  constexpr size_t tiles = 24, most_sums = 16384;
  const size_t most = step.function != 0 ? count : most_sums / N > tiles ? most_sums / N / tiles * tiles : tiles;
  for (size_t row = 0; row < count; row += most) {
    const size_t here = count - row < most ? count - row : most;
    T* const y = base[step.y] + (is_written ? 0 : row * N);
    float* const floats = reinterpret_cast<float*>(y);
    float* const sums = floats + here * N;
    multiply_bytes(step, base, inputs, row, here, sums);
    if (step.function != 0) return;  // the next step turns the sums into bytes
    run_together(here, N, [&](size_t at, size_t together, size_t width) {
      if (!is_written) {
        kernels_->requantize(sums + at, step.p[0], step.p[1], step.p[2], y + at, together, width);
        return;
      }
      // The first half has room for rows of bytes, except for a short one.
      float aside[quantized_width(16)];
      float* const bytes = width > 16 ? floats + at : aside;
      narrow(step, sums + at, bytes, together, width);
      char* const to = static_cast<char*>(outputs[step.output].data) + first * step.width + row * N + at;
      for (size_t r = 0; r < together; r++) {
        copy_bytes(bytes + r * quantized_width(width), int8_->layout, to + r * width, width);
      }
    });
  }
}

// The sums of `count` rows from `row` on.
template <typename T>
void Network<T>::multiply_bytes(const Step<T>& step, T* const* base, const Input* inputs, size_t row, size_t count,
                                float* sums) const {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  const size_t K = step.inner, N = step.columns, width = quantized_width(K);
  float* const x = reinterpret_cast<float*>(base[step.a]) + row * width;
  const float* const weights = reinterpret_cast<const float*>(step.dense.weights);
  if (!step.is_dots) return int8_->dense({K, N, K, {}, weights, -infinity, infinity}, x, sums, count, 0, N);
  size_t direct = 0;
  if (step.input >= 0 && are_bytes(inputs[step.input].element, inputs_[size_t(step.input)].center)) {
    // The last row may only be read to its end.
    const char* const from = reinterpret_cast<const char*>(base[inputs_[size_t(step.input)].value]) + row * K;
    const bool is_unsigned = inputs[step.input].element == Element::u8;
    direct = K % 16 == 0 ? count : count - 1;
    const int32_t flip = int32_t(flip_of(is_unsigned, int8_->layout));
    run_dots(*int8_, weights, K, N, {from, K, false, flip}, sums, direct);
    copy_rows(from + direct * K, int8_->layout, is_unsigned, x, count - direct, K);
  }
  const char* const elements = reinterpret_cast<const char*>(x + 1);
  run_dots(*int8_, weights, K, N, {elements, width * sizeof(float), true, 0}, sums + direct * N, count - direct);
}

// What float32 cannot decide is computed in doubles.
template <typename T>
void Network<T>::narrow(const Step<T>& layer, const float* sums, float* y, size_t rows, size_t N) const {
  const size_t width = quantized_width(N), lanes = size_t(int8_->layout.lanes);
  for (size_t r = 0; r < rows; r++) y[r * width] = 1;
  for (size_t row = 0, column = 0;;) {
    const size_t found = int8_->narrow(sums + row * N, layer.narrowing, y + row * width, rows - row, N, column);
    row += found / N;
    if (row == rows) return;
    column = found % N;
    const size_t count = N - column < lanes ? N - column : lanes;
    narrow_exactly(layer, sums + row * N + column, y + row * width, column, count);
    column += count;
  }
}

// `count` elements of a row from a column on.
template <typename T>
void Network<T>::narrow_exactly(const Step<T>& layer, const float* sums, float* y, size_t column, size_t count) const {
  double exact[lane_count];
  kernels_->requantize(sums, layer.p[0] + column, layer.p[1] + column, layer.p[2], exact, 1, count);
  for (size_t i = 0; i < count; i++) {
    const bool nan = exact[i] != exact[i];
    if (nan) y[0] = not_a_number;
    const double integer = nan ? 0 : exact[i] - layer.p[2][3] + double(layer.narrowing.shift);
    const int32_t element = int32_t(integer) + int8_->layout.offset;
    if (int8_->layout.row_bytes == 1) {
      reinterpret_cast<int8_t*>(y + 1)[column + i] = int8_t(element);
    } else {
      reinterpret_cast<int16_t*>(y + 1)[column + i] = int16_t(element);
    }
  }
}

template void Network<double>::run_bytes(const Step<double>&, double* const*, const Input*, size_t) const;
template void Network<double>::run_byte_dense(const Step<double>&, double* const*, const Input*, const Output*, size_t,
                                              size_t) const;

}  // namespace fp
