// a^b = e^(b·log|a|), with the logarithm as a pair; special cases as in IEEE 754. Logarithms to other bases from the
// same pair, and the cube root.
#pragma once

#include "math.h"

namespace FP_ISA {

// log(x) for positive finite x, to about one and a half times the bits of one element.
template <class S>
inline Pair<S> log_pair(typename S::V x) {
  using T = typename S::T;
  using V = typename S::V;
  using C = Coefficients<T>;
  const Split<S> parts = split<S>(x);
  const V one = S::set1(1);

  // s = (m − 1)/(m + 1)
  const V over = S::sub(parts.m, one);
  const Pair<S> under = sum<S>(parts.m, one);
  const V s = S::div(over, under.high);
  const V s_low = S::div(S::fnma(s, under.low, S::fnma(s, under.high, over)), under.high);

  // log(m) = 2s·(1 + z/3 + z²·P(z)/2), z = s², as in combined_log.
  const V square = S::mul(s, s);
  const V square_low = S::fma(S::add(s, s), s_low, S::fma(s, s, negate<S>(square)));
  const V third = S::set1(C::third_high);
  const V term = S::mul(square, third);
  V term_low = S::fma(square, third, negate<S>(term));
  term_low = S::fma(square, S::set1(C::third_low), S::fma(square_low, third, term_low));
  term_low = S::fma(S::mul(S::mul(S::set1(T(0.5)), square), square), polynomial<S>(C::log, square), term_low);
  const V twice = S::add(s, s), twice_low = S::add(s_low, s_low);
  const V bend = S::mul(twice, term);
  V bend_low = S::fma(twice, term, negate<S>(bend));
  bend_low = S::fma(twice, term_low, S::fma(twice_low, term, bend_low));
  const Pair<S> of_m = sum<S>(twice, bend);

  const V whole = S::mul(parts.n, S::set1(C::ln2_high));
  V whole_low = S::fma(parts.n, S::set1(C::ln2_high), negate<S>(whole));
  whole_low = S::fma(parts.n, S::set1(C::ln2_low), whole_low);
  const Pair<S> total = sum<S>(whole, of_m.high);
  return sum<S>(total.high, S::add(total.low, S::add(whole_low, S::add(of_m.low, S::add(twice_low, bend_low)))));
}

// log(x) times high + low, with the same end values as log().
template <class S>
FP_NOINLINE typename S::V log_times(typename S::V x, typename S::T high, typename S::T low) {
  using V = typename S::V;
  using F = Float<S>;
  const Pair<S> log = log_pair<S>(x), main = product<S>(log.high, S::set1(high));
  V y = S::add(main.high, S::fma(log.high, S::set1(low), S::fma(log.low, S::set1(high), main.low)));
  y = S::select(S::less(x, S::set1(F::infinity)), y, x);
  y = S::select(S::equal(x, S::zero()), S::set1(-F::infinity), y);
  return S::select(S::less(x, S::zero()), S::set1(F::nan), y);
}

// 2^n for integers n within the format's normal range.
template <class S>
inline typename S::V whole_power(typename S::V n) {
  using F = Float<S>;
  const auto bits = S::bits(S::add(n, S::set1(F::shift)));
  return power_of_two<S>(S::isub(bits, S::iset1(F::shift_bits - F::bias)));
}

// e^(log(m)/3)·2^k for |x| = m·2^(3k), then a Newton step that computes the cube exactly.
template <class S>
inline typename S::V cbrt(typename S::V x) {
  using T = typename S::T;
  using V = typename S::V;
  using F = Float<S>;
  const V a = abs<S>(x), third = S::set1(Coefficients<T>::third_high), shift = S::set1(F::shift);
  const Split<S> parts = split<S>(a);
  const V shifted = S::fma(parts.n, third, shift), k = S::sub(shifted, shift);
  const V m = S::mul(parts.m, whole_power<S>(S::fnma(S::set1(3), k, parts.n)));
  const V y = exp<S>(S::mul(log<S>(m), third));
  const Pair<S> square = product<S>(y, y);
  const V excess = S::fma(square.low, y, S::fma(square.high, y, negate<S>(m)));
  const V root = S::sub(y, S::div(excess, S::mul(S::set1(3), square.high)));
  const auto whole = S::mask_and(S::less(S::zero(), a), S::less(a, S::set1(F::infinity)));
  return S::select(whole, with_sign<S>(S::mul(root, whole_power<S>(k)), x), x);
}

template <class S>
FP_NOINLINE typename S::V pow(typename S::V a, typename S::V b) {
  using T = typename S::T;
  using V = typename S::V;
  using M = typename S::M;
  using F = Float<S>;
  const V zero = S::zero(), one = S::set1(1), infinity = S::set1(F::infinity);
  const V base = abs<S>(a);

  Pair<S> log = log_pair<S>(base);
  const M finite = S::less(base, infinity), vanishes = S::equal(base, zero);
  log.high = S::select(vanishes, S::set1(-F::infinity), S::select(finite, log.high, base));
  log.low = S::select(S::mask_or(vanishes, S::mask_not(finite)), zero, log.low);

  // Where e^exponent is 0 or infinite in any case, the lower part may be NaN.
  const Pair<S> exponent = product<S>(b, log.high);
  const M moderate = S::less(abs<S>(exponent.high), S::set1(-F::exp_lowest));
  const V low = S::select(moderate, S::fma(b, log.low, exponent.low), zero);
  V y = multiplied<S>(scaled_exp<S>(reduced_exp<S>(clamp_exponent<S>(exponent.high), low)));
  y = S::select(S::equal(base, one), S::select(S::is_nan(b), b, one), y);

  // Negative numbers only have integer powers.
  const V half = S::mul(b, S::set1(T(0.5)));
  const M whole = S::equal(S::trunc(b), b), odd = S::mask_and(whole, S::mask_not(S::equal(S::trunc(half), half)));
  const M finite_negative = S::mask_and(S::less(a, zero), finite);
  y = S::select(S::mask_and(finite_negative, S::mask_not(whole)), S::set1(F::nan), y);
  y = S::select(odd, with_sign<S>(y, a), y);
  return S::select(S::mask_or(S::equal(a, one), S::equal(b, zero)), one, y);
}

}  // namespace FP_ISA
