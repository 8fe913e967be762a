"""Writes native/learn/libm_tables.h: `python libm_tables.py > ../../learn/libm_tables.h`, then clang-format.

2^(k/128) as a double and what that lacks of it; 1/c and log(c) of the 128 parts of [0x1.69555p-1, 0x1.69555p0), log(c) in
two parts of which the first has so few bits that a multiple of ln 2 can be added to it without rounding.
"""

from decimal import ROUND_HALF_EVEN, Decimal, getcontext
from fractions import Fraction
from struct import pack, unpack

getcontext().prec = 80
N = 128


def bits(value):
    return unpack("<Q", pack("<d", value))[0]


def exact(value):
    return Decimal(Fraction(value).numerator) / Decimal(Fraction(value).denominator)


def double(value):
    """The nearest double of a Decimal."""
    return float(Fraction(value)) if isinstance(value, Fraction) else float(value)


LN2 = Decimal(2).ln()


def powers():
    for k in range(N):
        power = (LN2 * k / N).exp()
        high = double(power)
        yield bits(double(power / exact(high) - 1)), (bits(high) - (k << 52) // N) % 2**64


OFFSET = 0x3FE6955500000000


def logarithms():
    for i in range(N):
        middle = unpack("<d", pack("<Q", OFFSET + (2 * i + 1 << 52) // (2 * N)))[0]
        # An integer of 1/128, or of 1/256 where it is below 1.
        unit = N if middle < 1 else 2 * N
        inverse = Fraction(round(Fraction(unit) / Fraction(middle)), unit)
        log = -(Decimal(inverse.numerator) / Decimal(inverse.denominator)).ln()
        places = 2**43
        first = (log * places).to_integral_value(ROUND_HALF_EVEN) / places
        yield float(inverse), float(first), float(log - first)


print("// Made by kernels/fit/libm_tables.py.")
print("#pragma once\n\n#include <cstdint>\n\nnamespace fp {\n")
print("// 2^(k/128) = high·(1 + low): the bits of low, and of high less those of k in the exponent.")
print("inline constexpr uint64_t libm_powers[] = {")
for low, high in powers():
    print(f"    0x{low:x}, 0x{high:x},")
print("};\n")
print("// 1/c, log(c) and what that lacks, c near the middle of each of 128 parts.")
print("inline constexpr double libm_logarithms[] = {")
for row in logarithms():
    print("    " + ", ".join(value.hex() for value in row) + ",")
print("};\n\n}  // namespace fp")
