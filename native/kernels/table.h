// The tables of one instruction set: every kernel, for its two vector types.
#pragma once

#include "activations.h"
#include "dense.h"
#include "dense_int8.h"
#include "elementwise.h"
#include "kernels.h"
#include "rowwise.h"

namespace FP_ISA {

// The kernel of bf16 weights, where there is one.
template <class S>
constexpr auto bf16_of() -> decltype(Kernels<typename S::T>::dense_bf16) {
  if constexpr (sizeof(typename S::T) == sizeof(float)) {
    return dense_bf16<S>;
  } else {
    return nullptr;
  }
}

template <class S>
constexpr Kernels<typename S::T> table() {
  return {
      S::lanes,
      Dense<S>::panel_columns,
      dense<S>,
      bf16_of<S>(),
      {
#define FP_UNARY(name) unary<S, Activations<S>::name>,
#include "unary.inc"
#undef FP_UNARY
      },
      {
#define FP_BINARY(name) binary<S, Binaries<S>::name>,
#include "binary.inc"
#undef FP_BINARY
      },
      affine<S>,
      select<S>,
      first_not_finite<S>,
      softmax<S>,
      layer_norm<S>,
      rms_norm<S>,
      normalize<S>,
      {
#define FP_REDUCE(name) reduce<S, Reduce::name>,
#include "reduce.inc"
#undef FP_REDUCE
      },
  };
}

// Declared for registry.cc too; constant, so that no code of this instruction set runs before it is chosen.
extern const Kernels<float> f32;
extern const Kernels<double> f64;
constexpr Kernels<float> f32 = table<F32>();
constexpr Kernels<double> f64 = table<F64>();
extern const fp::Int8Kernels int8;
constexpr fp::Int8Kernels int8 = int8_table<Products>();

}  // namespace FP_ISA
