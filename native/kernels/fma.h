// a·b + c, rounded once, for processors without an instruction for it. Does not use the C library: musl's function
// loses the sign of a product that vanishes, MinGW's rounds twice, and all must give the same bits.
#pragma once

#include <cstdint>
#include <cstring>

namespace FP_ISA {

// The product of two floats is exact in double precision. What the sum with c loses there decides its last bit, so that
// it rounds to single precision like the exact sum (round to odd: Boldo and Melquiond, "Emulation of FMA and correctly
// rounded sums", 2008).
inline float fused_multiply_add(float a, float b, float c) {
  const double product = double(a) * double(b), addend = double(c), sum = product + addend;
  const double rest = sum - product, lost = (product - (sum - rest)) + (addend - rest);
  uint64_t bits;
  std::memcpy(&bits, &sum, sizeof bits);
  // For infinities and NaN, lost is NaN.
  if ((lost < 0 || lost > 0) && (bits & 1) == 0) bits += (lost > 0) == (sum > 0) ? 1 : -1;
  double odd;
  std::memcpy(&odd, &bits, sizeof odd);
  return float(odd);
}

// 128 bits; a product of two doubles takes 106 of them.
struct Wide {
  uint64_t high, low;

  static Wide product(uint64_t a, uint64_t b) {
    const uint64_t mask = 0xffffffff;
    const uint64_t low = (a & mask) * (b & mask), right = (a & mask) * (b >> 32);
    const uint64_t middle = (a >> 32) * (b & mask) + (low >> 32) + (right & mask);
    return {(a >> 32) * (b >> 32) + (middle >> 32) + (right >> 32), middle << 32 | (low & mask)};
  }
  Wide shifted_left(int count) const {
    if (count == 0) return *this;
    if (count >= 64) return {low << (count - 64), 0};
    return {high << count | low >> (64 - count), low << count};
  }
  // The last bit is set if any bits that were lost are set.
  Wide shifted_right(int count) const {
    if (count == 0) return *this;
    if (count >= 128) return {0, (high | low) != 0};
    if (count >= 64) return Wide{0, high}.shifted_right(count - 64).with(low != 0);
    return Wide{high >> count, high << (64 - count) | low >> count}.with(low << (64 - count) != 0);
  }
  Wide with(bool last) const { return {high, low | uint64_t(last)}; }
  Wide plus(const Wide& b) const { return {high + b.high + (low + b.low < low), low + b.low}; }
  Wide minus(const Wide& b) const { return {high - b.high - (low < b.low), low - b.low}; }
  bool less(const Wide& b) const { return high != b.high ? high < b.high : low < b.low; }
  int leading_zeros() const {
    int count = high != 0 ? 0 : 64;
    uint64_t left = high != 0 ? high : low;
    for (int step = 32; step > 0; step /= 2) {
      if (left >> (64 - step) != 0) continue;
      count += step;
      left <<= step;
    }
    return count;
  }
};

// A finite double that is not zero: mantissa · 2^exponent, with a mantissa of 53 bits.
struct Parts {
  uint64_t mantissa;
  int exponent;
  bool negative;

  explicit Parts(double value) {
    uint64_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    negative = bits >> 63 != 0;
    exponent = int(bits >> 52 & 0x7ff);
    mantissa = bits & ((uint64_t(1) << 52) - 1);
    if (exponent > 0) mantissa |= uint64_t(1) << 52;
    for (exponent += exponent == 0; mantissa >> 52 == 0; mantissa <<= 1) exponent--;  // a subnormal number
    exponent -= 1075;
  }
};

inline double fused_multiply_add(double a, double b, double c) {
  const auto finite = [](double value) { return value - value == 0; };
  if (!finite(a) || !finite(b) || a == 0 || b == 0) return a * b + c;
  if (!finite(c)) return c + c;
  if (c == 0) return a * b;

  // Both have their highest bit at 124 or 125, so that the sum fits. If the smaller one is large enough to cancel the
  // greater one, it loses no bits.
  const Parts x(a), y(b), z(c);
  const bool negative = x.negative != y.negative;
  Wide product = Wide::product(x.mantissa, y.mantissa).shifted_left(20);
  Wide addend = Wide{z.mantissa, 0}.shifted_left(9);
  const int product_exponent = x.exponent + y.exponent - 20, addend_exponent = z.exponent - 73;
  int exponent = product_exponent > addend_exponent ? product_exponent : addend_exponent;
  product = product.shifted_right(exponent - product_exponent);
  addend = addend.shifted_right(exponent - addend_exponent);
  const bool addend_leads = product.less(addend);
  const Wide &greater = addend_leads ? addend : product, &lesser = addend_leads ? product : addend;
  const Wide sum = negative == z.negative ? greater.plus(lesser) : greater.minus(lesser);
  if ((sum.high | sum.low) == 0) return 0;

  // Keeps the highest 53 bits, or fewer if the result has fewer.
  const int zeros = sum.leading_zeros();
  exponent += 75 - zeros;
  const int missing = -1074 - exponent > 0 ? -1074 - exponent : 0;
  exponent += missing;
  const Wide kept = sum.shifted_left(zeros).shifted_right(11 + (missing < 60 ? missing : 60));
  const uint64_t half = uint64_t(1) << 63;
  const bool up = kept.low > half || (kept.low == half && (kept.high & 1) != 0);
  // A carry out of the mantissa goes into the exponent; the greatest exponent is that of infinity.
  uint64_t bits = (uint64_t(exponent + 1074) << 52) + kept.high + up;
  const uint64_t infinity = uint64_t(0x7ff) << 52;
  if (exponent + 1074 >= 2047 || bits > infinity) bits = infinity;
  bits |= uint64_t(addend_leads ? z.negative : negative) << 63;
  double result;
  std::memcpy(&result, &bits, sizeof result);
  return result;
}

}  // namespace FP_ISA
