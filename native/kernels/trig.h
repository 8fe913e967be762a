// Trigonometric functions and their inverses. Every argument is reduced exactly, even the greatest.
#pragma once

#include <cstring>

#include "fma.h"
#include "kernels.h"
#include "math.h"

namespace FP_ISA {

// x = n·π/2 + high + low, |high| at most a little more than π/4: n in the lowest two bits.
template <class S>
struct Turned {
  decltype(S::bits(S::zero())) n;
  typename S::V high, low;
};

// 2^exponent, within the normal range.
template <class S>
inline typename S::T power_of(int exponent) {
  const typename Float<S>::Int bits = typename Float<S>::Int(exponent + Float<S>::bias) << Float<S>::mantissa_bits;
  typename S::T power;
  std::memcpy(&power, &bits, sizeof power);
  return power;
}

// x·2/π = n + high + low modulo 4, |high| ≤ ½.
template <typename T>
struct Turns {
  T n, high, low;
};

// From x = m·2^e with an integer m: leaves out the bits of 2/π whose products are multiples of 4; the product of m and
// the next 192 bits is exact (Payne and Hanek, "Radian reduction for trigonometric functions", 1983). |x| is at least
// 2^17.
template <class S>
FP_NOINLINE Turns<typename S::T> turns_of(typename S::T x) {
  using T = typename S::T;
  using F = Float<S>;
  if (!(x - x == 0)) return {0, F::nan, 0};
  typename F::Int bits;
  std::memcpy(&bits, &x, sizeof bits);
  bits &= F::all_but_sign;
  const typename F::Int hidden = typename F::Int(1) << F::mantissa_bits;
  const int exponent = int(bits >> F::mantissa_bits) - F::bias - F::mantissa_bits;
  const uint64_t m = uint64_t((bits & (hidden - 1)) | hidden);

  const int start = exponent + 62, shift = start % 64;
  const uint64_t* from = two_over_pi + start / 64;
  const auto window = [&](int i) { return shift == 0 ? from[i] : from[i] << shift | from[i + 1] >> (64 - shift); };
  const Wide second = Wide::product(window(1), m), third = Wide::product(window(2), m);
  uint64_t top = window(0) * m + second.high, middle = second.low + third.high, low = third.low;
  top += middle < second.low;

  // The first two bits are the integer part; the rest is rounded to the nearest integer.
  const int n = int((top + (uint64_t(1) << 61)) >> 62);
  top = top << 2 | middle >> 62;
  middle = middle << 2 | low >> 62;
  low <<= 2;
  const bool below = top >> 63 != 0;
  if (below) {
    low = ~low + 1;
    middle = ~middle + (low == 0);
    top = ~top + (low == 0 && middle == 0);
  }
  int zeros = 0;
  for (; top >> 63 == 0 && zeros < 128; zeros++) {
    top = top << 1 | middle >> 63;
    middle = middle << 1 | low >> 63;
    low <<= 1;
  }
  constexpr int digits = F::mantissa_bits + 1;
  const uint64_t first = top >> (64 - digits), next = top << digits | middle >> (64 - digits);
  const T unit = below == (x > 0) ? -power_of<S>(-zeros - digits) : power_of<S>(-zeros - digits);
  const T high = T(int64_t(first)) * unit, low_part = T(int64_t(next >> (64 - digits))) * unit;
  return {T(x > 0 ? n : -n), high, low_part * power_of<S>(-digits)};
}

// Reduces the elements that are large or infinite; the others are left as they are.
template <class S>
FP_NOINLINE void turn_large(typename S::T limit, typename S::V x, Turned<S>& turned) {
  using T = typename S::T;
  using V = typename S::V;
  using C = Coefficients<T>;
  T from[S::lanes], n[S::lanes], high[S::lanes], low[S::lanes];
  S::store(from, x);
  for (int i = 0; i < S::lanes; i++) {
    const Turns<T> turns = from[i] < limit && -limit < from[i] ? Turns<T>{0, 0, 0} : turns_of<S>(from[i]);
    n[i] = turns.n;
    high[i] = turns.high;
    low[i] = turns.low;
  }
  const typename S::M small = S::less(abs<S>(x), S::set1(limit));
  const V part = S::load(high);
  const Pair<S> angle = product<S>(part, S::set1(C::quarter_high));
  const V rest = S::fma(part, S::set1(C::quarter_low), S::fma(S::load(low), S::set1(C::quarter_high), angle.low));
  turned.high = S::select(small, turned.high, angle.high);
  turned.low = S::select(small, turned.low, rest);
  turned.n = S::bits(S::select(small, S::from_bits(turned.n), S::add(S::load(n), S::set1(Float<S>::shift))));
}

// For |x| up to `limit` in exact steps (Cody and Waite): x − n·π/2, with π/2 in three parts.
template <class S>
FP_NOINLINE Turned<S> turned(typename S::V x) {
  using T = typename S::T;
  using V = typename S::V;
  using C = Coefficients<T>;
  constexpr T limit = T(S::mantissa_bits == 23 ? 0x1p17 : 0x1p26);
  const V shift = S::set1(Float<S>::shift), shifted = S::fma(x, S::set1(C::quarters), shift);
  const V n = S::sub(shifted, shift);
  const Pair<S> second = product<S>(n, S::set1(C::quarter_low));
  const Pair<S> r = sum<S>(S::fnma(n, S::set1(C::quarter_high), x), negate<S>(second.high));
  const V low = S::fnma(n, S::set1(C::quarter_rest), S::sub(r.low, second.low));
  Turned<S> found = {S::bits(shifted), r.high, low};
  if (S::any(S::mask_not(S::less(abs<S>(x), S::set1(limit))))) turn_large<S>(limit, x, found);
  return found;
}

// The sine of the angle high + low; small angles are their own sine.
template <class S>
inline typename S::V sine_of_rest(const Turned<S>& r) {
  using V = typename S::V;
  const V z = S::mul(r.high, r.high), slope = S::fnma(S::set1(typename S::T(0.5)), z, S::set1(1));
  const V bend = S::mul(S::mul(z, r.high), polynomial<S>(Coefficients<typename S::T>::sin, z));
  return S::add(r.high, S::fma(r.low, slope, bend));
}

template <class S>
inline typename S::V cosine_of_rest(const Turned<S>& r) {
  using V = typename S::V;
  const V one = S::set1(1), half = S::set1(typename S::T(0.5));
  const Pair<S> z = product<S>(r.high, r.high);
  const V fall = S::mul(half, z.high), high = S::sub(one, fall), lost = S::sub(S::sub(one, high), fall);
  const V bend = S::mul(S::mul(z.high, z.high), polynomial<S>(Coefficients<typename S::T>::cos, z.high));
  return S::add(high, S::add(S::fnma(half, z.low, S::fnma(r.high, r.low, lost)), bend));
}

// The sine of x + quarters·π/2.
template <class S>
FP_NOINLINE typename S::V sine(typename S::V x, int quarters) {
  using V = typename S::V;
  const Turned<S> r = turned<S>(x);
  const auto n = S::iadd(r.n, S::iset1(quarters));
  const auto last = S::iand(n, S::iset1(1)), sign = S::iand(S::template shift_right<1>(n), S::iset1(1));
  const V even = S::from_bits(S::template shift_left<S::mantissa_bits>(last));  // 0, or a positive number
  const V y = S::select(S::equal(even, S::zero()), sine_of_rest<S>(r), cosine_of_rest<S>(r));
  return S::from_bits(S::ixor(S::bits(y), S::template shift_left<8 * sizeof(typename S::T) - 1>(sign)));
}

// Below it sin(x) and tan(x) round to x.
template <class S>
inline typename S::M is_tiny(typename S::V x) {
  return S::less(abs<S>(x), S::set1(typename S::T(S::mantissa_bits == 23 ? 0x1p-13 : 0x1p-27)));
}

template <class S>
inline typename S::V sin(typename S::V x) {
  return S::select(is_tiny<S>(x), x, sine<S>(x, 0));
}

template <class S>
inline typename S::V cos(typename S::V x) {
  return sine<S>(x, 1);
}

template <class S>
inline typename S::V tan(typename S::V x) {
  using V = typename S::V;
  const Turned<S> r = turned<S>(x);
  const auto last = S::iand(r.n, S::iset1(1));
  const typename S::M even = S::equal(S::from_bits(S::template shift_left<S::mantissa_bits>(last)), S::zero());
  const V s = sine_of_rest<S>(r), c = cosine_of_rest<S>(r);
  const V y = S::div(S::select(even, s, negate<S>(c)), S::select(even, c, s));
  return S::select(is_tiny<S>(x), x, y);
}

// The angle of over/under, from 0 to π/4, for 0 ≤ over ≤ under < ∞, under > 0. Above tan(π/8) it is
// π/4 + atan((over − under)/(over + under)).
template <class S>
FP_NOINLINE Pair<S> lesser_angle(typename S::V over, typename S::V under) {
  using T = typename S::T;
  using V = typename S::V;
  using C = Coefficients<T>;
  const V zero = S::zero(), half = S::set1(T(0.5));
  const typename S::M far = S::less(S::mul(under, S::set1(T(0.41421356))), over);
  const Pair<S> difference = sum<S>(negate<S>(under), over), total = sum<S>(under, over);
  const V num = S::select(far, difference.high, over), den = S::select(far, total.high, under);
  const V num_low = S::select(far, difference.low, zero), den_low = S::select(far, total.low, zero);
  const V q = S::div(num, den), rest = S::fnma(q, den_low, S::add(S::fnma(q, den, num), num_low));
  const V z = S::mul(q, q), q_low = S::div(rest, den);
  const V bend = S::mul(S::mul(z, q), polynomial<S>(C::atan, z));
  const V base = S::select(far, S::set1(C::quarter_high), zero),
          base_low = S::select(far, S::set1(C::quarter_low), zero);
  const Pair<S> y = sum<S>(S::mul(half, base), q);
  return {y.high, S::add(S::fma(half, base_low, y.low), S::add(S::fnma(q_low, z, q_low), bend))};
}

// high + low − y.
template <class S>
inline Pair<S> minus(typename S::V high, typename S::V low, const Pair<S>& y) {
  const Pair<S> first = sum<S>(high, negate<S>(y.high));
  return {first.high, S::add(first.low, S::sub(low, y.low))};
}

// The angle of the point (x, y), from −π to π; special cases as in IEEE 754.
template <class S>
FP_NOINLINE typename S::V atan2(typename S::V y, typename S::V x) {
  using T = typename S::T;
  using V = typename S::V;
  using M = typename S::M;
  using C = Coefficients<T>;
  const V zero = S::zero(), one = S::set1(1), infinity = S::set1(Float<S>::infinity);
  const V a = abs<S>(y), b = abs<S>(x);
  const M is_steep = S::less(b, a);
  V over = S::select(is_steep, b, a), under = S::select(is_steep, a, b);

  const M endless = S::equal(under, infinity);
  over = S::select(endless, S::select(S::equal(over, infinity), one, zero), over);
  under = S::select(S::mask_or(endless, S::equal(under, zero)), one, under);
  // Far from the ends of the range, where a sum might overflow or a remainder might be lost.
  constexpr bool is_float = S::mantissa_bits == 23;
  const M huge = S::less(S::set1(T(is_float ? 0x1p120 : 0x1p1000)), under);
  const M minute = S::less(under, S::set1(T(is_float ? 0x1p-90 : 0x1p-900)));
  const V scale = S::select(huge, S::set1(T(0.25)), S::select(minute, S::set1(T(is_float ? 0x1p60 : 0x1p200)), one));

  Pair<S> angle = lesser_angle<S>(S::mul(over, scale), S::mul(under, scale));
  const V quarter = S::set1(C::quarter_high), quarter_low = S::set1(C::quarter_low);
  const Pair<S> steep = minus<S>(quarter, quarter_low, angle);
  angle = {S::select(is_steep, steep.high, angle.high), S::select(is_steep, steep.low, angle.low)};
  const Pair<S> behind = minus<S>(S::add(quarter, quarter), S::add(quarter_low, quarter_low), angle);
  const M is_behind = S::less(with_sign<S>(one, x), zero);
  const V size = S::select(is_behind, S::add(behind.high, behind.low), S::add(angle.high, angle.low));
  return S::select(S::mask_or(S::is_nan(x), S::is_nan(y)), S::add(x, y), with_sign<S>(size, y));
}

template <class S>
inline typename S::V asin(typename S::V x) {
  return atan2<S>(x, S::sqrt(S::fnma(x, x, S::set1(1))));
}

template <class S>
inline typename S::V acos(typename S::V x) {
  return atan2<S>(S::sqrt(S::fnma(x, x, S::set1(1))), x);
}

}  // namespace FP_ISA
