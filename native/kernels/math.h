// Elementary functions over a vector type. They are our own, so that every instruction set gives the same bits.
//
// Methods, bounds and measurements: docs/curves.md. NaN in, NaN out; subnormal arguments and results are kept.
#pragma once

#include <cstdint>
#include <limits>
#include <type_traits>

#include "coefficients.h"

namespace FP_ISA {

// Constants of the element's format. Below `exp_lowest` e^x is 0, even times x; above `exp_highest` it is infinite.
template <class S>
struct Float {
  using T = typename S::T;
  using Int = std::conditional_t<sizeof(T) == 4, int32_t, int64_t>;
  static constexpr int mantissa_bits = S::mantissa_bits;
  static constexpr int bias = std::numeric_limits<T>::max_exponent - 1;
  static constexpr T infinity = std::numeric_limits<T>::infinity();
  static constexpr T nan = std::numeric_limits<T>::quiet_NaN();
  static constexpr T smallest_normal = std::numeric_limits<T>::min();
  static constexpr Int all_but_sign = std::numeric_limits<Int>::max();

  static constexpr T two_to_mantissa = T(Int(1) << mantissa_bits);
  // x + shift is x rounded to an integer, which is then in the lowest bits, above those of the shift.
  static constexpr T shift = T(1.5) * two_to_mantissa;
  static constexpr Int shift_bits = (Int(bias + mantissa_bits) << mantissa_bits) + (Int(1) << (mantissa_bits - 1));

  // The factor that moves e^x, down to raised_lowest, far from subnormal numbers.
  static constexpr int raise = mantissa_bits == 23 ? 64 : 128;
  static constexpr T lower = T(mantissa_bits == 23 ? 0x1p-64 : 0x1p-128);  // 2^−raise
  static constexpr T raised_lowest = T(-0.69314718055994531 * (bias + raise - 2));

  static constexpr T exp_lowest = T(-0.69314718055994531 * (2 * bias - 8));
  static constexpr T exp_highest = T(0.69314718055994531 * (bias + 2));
};

template <class S>
inline typename S::V abs(typename S::V a) {
  return S::from_bits(S::iand(S::bits(a), S::iset1(Float<S>::all_but_sign)));
}

template <class S>
inline typename S::V negate(typename S::V a) {
  return S::from_bits(S::ixor(S::bits(a), S::bits(S::set1(typename S::T(-0.0)))));
}

template <class S>
inline typename S::V minus_abs(typename S::V a) {
  return S::from_bits(S::ior(S::bits(a), S::bits(S::set1(typename S::T(-0.0)))));
}

// a, which is not negative, with the sign of b.
template <class S>
inline typename S::V with_sign(typename S::V a, typename S::V b) {
  return S::from_bits(S::ior(S::bits(a), S::iand(S::bits(b), S::bits(S::set1(typename S::T(-0.0))))));
}

// 1 where true, otherwise 0.
template <class S>
inline typename S::V truth(typename S::M m) {
  return S::select(m, S::set1(1), S::zero());
}

// Estrin's scheme: the first Half coefficients plus x^Half times the others. It has shorter dependency chains than
// Horner's rule. `powers` are x, x², x⁴ and so on.
template <class S, int First, int Count, int Total>
inline typename S::V partial_polynomial(const typename S::T (&coefficients)[Total], const typename S::V* powers) {
  if constexpr (Count == 1) {
    return S::set1(coefficients[First]);
  } else {
    constexpr int level = Count > 16 ? 4 : Count > 8 ? 3 : Count > 4 ? 2 : Count > 2 ? 1 : 0;
    constexpr int half = 1 << level;
    return S::fma(partial_polynomial<S, First + half, Count - half>(coefficients, powers), powers[level],
                  partial_polynomial<S, First, half>(coefficients, powers));
  }
}

// For up to 32 coefficients, lowest power first.
template <class S, int Count>
inline typename S::V polynomial(const typename S::T (&coefficients)[Count], typename S::V x) {
  static_assert(Count <= 32, "one more power");
  const typename S::V square = S::mul(x, x), fourth = S::mul(square, square), eighth = S::mul(fourth, fourth);
  const typename S::V powers[] = {x, square, fourth, eighth, S::mul(eighth, eighth)};
  return partial_polynomial<S, 0, Count>(coefficients, powers);
}

// An unevaluated sum: `low` is at most half a unit in the last place of `high`.
template <class S>
struct Pair {
  typename S::V high, low;
};

// a·b exactly, if it is finite.
template <class S>
inline Pair<S> product(typename S::V a, typename S::V b) {
  const typename S::V high = S::mul(a, b);
  return {high, S::fma(a, b, negate<S>(high))};
}

// a + b exactly, if both and the sum are finite.
template <class S>
inline Pair<S> sum(typename S::V a, typename S::V b) {
  const typename S::V high = S::add(a, b), of_b = S::sub(high, a);
  return {high, S::add(S::sub(a, S::sub(high, of_b)), S::sub(b, of_b))};
}

// 2^exponent for integers exponent + bias within the format's normal range.
template <class S>
inline typename S::V power_of_two(decltype(S::bits(S::zero())) biased) {
  return S::from_bits(S::template shift_left<S::mantissa_bits>(biased));
}

// Exponentials ------------------------------------------------------------------------------------------------------

// x = n·log(2) + r, |r| ≤ log(2)/2: n as an integer, and e^r − 1.
template <class S>
struct ReducedExp {
  decltype(S::bits(S::zero())) n;
  typename S::V minus_one;
};

// `shifted` has n in its lowest bits.
template <class S>
inline ReducedExp<S> exp_of_rest(typename S::V shifted, typename S::V r) {
  const typename S::V series = polynomial<S>(Coefficients<typename S::T>::exp, r);
  return {S::isub(S::bits(shifted), S::iset1(Float<S>::shift_bits)), S::fma(S::mul(r, r), series, r)};
}

// For x up to twice the format's range of exponents. The first step towards r is exact.
template <class S>
inline ReducedExp<S> reduced_exp(typename S::V x) {
  using V = typename S::V;
  using C = Coefficients<typename S::T>;
  const V shift = S::set1(Float<S>::shift), shifted = S::fma(x, S::set1(C::log2_e), shift);
  const V n = S::sub(shifted, shift);
  return exp_of_rest<S>(shifted, S::fnma(n, S::set1(C::ln2_low), S::fnma(n, S::set1(C::ln2_high), x)));
}

// For x + low.
template <class S>
inline ReducedExp<S> reduced_exp(typename S::V x, typename S::V low) {
  using V = typename S::V;
  using C = Coefficients<typename S::T>;
  const V shift = S::set1(Float<S>::shift), shifted = S::fma(x, S::set1(C::log2_e), shift);
  const V n = S::sub(shifted, shift);
  const V r = S::fnma(n, S::set1(C::ln2_high), x);
  return exp_of_rest<S>(shifted, S::add(r, S::fnma(n, S::set1(C::ln2_low), low)));
}

// 2^(a·(b + b_low)) = 2^n·(1 + r·series), |r| ≤ ½.
template <class S>
struct ReducedExp2 {
  decltype(S::bits(S::zero())) n;
  typename S::V r, series;
};

template <class S>
inline ReducedExp2<S> reduced_exp2(typename S::V a, typename S::V b, typename S::V b_low) {
  using V = typename S::V;
  const V shift = S::set1(Float<S>::shift), shifted = S::fma(a, b, shift);
  const V r = S::fma(a, b_low, S::fma(a, b, S::sub(shift, shifted)));
  return {S::isub(S::bits(shifted), S::iset1(Float<S>::shift_bits)), r,
          polynomial<S>(Coefficients<typename S::T>::exp2, r)};
}

template <class S>
inline typename S::V clamp_exponent(typename S::V x) {
  return S::max(S::set1(Float<S>::exp_lowest), S::min(S::set1(Float<S>::exp_highest), x));
}

// e^x = (1 + minus_one)·half·scale, where only the last product may overflow or become subnormal: a factor that belongs
// to the result is applied before it.
template <class S>
struct ScaledExp {
  typename S::V minus_one, half, scale;
};

// From exp_lowest to exp_highest.
template <class S>
inline ScaledExp<S> scaled_exp(const ReducedExp<S>& e) {
  const auto twice_biased = S::iadd(e.n, S::iset1(2 * Float<S>::bias));
  const auto half = S::template shift_right<1>(twice_biased);
  return {e.minus_one, power_of_two<S>(half), power_of_two<S>(S::isub(twice_biased, half))};
}

template <class S>
inline typename S::V multiplied(const ScaledExp<S>& e) {
  return S::mul(S::fma(e.half, e.minus_one, e.half), e.scale);
}

template <class S>
inline typename S::V exp(typename S::V x) {
  return multiplied<S>(scaled_exp<S>(reduced_exp<S>(clamp_exponent<S>(x))));
}

// 2^(n + raise) for exponents between raised_lowest and slightly above 0, with fewer operations than scaled_exp(): it
// is never subnormal. A factor that belongs to the result is applied before lowered(), which may round to a subnormal
// number.
template <class S>
inline typename S::V raised_power(decltype(S::bits(S::zero())) n) {
  return power_of_two<S>(S::iadd(n, S::iset1(Float<S>::bias + Float<S>::raise)));
}

// 2^(n − raise), for n from slightly below 0 to just as far up.
template <class S>
inline typename S::V lowered_power(decltype(S::bits(S::zero())) n) {
  return power_of_two<S>(S::iadd(n, S::iset1(Float<S>::bias - Float<S>::raise)));
}

template <class S>
inline typename S::V lowered(typename S::V y) {
  return S::mul(y, S::set1(Float<S>::lower));
}

// a·b as an exponent: just {a·b, 0} where e^(a·b) is 0 or infinite.
template <class S>
inline Pair<S> exponent_product(typename S::V a, typename S::V b) {
  const Pair<S> p = product<S>(a, b);
  return {p.high, S::select(S::less(abs<S>(p.high), S::set1(-Float<S>::exp_lowest)), p.low, S::zero())};
}

template <class S>
inline typename S::V expm1(typename S::V x) {
  using T = typename S::T;
  using V = typename S::V;
  using F = Float<S>;
  constexpr T lowest = T(-0.69314718055994531 * (F::mantissa_bits + 3));  // e^x − 1 rounds to −1
  constexpr T highest = T(0.69314718055994531 * (F::bias + 1.1));         // infinite, although 2^(n − 1) is not
  const V clamped = S::max(S::set1(lowest), S::min(S::set1(highest), x));
  const ReducedExp<S> e = reduced_exp<S>(clamped);
  const V half = power_of_two<S>(S::iadd(e.n, S::iset1(F::bias - 1)));  // 2^n/2
  const V y = S::fma(half, e.minus_one, S::sub(half, S::set1(T(0.5))));
  const V tiny = S::set1(T(0.25) / F::two_to_mantissa);
  return S::select(S::less(abs<S>(x), tiny), x, S::add(y, y));
}

// Logarithms --------------------------------------------------------------------------------------------------------

// x = m·2^n with √½ ≤ m < √2, for positive finite x. `inverse_power` is 2^−n for normal x < 2^bias.
template <class S>
struct Split {
  typename S::V m, n, inverse_power;
};

template <class S>
inline Split<S> split(typename S::V x) {
  using T = typename S::T;
  using V = typename S::V;
  using F = Float<S>;
  constexpr T offset = F::two_to_mantissa + F::bias;
  const auto subnormal = S::less(x, S::set1(F::smallest_normal));
  x = S::select(subnormal, S::mul(x, S::set1(F::two_to_mantissa)), x);

  const auto one = S::bits(S::set1(1)), root_half = S::bits(S::set1(T(0.70710678118654752)));
  const auto raised = S::iadd(S::bits(x), S::isub(one, root_half));
  const auto biased = S::template shift_right<S::mantissa_bits>(raised);
  const auto power = S::isub(S::template shift_left<S::mantissa_bits>(biased), one);  // added to the bits of m
  // An integer below 2^mantissa_bits, or-ed into the bits of 2^mantissa_bits, gives their sum.
  const V n = S::from_bits(S::ior(biased, S::bits(S::set1(F::two_to_mantissa))));
  return {S::from_bits(S::isub(S::bits(x), power)),
          S::sub(n, S::select(subnormal, S::set1(offset + F::mantissa_bits), S::set1(offset))),
          S::from_bits(S::isub(one, power))};
}

// n·log(2) + log(1 + f), √½ ≤ 1 + f < √2. With s = f/(2 + f) and z = s²,
// log(1 + f) = f − f²/2 + s·(f²/2 + z·(2/3 + z·P(z))).
template <class S>
inline typename S::V combined_log(typename S::V n, typename S::V f) {
  using T = typename S::T;
  using V = typename S::V;
  using C = Coefficients<T>;
  const V s = S::div(f, S::add(S::set1(2), f));
  const V z = S::mul(s, s);
  const V half_square = S::mul(S::mul(S::set1(T(0.5)), f), f);
  const V series = S::fma(polynomial<S>(C::log, z), z, S::set1(T(2.0 / 3)));
  const V rest = S::fnma(s, S::fma(z, series, half_square), half_square);
  return S::fma(n, S::set1(C::ln2_high), S::sub(f, S::fnma(n, S::set1(C::ln2_low), rest)));
}

template <class S>
inline typename S::V log(typename S::V x) {
  using V = typename S::V;
  using F = Float<S>;
  const Split<S> parts = split<S>(x);
  V y = combined_log<S>(parts.n, S::sub(parts.m, S::set1(1)));
  y = S::select(S::less(x, S::set1(F::infinity)), y, x);
  y = S::select(S::equal(x, S::zero()), S::set1(-F::infinity), y);
  return S::select(S::less(x, S::zero()), S::set1(F::nan), y);
}

template <class S>
inline typename S::V log1p(typename S::V x) {
  using T = typename S::T;
  using V = typename S::V;
  using F = Float<S>;
  const V one = S::set1(1), minus_one = S::set1(-1), tiny = S::set1(T(0.25) / F::two_to_mantissa);
  const Pair<S> u = sum<S>(one, x);
  const Split<S> parts = split<S>(u.high);
  const V f = S::sub(parts.m, one);
  // Beyond 2^60, `low` no longer matters, and 2^−n might not exist.
  const V corrected = S::fma(u.low, parts.inverse_power, f);
  V y = combined_log<S>(parts.n, S::select(S::less(x, S::set1(T(int64_t(1) << 60))), corrected, f));
  y = S::select(S::mask_and(S::less(x, S::set1(F::infinity)), S::less_equal(tiny, abs<S>(x))), y, x);
  y = S::select(S::equal(x, minus_one), S::set1(-F::infinity), y);
  return S::select(S::less(x, minus_one), S::set1(F::nan), y);
}

// hinge + log(1 + e)·lower·scale for an exponential from e^raised_lowest to 1: log(1 + e) = e·(1 + e·P(e)).
template <class S>
inline typename S::V plus_log_1_plus(typename S::V hinge, const ReducedExp2<S>& exp, typename S::V scale) {
  using V = typename S::V;
  const V power = raised_power<S>(exp.n), raised = S::fma(S::mul(power, exp.r), exp.series, power);
  const V e = lowered<S>(raised);
  const V factor = S::fma(e, polynomial<S>(Coefficients<typename S::T>::log1p, e), S::set1(1));
  return S::fma(S::mul(raised, lowered<S>(scale)), factor, hinge);
}

// Sigmoids ----------------------------------------------------------------------------------------------------------

// 1/(1 + e^−x) = scale/denominator; only that division may become subnormal.
template <class S>
struct Logistic {
  typename S::V scale, denominator;
};

// Where e^x need not be distinguished from infinity, because the logistic function of x rounds to 1.
template <class S>
inline typename S::V clamp_logit(typename S::V x) {
  constexpr auto highest = typename S::T(0.69314718055994531 * (S::mantissa_bits + 3));
  return S::max(S::set1(Float<S>::exp_lowest), S::min(S::set1(highest), x));
}

// From e^−x = 2^n·(1 + t). With scale = 2^−k, k = n/2: (2^−k + 2^(n−k)) + 2^(n−k)·t.
template <class S>
inline Logistic<S> logistic(const ReducedExp<S>& e) {
  using V = typename S::V;
  constexpr int bias = Float<S>::bias;
  const auto k = S::isub(S::template shift_right<1>(S::iadd(e.n, S::iset1(2 * bias))), S::iset1(bias));
  const V scale = power_of_two<S>(S::isub(S::iset1(bias), k));
  const V power = power_of_two<S>(S::iadd(S::isub(e.n, k), S::iset1(bias)));
  const V whole = S::add(scale, power);
  const V lost = S::sub(scale, S::sub(whole, power));  // because of that rounding, where it matters
  return {scale, S::add(whole, S::fma(power, e.minus_one, lost))};
}

template <class S>
inline typename S::V sigmoid(typename S::V x) {
  const Logistic<S> s = logistic<S>(reduced_exp<S>(negate<S>(clamp_logit<S>(x))));
  return S::div(s.scale, s.denominator);
}

// With t = e^2|x| − 1, tanh(|x|) = t/(t + 2).
template <class S>
inline typename S::V tanh(typename S::V x) {
  using T = typename S::T;
  using V = typename S::V;
  constexpr T end = S::mantissa_bits == 23 ? 10 : 20;  // tanh(end) rounds to 1
  const V a = S::min(S::set1(end), abs<S>(x));
  const V t = expm1<S>(S::add(a, a));
  return with_sign<S>(S::div(t, S::add(t, S::set1(2))), x);
}

// x·[0 < x] + tail·lower, for functions that lie between 0 and x; NaN for −∞, like −∞·0. The tail is a zero where x is
// a zero (−0 unless x is +0), otherwise less than 0: so a zero keeps its sign, and underflow gives −0.
template <class S>
inline typename S::V hinged(typename S::V x, typename S::V tail) {
  const typename S::V hinge = S::select(S::less(x, S::zero()), S::sub(x, x), x);
  return S::fma(tail, S::set1(Float<S>::lower), hinge);
}

}  // namespace FP_ISA
