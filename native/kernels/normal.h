// The normal distribution function Φ, and functions that are computed from it.
#pragma once

#include "kernels.h"
#include "math.h"

namespace FP_ISA {

// 2·Φ(b) = e^(−b²/2)·first·(1 + rest) for −mills_end ≤ b ≤ 0. `rest` also compensates for the rounding of first = 1/(1
// − b).
template <class S>
struct Mills {
  typename S::V first, rest;
};

template <class S>
inline Mills<S> mills(typename S::V b) {
  using V = typename S::V;
  using C = Coefficients<typename S::T>;
  const V one = S::set1(1), first = S::div(one, S::sub(one, b));
  const V missing = S::fma(first, b, S::sub(one, first));
  return {first, S::add(S::div(S::mul(b, polynomial<S>(C::mills_over, b)), polynomial<S>(C::mills_under, b)), missing)};
}

// An odd polynomial up to 1, then 1 − erfc(|x|): for floats, erfc by a polynomial for its logarithm; for doubles,
// 2·Φ(−√2·|x|).
template <class S>
FP_INLINE typename S::V erf(typename S::V x) {
  using T = typename S::T;
  using V = typename S::V;
  using C = Coefficients<T>;
  constexpr T end = S::mantissa_bits == 23 ? 4 : 6;  // erf(end) rounds to 1
  const V one = S::set1(1), magnitude = abs<S>(x);
  const V a = S::min(S::set1(end), magnitude), square = S::mul(a, a);
  const V near_zero = S::fma(x, polynomial<S>(C::erf, square), x);
  const auto bias = S::iset1(Float<S>::bias);
  V far;
  if constexpr (S::mantissa_bits == 23) {
    const V exponent = polynomial<S>(C::log2_erfc, a), shift = S::set1(Float<S>::shift);
    const V shifted = S::add(exponent, shift), r = S::sub(exponent, S::sub(shifted, shift));
    const auto n = S::isub(S::bits(shifted), S::iset1(Float<S>::shift_bits));
    far = S::fnma(power_of_two<S>(S::iadd(n, bias)), polynomial<S>(C::exp2_rough, r), one);
  } else {
    const Mills<S> m = mills<S>(S::mul(a, S::set1(-1.4142135623730950)));
    const ReducedExp<S> e = reduced_exp<S>(negate<S>(square));
    const V power = S::mul(power_of_two<S>(S::iadd(e.n, bias)), m.first);
    far = S::fnma(S::fma(power, e.minus_one, power), S::add(one, m.rest), one);
  }
  return S::select(S::less(magnitude, one), near_zero, with_sign<S>(far, x));
}

// e^exponent·M(b)·scale·2^raise, where M is the function that mills() computes.
template <class S>
inline typename S::V raised_tail(typename S::V scale, const Pair<S>& exponent, const Mills<S>& m) {
  using V = typename S::V;
  const ReducedExp<S> e = reduced_exp<S>(exponent.high, exponent.low);
  // (1 + minus_one)·(1 + rest) − 1
  const V factor = S::add(S::fma(m.rest, e.minus_one, e.minus_one), m.rest);
  const V first = S::mul(S::mul(scale, raised_power<S>(e.n)), m.first);
  return S::fma(first, factor, first);
}

// 2·Φ(−√2·|x|), or 2 minus that for negative x. Beyond its end, the result is 0. The exponent −x² is stored as a pair,
// and the rounding error of √2·|x| is compensated with about the growth of M.
template <class S>
inline typename S::V erfc(typename S::V x) {
  using T = typename S::T;
  using V = typename S::V;
  constexpr T root = T(1.4142135623730950488), end = Coefficients<T>::mills_end / root;
  constexpr T root_low = T(S::mantissa_bits == 23 ? 2.4203234972e-8 : -9.6672933134529135e-17);
  const V a = S::min(S::set1(end), abs<S>(x)), b = S::mul(a, S::set1(-root));
  const V lost = S::fma(a, S::set1(-root_low), S::fma(a, S::set1(-root), negate<S>(b)));
  Mills<S> m = mills<S>(b);
  m.rest = S::fma(lost, m.first, m.rest);
  const V y = lowered<S>(raised_tail<S>(S::set1(1), product<S>(negate<S>(a), a), m));
  return S::select(S::less(x, S::zero()), S::sub(S::set1(2), y), y);
}

// x·Φ(x), as x·[0 < x] − |x|·Φ(−|x|). The exponent −x²/2 is stored as a pair, because its error is magnified.
template <class S>
FP_INLINE typename S::V gelu(typename S::V x) {
  using T = typename S::T;
  using V = typename S::V;
  const V b = S::max(S::set1(-Coefficients<T>::mills_end), minus_abs<S>(x));
  const V half = S::mul(S::set1(T(0.5)), b);
  const Pair<S> exponent = product<S>(negate<S>(half), b);
  return hinged<S>(x, raised_tail<S>(half, exponent, mills<S>(b)));
}

}  // namespace FP_ISA
