// Hyperbolic functions and their inverses.
#pragma once

#include "kernels.h"
#include "math.h"

namespace FP_ISA {

// e^x/2 for x that is not negative; it may be finite where e^x is not.
template <class S>
FP_NOINLINE typename S::V half_exp(typename S::V x) {
  constexpr auto highest = typename S::T(0.69314718055994531 * (Float<S>::bias + 4));
  ReducedExp<S> e = reduced_exp<S>(S::min(S::set1(highest), x));
  e.n = S::isub(e.n, S::iset1(1));
  return multiplied<S>(scaled_exp<S>(e));
}

// An odd polynomial up to 1, then h − 1/(4h) with h = e^|x|/2.
template <class S>
inline typename S::V sinh(typename S::V x) {
  using T = typename S::T;
  using V = typename S::V;
  const V a = abs<S>(x), z = S::mul(a, a), h = half_exp<S>(a);
  const V near_zero = S::fma(S::mul(a, z), polynomial<S>(Coefficients<T>::sinh, z), a);
  const V far = S::sub(h, S::div(S::set1(T(0.25)), h));
  return with_sign<S>(S::select(S::less(a, S::set1(1)), near_zero, far), x);
}

template <class S>
inline typename S::V cosh(typename S::V x) {
  const typename S::V h = half_exp<S>(abs<S>(x));
  return S::add(h, S::div(S::set1(typename S::T(0.25)), h));
}

// From here on, x² + 1 rounds to x².
template <class S>
inline typename S::V far_from_one() {
  return S::set1(typename S::T(S::mantissa_bits == 23 ? 0x1p13 : 0x1p28));
}

// log(1 + more), or log(2x) far from 1.
template <class S>
FP_NOINLINE typename S::V log_of_sum(typename S::V x, typename S::V more) {
  using C = Coefficients<typename S::T>;
  return S::select(S::less(x, far_from_one<S>()), log1p<S>(more), S::add(log<S>(x), S::set1(C::ln2_high)));
}

// log(|x| + √(x² + 1)), as the logarithm of 1 plus the rest.
template <class S>
inline typename S::V asinh(typename S::V x) {
  using V = typename S::V;
  const V one = S::set1(1), a = abs<S>(x), near = S::min(a, far_from_one<S>()), square = S::mul(near, near);
  const V more = S::add(near, S::div(square, S::add(one, S::sqrt(S::add(one, square)))));
  return with_sign<S>(log_of_sum<S>(a, more), x);
}

template <class S>
inline typename S::V acosh(typename S::V x) {
  using V = typename S::V;
  const V near = S::sub(S::min(x, far_from_one<S>()), S::set1(1));
  const V more = S::add(near, S::sqrt(S::fma(near, near, S::add(near, near))));
  return S::select(S::less(x, S::set1(1)), S::set1(Float<S>::nan), log_of_sum<S>(x, more));
}

template <class S>
inline typename S::V atanh(typename S::V x) {
  using V = typename S::V;
  const V a = abs<S>(x), y = log_of_sum<S>(S::zero(), S::div(S::add(a, a), S::sub(S::set1(1), a)));
  return with_sign<S>(S::mul(S::set1(typename S::T(0.5)), y), x);
}

}  // namespace FP_ISA
