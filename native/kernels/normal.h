// The normal distribution function Φ, and what is made of it.
#pragma once

#include "math.h"

namespace FP_ISA {

// Φ(−a) = e^(−a²/2)·M(a), 2·M(a) = first·(1 + rest), for 0 ≤ a ≤ mills_end. `rest` makes up for the roundings of
// `first` = 1/(1 + a), too.
template <class S>
struct Mills {
  typename S::V first, rest;
};

template <class S>
inline Mills<S> mills(typename S::V a) {
  using V = typename S::V;
  using C = Coefficients<typename S::T>;
  const V one = S::set1(1);
  const V under = S::add(a, one), lost = S::sub(a, S::sub(under, one));  // exactly
  const V first = S::div(one, under);
  const V missing = S::fnma(first, lost, S::fnma(first, under, one));
  const V fit = S::div(S::mul(a, polynomial<S>(C::mills_over, a)), polynomial<S>(C::mills_under, a));
  return {first, S::add(fit, missing)};
}

// An odd polynomial up to 1, then 1 − 2·Φ(−√2·|x|).
template <class S>
inline typename S::V erf(typename S::V x) {
  using T = typename S::T;
  using V = typename S::V;
  constexpr T end = S::mantissa_bits == 23 ? 4 : 6;  // erf(end) rounds to 1
  const V one = S::set1(1), magnitude = abs<S>(x);
  const V a = S::min(S::set1(end), magnitude);
  const V square = S::mul(a, a);
  const V near_zero = S::fma(x, polynomial<S>(Coefficients<T>::erf, square), x);
  const Mills<S> m = mills<S>(S::mul(a, S::set1(T(1.4142135623730950))));
  const ReducedExp<S> e = reduced_exp<S>(negate<S>(square));
  const V power = power_of_two<S>(S::iadd(e.n, S::iset1(Float<S>::bias)));
  const V far = S::fnma(S::fma(power, e.minus_one, power), S::fma(m.first, m.rest, m.first), one);
  return S::select(S::less(magnitude, one), near_zero, with_sign<S>(far, x));
}

// x·Φ(x), as x·Φ(−|x|) below zero and x − x·Φ(−|x|) above.
template <class S>
inline typename S::V gelu(typename S::V x) {
  using T = typename S::T;
  using V = typename S::V;
  const T end = Coefficients<T>::mills_end;
  const V below = S::min(S::set1(end), x);
  const V bounded = S::fma(below, S::zero(), S::max(S::set1(-end), below));  // NaN for −∞, as −∞·0 is
  const V half = S::mul(S::set1(T(0.5)), bounded), square = S::mul(half, bounded);
  const ScaledExp<S> e = scaled_exp<S>(reduced_exp<S>(negate<S>(square), S::fnma(half, bounded, square)));
  const Mills<S> m = mills<S>(abs<S>(bounded));
  // (1 + minus_one)·(1 + rest) − 1
  const V factor = S::add(S::fma(m.rest, e.minus_one, e.minus_one), m.rest);
  const V first = S::mul(S::mul(half, m.first), e.half);
  const V tail = S::mul(S::fma(first, factor, first), e.scale);
  return S::select(S::less(S::zero(), x), S::sub(x, tail), tail);
}

}  // namespace FP_ISA
