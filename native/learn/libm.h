// e^x and x^y with the same bits as glibc (2.28 and later) on processors with a fused multiply-add. scikit-learn uses
// glibc there, and the last bit affects all later steps of a stochastic gradient descent.
//
// The method and the constants come from Arm's optimized-routines (exp and pow in double precision), which glibc
// adopted: Copyright (c) 2018 Arm Limited, MIT licence: LICENSE. The same products are fused as gcc fuses there.
#pragma once

#include <cstdint>
#include <cstring>

#include "fma.h"
#include "libm_tables.h"

namespace FP_ISA {

inline uint64_t bits_of(double value) {
  uint64_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}
inline double double_of(uint64_t bits) {
  double value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}
// Sign and exponent.
inline uint32_t top_of(double value) { return uint32_t(bits_of(value) >> 52); }

// scale·(1 + rest) if the exponent of the scale is outside the range of a double.
inline double libm_scaled(double rest, uint64_t scale_bits, bool is_large) {
  if (is_large) {
    const double scale = double_of(scale_bits - (uint64_t(1009) << 52));
    return 0x1p1009 * fused(scale, rest, scale);
  }
  const double scale = double_of(scale_bits + (uint64_t(1022) << 52));
  const double product = scale * rest;
  double y = scale + product;
  if (y < 1) {
    // Rounded at the bit where the subnormal result is rounded.
    const double low = scale - y + product, high = 1 + y;
    y = high + (1 - high + y + low) - 1;
    if (y == 0) y = 0;
  }
  return 0x1p-1022 * y;
}

// e^(x + low), with low less than 2^-8/128.
inline double libm_exp(double x, double low) {
  uint32_t exponent = top_of(x) & 0x7ff;
  if (exponent - 0x3c9 >= 0x408u - 0x3c9u) {  // not in the range from 2^-54 to 512
    if (exponent < 0x3c9) return 1 + x;
    if (exponent >= 0x409) {  // from 1024 on
      if (bits_of(x) == 0xfff0000000000000) return 0;
      if (exponent == 0x7ff) return 1 + x;
      return bits_of(x) >> 63 ? 0 : double_of(0x7ff0000000000000);
    }
    exponent = 0;
  }
  const double shift = 0x1.8p52;
  const double shifted = fused(0x1.71547652b82fep7, x, shift);  // 128/ln 2
  const uint64_t k = bits_of(shifted);
  const double whole = shifted - shift;
  const double r = fused(whole, -0x1.cf79abc9e3b3ap-47, fused(whole, -0x1.62e42fefa0000p-8, x)) + low;
  const uint64_t* const power = libm_powers + 2 * (k % 128);
  const uint64_t scale_bits = power[1] + (k << 45);
  const double square = r * r;
  const double first = fused(square, fused(r, 0x1.555555555543cp-3, 0x1.ffffffffffdbdp-2), double_of(power[0]) + r);
  const double rest = fused(square * square, fused(r, 0x1.1111167a4d017p-7, 0x1.55555cf172b91p-5), first);
  if (exponent == 0) return libm_scaled(rest, scale_bits, (k & 0x80000000) == 0);
  const double scale = double_of(scale_bits);
  return fused(scale, rest, scale);
}

// The exponential function of glibc.
inline double libm_exp(double x) { return libm_exp(x, 0); }

// x^y for positive x, as in glibc; NaN for any other x that is not 1, unless y is 0.
inline double libm_pow(double x, double y) {
  const double infinity = double_of(0x7ff0000000000000);
  if (y == 0 || x == 1) return 1;
  if (x != x || y != y) return x + y;
  if (!(x > 0)) return double_of(0x7ff8000000000000);
  const uint32_t y_exponent = top_of(y) & 0x7ff;
  if (x == infinity) return y > 0 ? infinity : 0;
  if (y_exponent < 0x3be) return x > 1 ? 1 + y : 1 - y;
  if (y_exponent >= 0x43e) return (x > 1) == (y > 0) ? infinity : 0;
  uint64_t bits = bits_of(x);
  if (bits >> 52 == 0) bits = bits_of(x * 0x1p52) - (uint64_t(52) << 52);

  // log(x) = k·ln 2 + log(c) + log1p(z/c − 1), in two parts.
  const uint64_t over = bits - 0x3fe6955500000000;
  const double* const part = libm_logarithms + 3 * (over >> 45 & 127);
  const double k = double(int64_t(over) >> 52);
  const double z = double_of(bits - (over & (uint64_t(0xfff) << 52)));
  const double r = fused(z, part[0], -1);
  const double t1 = fused(k, 0x1.62e42fefa3800p-1, part[1]), t2 = t1 + r;
  const double low1 = fused(k, 0x1.ef35793c76730p-45, part[2]), low2 = t1 - t2 + r;
  const double ar = -0.5 * r, ar2 = r * ar, ar3 = r * ar2;
  const double high = t2 + ar2, low3 = fused(ar, r, -ar2), low4 = t2 - high + ar2;
  const double last = fused(r, 0x1.0002b8b263fc3p0, -0x1.2495b9b4845e9p0);
  const double middle = fused(ar2, last, fused(r, -0x1.555555529a47ap-1, 0x1.999999959554ep-1));
  const double poly = fused(ar2, middle, fused(r, 0x1.0000000000006p-1, -0x1.555555555556p-1));
  const double low = fused(ar3, poly, low1 + low2 + low3 + low4);
  const double log = high + low, log_low = high - log + low;

  const double product = y * log;
  return libm_exp(product, fused(y, log_low, fused(y, log, -product)));
}

}  // namespace FP_ISA
