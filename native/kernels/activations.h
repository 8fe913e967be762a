// The element-wise functions of one value, one for each row of unary.inc; what each computes says UNARY_NAMES in
// lib/graph/graph.ts. `alpha` and `beta` are its parameters.
//
// NaN in, NaN out, except where a truth value is asked for. Infinity gives what the formula gives step by step, as
// in the frameworks: silu(−∞) = −∞·0 is NaN.
#pragma once

#include "math.h"
#include "normal.h"

namespace FP_ISA {

// x/(1 + e^−t) from e^−t.
template <class S>
inline typename S::V times_logistic(typename S::V x, typename S::V t, const ReducedExp<S>& e) {
  using V = typename S::V;
  const Logistic<S> of_t = logistic<S>(e);
  // Below exp_lowest the logistic is 0 though `of_t` is not.
  const V factor = S::select(S::less(t, S::set1(Float<S>::exp_lowest)), S::mul(x, S::zero()), x);
  return S::mul(S::div(factor, of_t.denominator), of_t.scale);
}

// The same of t.high + t.low.
template <class S>
inline typename S::V times_logistic(typename S::V x, const Pair<S>& t) {
  const typename S::V high = negate<S>(clamp_logit<S>(t.high));
  return times_logistic<S>(x, t.high, reduced_exp<S>(high, negate<S>(t.low)));
}

// log(1 + e^z) of z.high + z.low.
template <class S>
inline typename S::V log_1_plus_exp(const Pair<S>& z) {
  using V = typename S::V;
  const V low = S::select(S::less(S::zero(), z.high), negate<S>(z.low), z.low);
  const V exponent = clamp_exponent<S>(minus_abs<S>(z.high));
  const V e = multiplied<S>(scaled_exp<S>(reduced_exp<S>(exponent, low)));
  return S::add(S::max(S::zero(), z.high), finite_log1p<S>(e));
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
  static V softplus(V x, V alpha, V) {
    const Pair<S> z = exponent_product<S>(alpha, x);
    return S::select(S::less(S::set1(40), z.high), x, S::div(log_1_plus_exp<S>(z), alpha));  // z rounds to the log
  }
  static V log_sigmoid(V x, V, V) { return negate<S>(log_1_plus_exp<S>({negate<S>(x), S::zero()})); }

  // Sigmoids
  static V sigmoid(V x, V, V) { return FP_ISA::sigmoid<S>(x); }
  static V silu(V x, V, V) { return times_logistic<S>(x, x, reduced_exp<S>(negate<S>(clamp_logit<S>(x)))); }
  static V quick_gelu(V x, V alpha, V) { return times_logistic<S>(x, exponent_product<S>(alpha, x)); }
  // x·sigmoid(2u): 2u = x·(c + d·x²) is carried in a pair, since e^−2u magnifies its error.
  static V gelu_tanh(V x, V, V) {
    using C = Coefficients<T>;
    const V bounded = S::max(S::set1(-32), S::min(S::set1(32), x));  // where it is x or 0
    const Pair<S> square = product<S>(bounded, bounded);
    const V d = S::set1(C::gelu_cubic_high);
    const Pair<S> cubic = product<S>(d, square.high);
    const V cubic_low = S::fma(S::set1(C::gelu_cubic_low), square.high, S::fma(d, square.low, cubic.low));
    const Pair<S> slope = sum<S>(S::set1(C::gelu_linear_high), cubic.high);
    const V slope_low = S::add(slope.low, S::add(cubic_low, S::set1(C::gelu_linear_low)));
    const Pair<S> t = product<S>(bounded, slope.high);
    return times_logistic<S>(x, Pair<S>{t.high, S::fma(bounded, slope_low, t.low)});
  }
  static V tanh(V x, V, V) { return FP_ISA::tanh<S>(x); }
  // An odd polynomial up to 1, then (x − 1) + 2/(1 + e^2x), which does not cancel.
  static V tanh_shrink(V x, V, V) {
    const V one = S::set1(1), a = FP_ISA::abs<S>(x), square = S::mul(a, a);
    const V cube = S::mul(square, a), series = S::mul(square, polynomial<S>(Coefficients<T>::shrink, square));
    const V near_zero = S::fma(cube, S::set1(Coefficients<T>::third_high), S::mul(cube, series));
    const V rest = S::div(S::set1(2), S::add(one, FP_ISA::exp<S>(S::add(a, a))));
    const V far = S::add(S::sub(a, one), rest);
    return with_sign<S>(S::select(S::less(a, one), near_zero, far), x);
  }
  // With e = e^x and n = e·(e + 2): x·n/(n + 2).
  static V mish(V x, V, V) {
    const V end = S::set1(40), two = S::set1(2);  // mish(end) rounds to end
    const ScaledExp<S> e = scaled_exp<S>(reduced_exp<S>(clamp_exponent<S>(S::min(end, x))));
    const V exp = multiplied<S>(e), more = S::add(exp, two);
    const V first = S::mul(S::mul(x, e.half), more), over = S::fma(first, e.minus_one, first);
    V y = S::mul(S::div(over, S::fma(exp, more, two)), e.scale);
    y = S::select(S::less(x, S::set1(Float<S>::exp_lowest)), S::mul(x, S::zero()), y);
    return S::select(S::less(end, x), x, y);
  }

  // Others
  static V erf(V x, V, V) { return FP_ISA::erf<S>(x); }
  static V gelu(V x, V, V) { return FP_ISA::gelu<S>(x); }
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

  // Arithmetic
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

 private:
  static M negative(V x) { return S::less(x, S::zero()); }
};

}  // namespace FP_ISA
