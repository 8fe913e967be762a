// Runs layers of bytes. Only for f64.
#include <limits>

#include "elements.h"
#include "network.h"

namespace fp {

// A layer's sums are in the second half of its result until they are scaled or turned into bytes.
template <typename T>
void Network<T>::run_bytes(const Step<T>& step, const Input* inputs, const T* x, T* y, size_t rows) const {
  if (step.opcode == Opcode::byte_dense) {
    constexpr float infinity = std::numeric_limits<float>::infinity();
    const size_t N = step.columns;
    const DenseLayer<float> layer = {
        step.inner, N, step.inner, {}, reinterpret_cast<const float*>(step.dense.weights), -infinity, infinity};
    float* const sums = reinterpret_cast<float*>(y) + rows * N;
    int8_->dense(layer, reinterpret_cast<const float*>(x), sums, rows, 0, N);
    if (step.function != 0) return;  // the next step turns the sums into bytes
    const size_t together = scaled_together(N), left = rows % together, done = (rows - left) * N;
    kernels_->requantize(sums, step.p[0], step.p[1], step.p[2], y, rows / together, N * together);
    kernels_->requantize(sums + done, step.p[0], step.p[1], step.p[2], y + done, 1, N * left);
    return;
  }
  const double center = *step.p[0];
  float* const to = reinterpret_cast<float*>(y);
  if (step.function != 0) {
    narrow((&step)[-1], center, const_cast<T*>(x), to, rows);
  } else {
    const bool integers = step.input >= 0 && becomes_int32(inputs[step.input].element);
    int8_->bytes(x, integers, center, to, rows, step.inner);
  }
}

// x is the layer's result, which contains its sums. A row that float32 cannot decide is computed in doubles.
template <typename T>
void Network<T>::narrow(const Step<T>& layer, double center, T* x, float* y, size_t rows) const {
  const size_t N = layer.columns, width = quantized_width(N);
  const float* const sums = reinterpret_cast<const float*>(x) + rows * N;
  for (size_t r = 0; r < rows; r++) {
    r += int8_->narrow(sums + r * N, layer.narrowing, y + r * width, rows - r, N);
    if (r == rows) return;
    T* const row = x + r * N;
    kernels_->requantize(sums + r * N, layer.p[0], layer.p[1], layer.p[2], row, 1, N);
    int8_->bytes(row, false, center, y + r * width, 1, N);
  }
}

template void Network<double>::run_bytes(const Step<double>&, const Input*, const double*, double*, size_t) const;

}  // namespace fp
