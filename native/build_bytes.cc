// Builds a network: layers of bytes, and the sources of their bytes. Only for f64.
#include <cmath>
#include <utility>

#include "builder.h"
#include "pack.h"
#include "pack_reduced.h"

namespace fp {
namespace {

// Whether the layer's results, with an integer added and then in a range, may become bytes without doubles in between:
// see Narrowing.
template <typename T>
bool can_narrow(Step<T>& layer, T shift, int least, int greatest) {
  constexpr T most_bias = 1 << 24, most_factor = 0x1p-4, most_shift = 384;
  const T low = layer.p[2][1], high = layer.p[2][2];
  bool can = layer.p[2][0] == 0.5 && low <= high && low + shift >= least && high + shift <= greatest &&
             std::fabs(shift) <= most_shift;
  for (const T number : {low, high, shift}) can = can && number == std::trunc(number);
  for (size_t n = 0; can && n < layer.columns; n++) {
    const T bias = layer.p[0][n];
    can = std::fabs(bias) <= most_bias && bias == T(float(bias)) && std::fabs(layer.p[1][n]) <= most_factor;
  }
  layer.narrowing.low = float(low);
  layer.narrowing.high = float(high);
  layer.narrowing.shift = float(shift);
  return can;
}

}  // namespace

// Words of 32 bits are kept in an arena of doubles.
template <typename T>
void Network<T>::Builder::byte_dense(Step<T>& step, const int32_t* field) {
  if constexpr (sizeof(T) == sizeof(double)) {
    const size_t K = step.inner, N = step.columns = size_t(field[3]), together = scaled_together(N);
    const Int8Kernels& int8 = *network_.int8_;
    const T* const weights = parameter(field[5]);
    const bool out_in = field[4] != 0, dots = int8.dots != nullptr && N <= size_t(int8.layout.lanes) / 2;
    const Int8Layout layout = dots ? dots_layout(int8.layout) : int8.layout;
    bool fill;
    T* const packed = take({weights, nullptr, K, N, 2 * int32_t(Weights::int8) + field[4], 0},
                           (packed_int8_size(K, N, layout) + 1) / 2, fill);
    if (fill) pack_bytes(weights, out_in, K, N, layout, reinterpret_cast<float*>(packed));
    step.dense.weights = packed;
    step.is_dots = dots;
    for (size_t i = 0; i < 2; i++) {
      const T* const from = parameter(field[6 + i]);
      T* const to = take({from, nullptr, N, together, form_of_copy, 0}, N * together, fill);
      for (size_t n = 0; fill && n < N * together; n++) to[n] = from[n % N];
      step.p[i] = to;
    }
    step.p[2] = copy(parameter(field[8]), 4);
    narrowing(step, field);
  }
}

template <typename T>
void Network<T>::Builder::narrowing(Step<T>& step, const int32_t* field) {
  const size_t N = step.columns * scaled_together(step.columns);
  const size_t whole = (N + lane_count - 1) / lane_count * lane_count;
  bool fill;
  T* const words = take({parameter(field[6]), parameter(field[7]), N, 0, form_of_narrowing, 0}, 3 * whole / 2, fill);
  if (!filling_) return;
  float* const bias = reinterpret_cast<float*>(words);
  float* const below = bias + whole;
  float* const above = below + whole;
  for (size_t n = 0; fill && n < N; n++) {
    bias[n] = float(step.p[0][n]);
    below[n] = float(step.p[1][n] * (1 - 0x1p-22));
    above[n] = float(step.p[1][n] * (1 + 0x1p-22));
  }
  step.narrowing = {bias, below, above, 0, 0, 0};
}

template <typename T>
void Network<T>::Builder::join_bytes() {
  constexpr size_t read_together = 16;  // by Int8Kernels::dots: no more than one row may end within
  Step<T>* before = nullptr;
  for (Step<T>& step : network_.steps_) {
    Step<T>* const last = std::exchange(before, &step);
    const bool follows = last != nullptr && last->y == step.a && takers_[size_t(step.a)] == 1;
    if (step.opcode == Opcode::byte_dense) {
      join_output(step);
      if (follows && last->opcode == Opcode::bytes && last->input >= 0 && last->inner == step.inner && step.is_dots &&
          step.inner >= read_together) {
        step.input = last->input;
        last->function = 2;
      }
    }
    if (step.opcode != Opcode::bytes || takers_[size_t(step.a)] != 1) continue;
    for (size_t i = 0; i < network_.inputs_.size(); i++) {
      if (network_.inputs_[i].value != step.a) continue;
      network_.inputs_[i].bytes = true;
      network_.inputs_[i].center = *step.p[0];
      step.input = int32_t(i);
    }
    if (!follows || last->opcode != Opcode::byte_dense || last->columns != step.inner) continue;
    if (can_narrow(*last, last->p[2][3] - *step.p[0], -128, 127)) last->function = step.function = 1;
  }
}

template <typename T>
void Network<T>::Builder::join_output(Step<T>& layer) {
  if (takers_[size_t(layer.y)] != 1) return;
  for (size_t i = 0; i < network_.outputs_.size(); i++) {
    if (network_.outputs_[i].value != layer.y || !can_narrow(layer, layer.p[2][3], -128, 255)) continue;
    network_.outputs_[i].layer = &layer;
    layer.output = int32_t(i);
  }
}

template void Network<float>::Builder::byte_dense(Step<float>&, const int32_t*);
template void Network<double>::Builder::byte_dense(Step<double>&, const int32_t*);
template void Network<double>::Builder::join_bytes();

}  // namespace fp
