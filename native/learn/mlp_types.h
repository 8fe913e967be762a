// What mlp.cc and its kernels share.
#pragma once

#include <cstddef>

#include "kind.h"
#include "network_types.h"

namespace fp::learn {

// One step of an optimizer, for consecutive parameters.
template <typename T>
struct MlpUpdate {
  const T *gradient, *w, *m, *v;
  T *w_to, *m_to, *v_to;
  size_t count;
  T alpha, weight;  // the gradient is (gradient + alpha·w)/weight
  bool decays;      // whether there is an alpha
  T beta1, rest1, beta2, rest2, epsilon;
  double rate;
  bool nesterov;
};

// The functions that have kernels in every instruction set.
template <typename T>
struct MlpKernels {
  // y[j] = Σ a[i·step]·w[i·width + j], i in order
  void (*weighted_rows)(const T* a, size_t step, size_t count, const T* w, size_t width, T* y);
  // Σ a·b, in eight sums for every width of vectors
  T (*dot)(const T* a, const T* b, size_t count);
  // in place; `count` is a multiple of network_padding
  void (*exp)(T* y, size_t count);
  // whether all stays finite
  bool (*adam)(const MlpUpdate<T>& update);
  bool (*momentum)(const MlpUpdate<T>& update);
};

template <typename T>
struct MlpTables {
  const MlpKernels<T>& kernels;
  const NetworkCurves<T>& curves;
};

struct MlpNumbers {
  double (*log)(double);
  double (*pow)(double, double);
};

// See mlp.cc.
Learner* make_mlp(const Setup& setup, bool& fits, const MlpTables<float>& f32, const MlpTables<double>& f64,
                  const MlpNumbers& numbers);

}  // namespace fp::learn
