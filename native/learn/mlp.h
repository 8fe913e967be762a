// The kernels of multi-layer perceptrons, over the vector type: see mlp.cc. Products and sums are rounded separately.
#pragma once

#include "../kernels/math.h"
#include "libm.h"
#include "mlp_types.h"
#include "network.h"

namespace FP_ISA {

template <class S>
FP_NOINLINE typename S::V load_some(const typename S::T* from, size_t count) {
  return count >= size_t(S::lanes) ? S::load(from) : S::load_part(from, int(count), S::zero());
}
template <class S>
FP_NOINLINE void store_some(typename S::T* to, typename S::V a, size_t count) {
  if (count >= size_t(S::lanes)) {
    S::store(to, a);
  } else {
    S::store_part(to, a, int(count));
  }
}

template <class S>
typename S::T mlp_dot(const typename S::T* a, const typename S::T* b, size_t count) {
  using V = typename S::V;
  constexpr size_t sums = 8, vectors = sums / S::lanes;
  V sum[vectors];
  for (size_t i = 0; i < vectors; i++) sum[i] = S::zero();
  size_t at = 0;
  for (; at + sums <= count; at += sums) {
    for (size_t i = 0; i < vectors; i++) {
      const size_t k = at + i * S::lanes;
      sum[i] = S::add(sum[i], S::mul(S::load(a + k), S::load(b + k)));
    }
  }
  for (size_t i = 0; at < count && i < vectors; i++, at += S::lanes) {
    const size_t rest = count - at;
    sum[i] = S::add(sum[i], S::mul(load_some<S>(a + at, rest), load_some<S>(b + at, rest)));
  }
  typename S::T all[sums];
  for (size_t i = 0; i < vectors; i++) S::store(all + i * S::lanes, sum[i]);
  return ((all[0] + all[1]) + (all[2] + all[3])) + ((all[4] + all[5]) + (all[6] + all[7]));
}

template <class S>
void mlp_weighted_rows(const typename S::T* a, size_t step, size_t count, const typename S::T* w, size_t width,
                       typename S::T* y) {
  using V = typename S::V;
  constexpr size_t block = 4;
  size_t j = 0;
  for (; j + block * S::lanes <= width; j += block * S::lanes) {
    V sum[block];
    for (size_t b = 0; b < block; b++) sum[b] = S::zero();
    for (size_t i = 0; i < count; i++) {
      const V by = S::set1(a[i * step]);
      const typename S::T* const row = w + i * width + j;
      for (size_t b = 0; b < block; b++) sum[b] = S::add(sum[b], S::mul(by, S::load(row + b * S::lanes)));
    }
    for (size_t b = 0; b < block; b++) S::store(y + j + b * S::lanes, sum[b]);
  }
  for (; j < width; j += S::lanes) {
    V sum = S::zero();
    for (size_t i = 0; i < count; i++) {
      sum = S::add(sum, S::mul(S::set1(a[i * step]), load_some<S>(w + i * width + j, width - j)));
    }
    store_some<S>(y + j, sum, width - j);
  }
}

template <class S>
void mlp_exp(typename S::T* y, size_t count) {
  for (size_t at = 0; at < count; at += S::lanes) S::store(y + at, exp<S>(S::load(y + at)));
}

// (gradient + alpha·w)/weight
template <class S>
inline typename S::V mlp_slope(const fp::learn::MlpUpdate<typename S::T>& u, typename S::V g, typename S::V w) {
  if (u.decays) g = S::add(g, S::mul(S::set1(u.alpha), w));
  return u.weight == 1 ? g : S::div(g, S::set1(u.weight));
}

template <class S>
inline bool all_zero(typename S::V a) {
  return !S::any(S::mask_not(S::equal(a, S::zero())));
}

// w − rate·first/root, where the rate and all operations with it are doubles.
template <class S>
inline typename S::V mlp_moved(double rate, typename S::V w, typename S::V first, typename S::V root) {
  if constexpr (sizeof(typename S::T) == 8) {
    return S::add(w, S::div(S::mul(S::set1(-rate), first), root));
  } else {
    float ws[S::lanes], firsts[S::lanes], roots[S::lanes];
    S::store(ws, w);
    S::store(firsts, first);
    S::store(roots, root);
    for (int i = 0; i < S::lanes; i++) ws[i] = float(double(ws[i]) + -rate * double(firsts[i]) / double(roots[i]));
    return S::load(ws);
  }
}

// For a whole vector, or for the first `rest` elements of one.
template <class S, bool whole>
inline typename S::V mlp_load(const typename S::T* from, size_t rest) {
  if constexpr (whole) return S::load(from);
  return load_some<S>(from, rest);
}
template <class S, bool whole>
inline void mlp_store(typename S::T* to, typename S::V a, size_t rest) {
  if constexpr (whole) {
    S::store(to, a);
  } else {
    store_some<S>(to, a, rest);
  }
}

// 0 if all results are finite: finite numbers times 0 are 0.
template <class S, bool whole>
inline typename S::V adam_step(const fp::learn::MlpUpdate<typename S::T>& u, size_t at, size_t rest) {
  using V = typename S::V;
  const V w = mlp_load<S, whole>(u.w + at, rest), g = mlp_load<S, whole>(u.gradient + at, rest);
  const V slope = mlp_slope<S>(u, g, w);
  const V first = S::add(S::mul(S::set1(u.beta1), mlp_load<S, whole>(u.m + at, rest)), S::mul(S::set1(u.rest1), slope));
  const V second = S::add(S::mul(S::set1(u.beta2), mlp_load<S, whole>(u.v + at, rest)),
                          S::mul(S::set1(u.rest2), S::mul(slope, slope)));
  const V next = mlp_moved<S>(u.rate, w, first, S::add(S::sqrt(second), S::set1(u.epsilon)));
  mlp_store<S, whole>(u.m_to + at, first, rest);
  mlp_store<S, whole>(u.v_to + at, second, rest);
  mlp_store<S, whole>(u.w_to + at, next, rest);
  return S::add(S::mul(next, S::zero()), S::mul(second, S::zero()));
}

template <class S, bool whole>
inline typename S::V momentum_step(const fp::learn::MlpUpdate<typename S::T>& u, size_t at, size_t rest) {
  using V = typename S::V;
  const V momentum = S::set1(u.beta1), rate = S::set1(typename S::T(u.rate));
  const V w = mlp_load<S, whole>(u.w + at, rest), g = mlp_load<S, whole>(u.gradient + at, rest);
  const V step = S::mul(rate, mlp_slope<S>(u, g, w));
  const V velocity = S::sub(S::mul(momentum, mlp_load<S, whole>(u.m + at, rest)), step);
  const V next = S::add(w, u.nesterov ? S::sub(S::mul(momentum, velocity), step) : velocity);
  mlp_store<S, whole>(u.m_to + at, velocity, rest);
  mlp_store<S, whole>(u.w_to + at, next, rest);
  return S::add(S::mul(next, S::zero()), S::mul(velocity, S::zero()));
}

template <class S>
bool mlp_adam(const fp::learn::MlpUpdate<typename S::T>& u) {
  typename S::V sound = S::zero();
  size_t at = 0;
  for (; at + S::lanes <= u.count; at += S::lanes) sound = S::add(sound, adam_step<S, true>(u, at, 0));
  if (at < u.count) sound = S::add(sound, adam_step<S, false>(u, at, u.count - at));
  return all_zero<S>(sound);
}

template <class S>
bool mlp_momentum(const fp::learn::MlpUpdate<typename S::T>& u) {
  typename S::V sound = S::zero();
  size_t at = 0;
  for (; at + S::lanes <= u.count; at += S::lanes) sound = S::add(sound, momentum_step<S, true>(u, at, 0));
  if (at < u.count) sound = S::add(sound, momentum_step<S, false>(u, at, u.count - at));
  return all_zero<S>(sound);
}

template <class S>
constexpr fp::learn::MlpKernels<typename S::T> mlp_kernels = {mlp_weighted_rows<S>, mlp_dot<S>, mlp_exp<S>, mlp_adam<S>,
                                                              mlp_momentum<S>};

inline double mlp_log(double x) {
  double lanes[F64::lanes];
  F64::store(lanes, log<F64>(F64::set1(x)));
  return lanes[0];
}

inline fp::learn::Learner* make_mlp(const fp::learn::Setup& setup, bool& fits) {
  return fp::learn::make_mlp(setup, fits, {mlp_kernels<F32>, network_curves_f32},
                             {mlp_kernels<F64>, network_curves_f64}, {mlp_log, libm_pow});
}

}  // namespace FP_ISA
