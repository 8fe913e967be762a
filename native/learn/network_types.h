// What network.cc and its kernels share: the operations of a stack of layers, and the tables of one instruction set.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kind.h"

namespace fp::learn {

// The strides of matrices and batches are multiples of this: whole vectors of every instruction set.
constexpr size_t network_padding = 16;

constexpr size_t network_padded(size_t count) {
  return (count + network_padding - 1) / network_padding * network_padding;
}

// In the order of lib/learn/network/program.ts, like all lists here.
enum class LearnUnary : int32_t {
#define FP_LEARN_UNARY(name) name,
#include "network_unary.inc"
#undef FP_LEARN_UNARY
  count
};

enum class Loss : int32_t { mean_squared, huber, binary_cross_entropy, cross_entropy, count };

enum class UpdateRule : int32_t { sgd_torch, adam_torch, sgd_keras, adam_keras, count };

enum class LayerKind : int32_t { dense, unary, scale, standardize, count };

// See product() in network_kernels.h. a, b and c must not overlap.
template <typename T>
struct Product {
  const T* a;
  size_t a_row, a_step;
  const T* b;
  size_t b_stride;
  T* c;
  size_t c_stride;
  const T* start;
  size_t rows, steps, columns;
  bool adds;  // added to the content of c, as if its sums were continued
};

template <typename T>
struct Update {
  const T *gradient, *p, *m, *v;
  T *p_to, *m_to, *v_to;
  size_t count;
  T rate, decay, momentum, beta2, rest1, rest2, root, epsilon;
  bool decays, is_decoupled, has_momentum, is_first, is_nesterov;
};

// The functions that have kernels in every instruction set.
template <typename T>
struct NetworkProducts {
  void (*product)(const Product<T>&);
  bool (*update[int(UpdateRule::count)])(const Update<T>&);
};

// The functions for which AVX-512 uses the kernels of AVX2.
template <typename T>
struct NetworkCurves {
  // y[i] = f(x[i]); `count` is a multiple of network_padding, here and below.
  void (*forward[int(LearnUnary::count)])(const T* x, T* y, size_t count, T alpha, T beta);
  // d[i] := d[i]·f'(x[i]), y = f(x)
  void (*backward[int(LearnUnary::count)])(const T* x, const T* y, T* d, size_t count, T alpha, T beta);
  void (*scale)(const T* x, T* y, size_t width, size_t stride, const T* scale, const T* shift);
  void (*standardize)(const T* x, T* y, size_t width, size_t stride, T epsilon, T* inverse);
  void (*standardize_backward)(const T* y, T* d, size_t width, size_t stride, const T* inverse);
  void (*terms)(Loss kind, T* z, const T* targets, T* d, size_t width, size_t stride, const T* weights, T delta,
                T* losses);
  void (*cross_entropy)(T* z, const T* targets, T* d, size_t width, size_t stride, const T* weights, T* losses);
};

enum class Rate : int32_t {
  rate,
  decay,
  momentum,
  dampening,
  nesterov,
  beta1,
  beta2,
  epsilon,
  decoupled,
  first,  // no step has been taken with these yet
  count
};

// Which of the two buffers of numbers is in use, the number of steps, and the last loss.
enum class Control : int32_t { active, steps, loss, count };

// The bits of words[kFlags].
constexpr int32_t network_weighted = 1, network_only_forward = 2;

template <typename T>
struct NetworkTables {
  const NetworkProducts<T>& products;
  const NetworkCurves<T>& curves;
};

// See network.cc.
Learner* make_network(const Setup& setup, bool& fits, const NetworkTables<float>& f32,
                      const NetworkTables<double>& f64);

}  // namespace fp::learn
