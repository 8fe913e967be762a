// The tables of one instruction set: every kernel, for its two vector types.
//
// A binary holds several sets, and most of each is seldom run. That part gives up some speed for size: a function of
// unary.inc that models seldom have (or `single`: seldom in double precision) has a loop of whole vectors only; one of
// binary.inc is called for each vector by a loop that all such functions share; one that is `doubled` also computes
// floats as doubles; and FP_REST names another set, present wherever this one is, whose kernels serve for the rest.
#pragma once

#include "activations.h"
#include "dense.h"
#include "dense_int8.h"
#include "distances.h"
#include "elementwise.h"
#include "kernels.h"
#include "matmul.h"
#include "ragged.h"
#include "rowwise.h"
#ifndef FP_SMALL
#include "trees.h"
#ifndef FP_REST
#include "jumps.h"
#endif
#endif

namespace FP_ISA {

// The kernel for bf16 weights, if there is one.
template <class S>
constexpr auto bf16_of() -> decltype(Kernels<typename S::T>::dense_bf16) {
  if constexpr (sizeof(typename S::T) == sizeof(float)) {
    return dense_bf16<S>;
  } else {
    return nullptr;
  }
}

#ifdef FP_REST

template <class S>
constexpr const Kernels<typename S::T>& rest() {
  if constexpr (sizeof(typename S::T) == sizeof(float)) {
    return FP_REST::f32;
  } else {
    return FP_REST::f64;
  }
}

template <class S, int I>
void rest_unary(const typename S::T* x, typename S::T* y, size_t count, const typename S::T* parameters) {
  rest<S>().unary[I](x, y, count, parameters);
}
template <class S, int I>
void rest_binary(const typename S::T* a, size_t a_stride, const typename S::T* b, size_t b_stride, typename S::T* y,
                 size_t rows, size_t width) {
  rest<S>().binary[I](a, a_stride, b, b_stride, y, rows, width);
}
template <class S, int I>
void rest_reduce(const typename S::T* x, typename S::T* y, size_t rows, size_t width) {
  rest<S>().reduce[I](x, y, rows, width);
}
template <class S>
void rest_select(const typename S::T* condition, size_t condition_stride, const typename S::T* a, size_t a_stride,
                 const typename S::T* b, size_t b_stride, typename S::T* y, size_t rows, size_t width) {
  rest<S>().select(condition, condition_stride, a, a_stride, b, b_stride, y, rows, width);
}
template <class S>
size_t rest_first_not_finite(const typename S::T* x, size_t count, bool nan) {
  return rest<S>().first_not_finite(x, count, nan);
}
template <class S>
void rest_softmax_of_kind(const typename S::T* x, typename S::T* y, size_t rows, size_t width, int kind) {
  Softmax(kind) == Softmax::softmax ? softmax<S>(x, y, rows, width) : rest<S>().softmax(x, y, rows, width, kind);
}
template <class S>
void rest_normalize(const typename S::T* x, typename S::T* y, size_t rows, size_t width, int norm,
                    typename S::T epsilon, typename S::T floor) {
  rest<S>().normalize(x, y, rows, width, norm, epsilon, floor);
}

template <class S>
void rest_matmul(const typename S::T* a, const typename S::T* b, typename S::T* y, size_t M, size_t K, size_t N,
                 bool out_in) {
  rest<S>().matmul(a, b, y, M, K, N, out_in);
}

template <class S>
void rest_distances(const Points<typename S::T>& points, const typename S::T* x, typename S::T* y, size_t rows) {
  rest<S>().distances(points, x, y, rows);
}

template <class S>
void rest_bag(const typename S::T* table, size_t width, const int32_t* ids, const typename S::T* weights, size_t count,
              typename S::T* y) {
  rest<S>().bag(table, width, ids, weights, count, y);
}

template <class S>
void rest_requantize(const float* sums, const double* bias, const double* factor, const double* settings, double* y,
                     size_t rows, size_t width) {
  rest<S>().requantize(sums, bias, factor, settings, y, rows, width);
}

#define FP_SELDOM_UNARY rest_unary<S, int(which)>
#define FP_SELDOM_BINARY rest_binary<S, int(which)>
#define FP_SELDOM_REDUCE(name) rest_reduce<S, int(fp::Reduce::name)>
#define FP_SELDOM(name) rest_##name<S>

#else

#define FP_SELDOM_UNARY seldom_unary<S, Function>
#define FP_SELDOM_BINARY seldom_binary<S, Function>
#define FP_SELDOM_REDUCE(name) reduce<S, Reduce::name>
#define FP_SELDOM(name) name<S>

#endif

// Scales the sums of a layer of bytes, in double precision.
template <class S>
constexpr auto requantize_of() -> decltype(Kernels<typename S::T>::requantize) {
  if constexpr (sizeof(typename S::T) == sizeof(float)) {
    return nullptr;
  } else {
    return FP_SELDOM(requantize);
  }
}

enum class Use { often, single, seldom, doubled };

extern const Kernels<double> f64;

// Converts floats for the kernel of doubles: for long functions that are seldom used.
constexpr size_t doubled_part = 64;

template <typename From, typename To>
FP_NOINLINE void convert(const From* from, To* to, size_t count) {
  for (size_t i = 0; i < count; i++) to[i] = To(from[i]);
}

template <typename T>
FP_NOINLINE void through_doubles(const T* x, T* y, size_t count, const T* parameters,
                                 void (*kernel)(const double*, double*, size_t, const double*)) {
  double wide[2], values[doubled_part];
  convert(parameters, wide, 2);
  for (size_t first = 0; first < count; first += doubled_part) {
    const size_t part = count - first < doubled_part ? count - first : doubled_part;
    convert(x + first, values, part);
    kernel(values, values, part, wide);
    convert(values, y + first, part);
  }
}

template <class S, int I>
void doubled_unary(const typename S::T* x, typename S::T* y, size_t count, const typename S::T* parameters) {
  through_doubles(x, y, count, parameters, f64.unary[I]);
}

template <class S, int I>
void doubled_binary(const typename S::T* a, size_t a_stride, const typename S::T* b, size_t b_stride, typename S::T* y,
                    size_t rows, size_t width) {
  double values[doubled_part], others[doubled_part];
  for (; rows > 0; rows--, a += a_stride, b += b_stride, y += width) {
    for (size_t first = 0; first < width; first += doubled_part) {
      const size_t part = width - first < doubled_part ? width - first : doubled_part;
      convert(a + first, values, part);
      convert(b + first, others, part);
      f64.binary[I](values, part, others, part, values, 1, part);
      convert(values, y + first, part);
    }
  }
}

template <class S>
constexpr bool has_own([[maybe_unused]] Use use) {
#ifdef FP_SMALL
  return false;
#else
  return use == Use::often || (use == Use::single && sizeof(typename S::T) == sizeof(float));
#endif
}

template <class S, Use use, fp::Unary which, typename S::V (*Function)(typename S::V, typename S::V, typename S::V)>
constexpr auto unary_kernel() {
  if constexpr (has_own<S>(use)) {
    return unary<S, Function>;
#ifndef FP_REST
  } else if constexpr (use == Use::doubled && sizeof(typename S::T) == sizeof(float)) {
    return doubled_unary<S, int(which)>;
#endif
  } else {
    return FP_SELDOM_UNARY;
  }
}

template <class S, Use use, fp::Binary which, typename S::V (*Function)(typename S::V, typename S::V)>
constexpr auto binary_kernel() {
  if constexpr (has_own<S>(use)) {
    return binary<S, Function>;
#ifndef FP_REST
  } else if constexpr (use == Use::doubled && sizeof(typename S::T) == sizeof(float)) {
    return doubled_binary<S, int(which)>;
#endif
  } else {
    return FP_SELDOM_BINARY;
  }
}

template <class S>
constexpr Kernels<typename S::T> table() {
  return {
      S::lanes,
      Dense<S>::panel_columns,
      Dense<S>::tile_rows(Dense<S>::panel_vectors),
      dense<S>,
      bf16_of<S>(),
      {
#define FP_UNARY(name, use) unary_kernel<S, Use::use, fp::Unary::name, Activations<S>::name>(),
#include "unary.inc"
#undef FP_UNARY
      },
      {
#define FP_BINARY(name, use) binary_kernel<S, Use::use, fp::Binary::name, Binaries<S>::name>(),
#include "binary.inc"
#undef FP_BINARY
      },
      affine<S>,
      requantize_of<S>(),
      FP_SELDOM(select),
      FP_SELDOM(first_not_finite),
      FP_SELDOM(softmax_of_kind),
      layer_norm<S>,
      rms_norm<S>,
      FP_SELDOM(normalize),
      FP_SELDOM(matmul),
      FP_SELDOM(distances),
      FP_SELDOM(bag),
      {
#define FP_REDUCE(name) FP_SELDOM_REDUCE(name),
#include "reduce.inc"
#undef FP_REDUCE
      },
#ifdef FP_SMALL
      nullptr,
#else
      rank<S>,
#endif
  };
}

// Declared for registry.cc too; constant, so that no code of this instruction set runs before it is chosen.
extern const Kernels<float> f32;
constexpr Kernels<float> f32 = table<F32>();
constexpr Kernels<double> f64 = table<F64>();
extern const fp::Int8Kernels int8;
constexpr fp::Int8Kernels int8 = int8_table<Products>();
extern const fp::TreeKernels trees;
#if defined(FP_SMALL)
constexpr fp::TreeKernels trees = {nullptr, nullptr};
#elif defined(FP_REST)
constexpr fp::TreeKernels trees = {slice, nullptr};  // registry.cc chooses
#else
constexpr fp::TreeKernels trees = {slice, jump};
#endif

}  // namespace FP_ISA
