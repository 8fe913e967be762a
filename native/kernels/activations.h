// The element-wise functions of one value, one for each row of unary.inc; UNARY_NAMES in lib/graph/graph.ts defines
// what each computes. `alpha` and `beta` are its parameters.
//
// NaN in, NaN out, except for truth values. Infinity gives what the formula gives step by step, as in the frameworks:
// silu(−∞) = −∞·0 is NaN.
#pragma once

#include "hyperbolic.h"
#include "kernels.h"
#include "math.h"
#include "normal.h"
#include "pow.h"
#include "trig.h"

namespace FP_ISA {

// x/(1 + e^−t) from e^−t.
template <class S>
inline typename S::V times_logistic(typename S::V x, typename S::V t, const ReducedExp<S>& e) {
  using V = typename S::V;
  const Logistic<S> of_t = logistic<S>(e);
  // Below exp_lowest, the logistic function is 0 although `of_t` is not.
  const V factor = S::select(S::less(t, S::set1(Float<S>::exp_lowest)), S::mul(x, S::zero()), x);
  return S::mul(S::div(factor, of_t.denominator), of_t.scale);
}

// The same for t.high + t.low.
template <class S>
inline typename S::V times_logistic(typename S::V x, const Pair<S>& t) {
  const typename S::V high = negate<S>(clamp_logit<S>(t.high));
  return times_logistic<S>(x, t.high, reduced_exp<S>(high, negate<S>(t.low)));
}

template <class S>
struct Activations {
  using T = typename S::T;
  using V = typename S::V;
  using M = typename S::M;

  // Clamps and kinks
  static V relu(V x, V, V) { return S::max(S::zero(), x); }
  static V leaky_relu(V x, V alpha, V) { return S::select(negative(x), S::mul(alpha, x), x); }
  static V thresholded_relu(V x, V alpha, V) { return S::select(S::less_equal(x, alpha), S::zero(), x); }
  static V threshold(V x, V alpha, V beta) { return S::select(S::less_equal(x, alpha), beta, x); }
  static V clip(V x, V alpha, V beta) { return S::min(beta, S::max(alpha, x)); }
  static V hard_sigmoid(V x, V alpha, V beta) { return clip(S::fma(alpha, x, beta), S::zero(), S::set1(1)); }
  static V hard_swish(V x, V, V) {
    const V part = clip(S::add(x, S::set1(3)), S::zero(), S::set1(6));
    return S::mul(x, S::mul(part, S::set1(T(1.0 / 6))));
  }
  static V hard_shrink(V x, V alpha, V) { return S::select(S::less_equal(FP_ISA::abs<S>(x), alpha), S::zero(), x); }
  static V soft_shrink(V x, V alpha, V beta) {
    const V shrunk = S::select(S::less(alpha, x), S::sub(x, beta), S::add(x, beta));
    const M between = S::mask_and(S::less_equal(x, alpha), S::less_equal(negate<S>(alpha), x));
    return S::select(between, S::zero(), shrunk);
  }

  // Exponential
  static V elu(V x, V alpha, V) { return S::select(negative(x), S::mul(alpha, FP_ISA::expm1<S>(x)), x); }
  static V selu(V x, V alpha, V beta) { return S::mul(beta, elu(x, alpha, beta)); }
  static V celu(V x, V alpha, V) {
    return S::select(negative(x), S::mul(alpha, FP_ISA::expm1<S>(S::div(x, alpha))), x);
  }
  static V exp(V x, V, V) { return FP_ISA::exp<S>(x); }
  static V expm1(V x, V, V) { return FP_ISA::expm1<S>(x); }
  static V log(V x, V, V) { return FP_ISA::log<S>(x); }
  static V log1p(V x, V, V) { return FP_ISA::log1p<S>(x); }
  // x·[0 < x] + log(1 + e^(−alpha·|x|))/alpha, or x·[x < 0] if alpha is negative. |alpha| is assumed to be between
  // 2^−38 and 2^62: outside, far tails lose precision. Everything that only depends on alpha is computed before the
  // loop over x.
  static FP_INLINE V softplus(V x, V alpha, V) {
    using C = Coefficients<T>;
    const V infinity = S::set1(Float<S>::infinity), width = S::div(S::set1(1), alpha);
    const M falling = S::less(alpha, S::zero());
    const V lowest = S::select(falling, negate<S>(infinity), S::zero());
    const V highest = S::select(falling, negate<S>(S::zero()), infinity);
    const V steepness = FP_ISA::abs<S>(alpha), log2_e = S::set1(C::log2_e);
    const Pair<S> slope = product<S>(steepness, log2_e);
    const V slope_low = S::fma(steepness, S::set1(C::log2_e_low), slope.low);
    const V b = S::max(S::mul(FP_ISA::abs<S>(width), S::set1(Float<S>::raised_lowest)), minus_abs<S>(x));
    return plus_log_1_plus<S>(S::max(lowest, S::min(highest, x)), reduced_exp2<S>(b, slope.high, slope_low), width);
  }
  static V log_sigmoid(V x, V, V) {
    using C = Coefficients<T>;
    const V b = S::max(S::set1(Float<S>::raised_lowest), minus_abs<S>(x));
    const ReducedExp2<S> e = reduced_exp2<S>(b, S::set1(C::log2_e), S::set1(C::log2_e_low));
    return negate<S>(plus_log_1_plus<S>(S::max(S::zero(), negate<S>(x)), e, S::set1(1)));
  }

  // Sigmoids
  static V sigmoid(V x, V, V) { return FP_ISA::sigmoid<S>(x); }
  static V silu(V x, V, V) { return times_logistic<S>(x, x, reduced_exp<S>(negate<S>(clamp_logit<S>(x)))); }
  static V quick_gelu(V x, V alpha, V) { return times_logistic<S>(x, exponent_product<S>(alpha, x)); }
  // x·sigmoid(2u) as x·[0 < x] − |x|/(1 + e^2|u|), e^2|u| = 2^(|x|·(c + d·x²)). The slope is stored as a pair, because
  // its error is magnified; c is so short that slope − c is exact.
  static V gelu_tanh(V x, V, V) {
    using C = Coefficients<T>;
    constexpr T end = T(S::mantissa_bits == 23 ? 11 : 21.7);  // where the tail has vanished
    const V b = S::max(S::set1(-end), minus_abs<S>(x));
    const V square = S::mul(b, b), square_excess = S::fnma(b, b, square);
    const V c = S::set1(-C::gelu_linear_high), d = S::set1(-C::gelu_cubic_high);
    const V slope = S::fma(d, square, c), slope_excess = S::fnma(d, square, S::sub(slope, c));
    V low = S::fma(S::set1(-C::gelu_cubic_low), square, S::set1(-C::gelu_linear_low));
    low = S::sub(S::fnma(d, square_excess, low), slope_excess);
    const ReducedExp2<S> e = reduced_exp2<S>(b, slope, low);
    const V power = lowered_power<S>(e.n);
    const V under = S::fma(power, S::mul(e.r, e.series), S::add(power, S::set1(Float<S>::lower)));
    return hinged<S>(x, S::div(b, under));
  }
  static V tanh(V x, V, V) { return FP_ISA::tanh<S>(x); }
  // An odd polynomial up to 1, then (x − 1) + 2/(1 + e^2x), which does not cancel.
  static V tanh_shrink(V x, V, V) {
    const V one = S::set1(1), a = FP_ISA::abs<S>(x), square = S::mul(a, a);
    const V cube = S::mul(square, a), series = S::mul(square, polynomial<S>(Coefficients<T>::shrink, square));
    const V near_zero = S::fma(cube, S::set1(Coefficients<T>::third_high), S::mul(cube, series));
    const V rest = S::div(S::set1(2), S::add(one, FP_ISA::exp<S>(S::add(a, a))));
    const V far = S::add(S::sub(a, one), rest);
    // For −0, x − tanh(x) is 0.
    return S::add(with_sign<S>(S::select(S::less(a, one), near_zero, far), x), S::zero());
  }
  // With e = e^x and n = e·(1 + e/2): x·n/(1 + n), or x − x/(1 + n) above zero.
  static V mish(V x, V, V) {
    const V one = S::set1(1), end = S::set1(S::mantissa_bits == 23 ? 10 : 20);  // mish(end) rounds to end
    const V bounded = S::max(S::set1(Float<S>::raised_lowest), S::min(end, x));
    const ReducedExp<S> reduced = reduced_exp<S>(bounded);
    const V power = raised_power<S>(reduced.n), e = lowered<S>(S::fma(power, reduced.minus_one, power));
    const V half = S::mul(S::set1(T(0.5)), e), first = S::mul(bounded, power);
    // (1 + minus_one)·(1 + half) − 1
    const V factor = S::add(S::fma(half, reduced.minus_one, reduced.minus_one), half);
    const V above = S::mul(bounded, S::set1(-1 / Float<S>::lower));
    const V over = S::select(S::less(S::zero(), x), above, S::fma(first, factor, first));
    return hinged<S>(x, S::div(over, S::fma(e, S::add(one, half), one)));
  }

  // Others
  static FP_INLINE V erf(V x, V, V) { return FP_ISA::erf<S>(x); }
  static V erfc(V x, V, V) { return FP_ISA::erfc<S>(x); }
  static FP_INLINE V gelu(V x, V, V) { return FP_ISA::gelu<S>(x); }
  static V softsign(V x, V, V) { return S::div(x, S::add(S::set1(1), FP_ISA::abs<S>(x))); }
  // Below zero (x + r)/2 = (alpha/4)/(r/2 − x/2), r = √(x² + alpha), which does not cancel.
  static V squareplus(V x, V alpha, V) {
    const V half = S::set1(T(0.5)), a = FP_ISA::abs<S>(x);
    const M huge = S::less(S::set1(T(S::mantissa_bits == 23 ? 1e18 : 1e150)), a);  // x² may overflow; r is |x|
    const V root = S::select(huge, a, S::sqrt(S::fma(x, x, alpha)));
    const V half_root = S::mul(half, root);
    const V below = S::div(S::mul(S::set1(T(0.25)), alpha), S::fnma(half, x, half_root));
    return S::select(negative(x), below, S::fma(half, x, half_root));
  }
  static V sparse_plus(V x, V, V) {
    const V one = S::set1(1), half = S::mul(S::set1(T(0.5)), S::add(x, one));
    const V y = S::select(S::less_equal(one, x), x, S::mul(half, half));
    return S::select(S::less_equal(x, S::set1(-1)), S::zero(), y);
  }

  // Angles and related functions
  static V sin(V x, V, V) { return FP_ISA::sin<S>(x); }
  static V cos(V x, V, V) { return FP_ISA::cos<S>(x); }
  static V tan(V x, V, V) { return FP_ISA::tan<S>(x); }
  static V asin(V x, V, V) { return FP_ISA::asin<S>(x); }
  static V acos(V x, V, V) { return FP_ISA::acos<S>(x); }
  static V atan(V x, V, V) { return FP_ISA::atan2<S>(x, S::set1(1)); }
  static V sinh(V x, V, V) { return FP_ISA::sinh<S>(x); }
  static V cosh(V x, V, V) { return FP_ISA::cosh<S>(x); }
  static V asinh(V x, V, V) { return FP_ISA::asinh<S>(x); }
  static V acosh(V x, V, V) { return FP_ISA::acosh<S>(x); }
  static V atanh(V x, V, V) { return FP_ISA::atanh<S>(x); }

  // Arithmetic
  static V log2(V x, V, V) { return log_times<S>(x, Coefficients<T>::log2_e, Coefficients<T>::log2_e_low); }
  static V log10(V x, V, V) { return log_times<S>(x, Coefficients<T>::log10_e, Coefficients<T>::log10_e_low); }
  static V cbrt(V x, V, V) { return FP_ISA::cbrt<S>(x); }
  static V abs(V x, V, V) { return FP_ISA::abs<S>(x); }
  static V neg(V x, V, V) { return negate<S>(x); }
  static V sqrt(V x, V, V) { return S::sqrt(x); }
  static V square(V x, V, V) { return S::mul(x, x); }
  static V reciprocal(V x, V, V) { return S::div(S::set1(1), x); }
  static V floor(V x, V, V) { return S::floor(x); }
  static V ceil(V x, V, V) { return S::ceil(x); }
  static V round(V x, V, V) { return S::round(x); }
  static V trunc(V x, V, V) { return S::trunc(x); }
  static V sign(V x, V, V) {
    const V below = S::select(negative(x), S::set1(-1), S::add(x, S::zero()));  // ±0 becomes +0
    return S::select(S::less(S::zero(), x), S::set1(1), below);
  }

  // Truth values
  static V logical_not(V x, V, V) { return truth<S>(S::equal(x, S::zero())); }
  static V to_bool(V x, V, V) { return truth<S>(S::mask_not(S::equal(x, S::zero()))); }
  static V is_nan(V x, V, V) { return truth<S>(S::is_nan(x)); }
  static V is_inf(V x, V alpha, V beta) {
    const M above = S::mask_and(S::equal(x, S::set1(Float<S>::infinity)), S::mask_not(S::equal(alpha, S::zero())));
    const M below = S::mask_and(S::equal(x, S::set1(-Float<S>::infinity)), S::mask_not(S::equal(beta, S::zero())));
    return truth<S>(S::mask_or(above, below));
  }

  // Casts. Adding 0 turns −0 into 0.
  static V to_integer(V x, V alpha, V) {
    const V whole = S::add(S::trunc(x), S::zero()), lowest = negate<S>(alpha);
    const M fits = S::mask_and(S::less_equal(lowest, whole), S::less(whole, alpha));
    return S::select(fits, whole, lowest);
  }
  // The remainder is exact, because the modulus is a power of two.
  static V wrap(V x, V alpha, V beta) {
    const V modulus = S::sub(beta, alpha), whole = S::trunc(x);
    const V rest = S::fnma(S::trunc(S::div(whole, modulus)), modulus, whole);
    const V raised = S::select(S::less(rest, alpha), S::add(rest, modulus), rest);
    const V wrapped = S::select(S::less_equal(beta, rest), S::sub(rest, modulus), raised);
    const M finite = S::less(FP_ISA::abs<S>(x), S::set1(Float<S>::infinity));
    return S::select(finite, S::add(wrapped, S::zero()), S::zero());
  }
  // x + m − m, where the last bit of m is to be the last bit of the result. Large x are reduced in between, so that m
  // does not overflow.
  static V narrow(V x, V alpha, V beta) {
    const V a = S::min(FP_ISA::abs<S>(x), S::mul(S::set1(4), beta)), large = S::set1(T(0x1p64)),
            down = S::set1(T(0x1p-40)), up = S::set1(T(0x1p40));
    const M is_large = S::less_equal(large, a);
    const V lowered = S::select(is_large, S::mul(a, down), a);
    const V least = S::div(S::set1(2), power_below(beta));
    const V power = power_below(lowered), binade = S::select(S::less(power, least), least, power);
    const V m = S::mul(binade, S::div(S::set1(Float<S>::two_to_mantissa), alpha));
    const V rounded = S::sub(S::add(lowered, m), m);
    const V raised = S::select(is_large, S::mul(rounded, up), rounded);
    const V infinity = S::set1(Float<S>::infinity), bounded = S::select(S::less(beta, raised), infinity, raised);
    const M plain =
        S::mask_and(S::less(FP_ISA::abs<S>(x), infinity), S::less(alpha, S::set1(Float<S>::two_to_mantissa)));
    return S::select(plain, with_sign<S>(bounded, x), x);
  }

 private:
  // The greatest power of two that is at most a, which is not negative; 0 if it is subnormal.
  static V power_below(V a) { return S::from_bits(S::iand(S::bits(a), S::bits(S::set1(Float<S>::infinity)))); }
  static M negative(V x) { return S::less(x, S::zero()); }
};

}  // namespace FP_ISA
