"""Makes ../coefficients.h: the constants and polynomials of math.h. Needs mpmath.

    python coefficients.py > ../coefficients.h

Every approximation is fitted here, in 60 digits, and each coefficient rounded once.
"""

import struct

from mpmath import erf, erfc, exp, expm1, fabs, log, mpf, pi, sqrt, tanh

import minimax

ERROR_BOUND = {'float': mpf(2) ** -26, 'double': mpf(2) ** -55}
TYPES = {
    # name: struct code, suffix, degrees of each polynomial, where the normal tail has underflowed
    'float': ('f', 'f', {'exp': 4, 'log': 2, 'erf': 6, 'shrink': 6, 'mills': (4, 5)}, 14.6),
    'double': ('d', '', {'exp': 9, 'log': 6, 'erf': 12, 'shrink': 14, 'mills': (10, 11)}, 38.7),
}


def rounded(value, code):
    # mpmath to double rounds once; the struct module rounds a double once more to float, which matters only for
    # values that lie within 2^-53 of the middle of two floats.
    return struct.unpack(code, struct.pack(code, float(value)))[0]


def literal(value, kind):
    code, suffix = TYPES[kind][:2]
    mantissa, exponent = rounded(value, code).hex().split('p')
    return mantissa.rstrip('0') + 'p' + exponent + suffix


def pair(value, kind):
    high = rounded(value, TYPES[kind][0])
    return [high, value - mpf(high)]


# (e^r - 1 - r)/r^2 where |r| <= ln(2)/2 and a little more.
def fit_exp(degree):
    return minimax.polynomial(
        lambda r: (expm1(r) - r) / r**2, lambda r: fabs(expm1(r)) / r**2, -0.3475, 0.3475, degree)


# log((1 + s)/(1 - s)) = 2s + s^3(2/3 + z*L(z)), z = s^2, between sqrt(1/2) and sqrt(2).
def fit_log(degree):
    def f(z):
        s = sqrt(z)
        return ((log((1 + s) / (1 - s)) - 2 * s) / s**3 - mpf(2) / 3) / z
    return minimax.polynomial(f, lambda z: 2 / z**2, 0, 0.02945, degree)


# erf(x)/x - 1 in z = x^2 up to 1.
def fit_erf(degree):
    def f(z):
        x = sqrt(z)
        return erf(x) / x - 1
    return minimax.polynomial(f, lambda z: f(z) + 1, 0, 1, degree)


# ((x - tanh(x))/x^3 - 1/3)/z in z = x^2 up to 1.
def fit_shrink(degree):
    def shrunk(z):
        x = sqrt(z)
        return (x - tanh(x)) / x**3
    return minimax.polynomial(lambda z: (shrunk(z) - mpf(1) / 3) / z, lambda z: shrunk(z) / z, 0, 1, degree)


# Phi(-a) = e^(-a^2/2)*M(a), Phi the normal distribution, M Mills' ratio over sqrt(2*pi). Written as
# 2*M(a) = (1 + a*P(a)/Q(a))/(1 + a), the numerator stays between 0.79 and 1.05 (and is 1 at 0), so that the fraction
# needs no care. From 0 to where the tail vanishes.
def fit_mills(degrees, top):
    def f(a):
        return (exp(a * a / 2) * erfc(a / sqrt(mpf(2))) * (1 + a) - 1) / a
    middle = mpf(2)
    points = [middle * (1 + t) / (1 - t) for t in
              minimax.chebyshev_points(-1, (top - middle) / (top + middle), 16 * (degrees[0] + 1))]
    return minimax.rational(f, lambda a: 1 / a, points, *degrees)


def array(name, coefficients, kind):
    lines = ',\n'.join('      ' + literal(c, kind) for c in coefficients)
    return f'  static constexpr {kind} {name}[] = {{\n{lines},\n  }};'


def constants(kind):
    def number(name, value):
        return f'  static constexpr {kind} {name} = {literal(value, kind)};'
    ln2, third = pair(log(mpf(2)), kind), pair(mpf(1) / 3, kind)
    slope = 2 * sqrt(2 / pi)
    linear, cubic = pair(slope, kind), pair(slope * mpf('0.044715'), kind)
    return [
        number('log2_e', 1 / log(mpf(2))),
        number('ln2_high', ln2[0]), number('ln2_low', ln2[1]),
        number('third_high', third[0]), number('third_low', third[1]),
        '  // 2*sqrt(2/pi) and 0.044715 times it.',
        number('gelu_linear_high', linear[0]), number('gelu_linear_low', linear[1]),
        number('gelu_cubic_high', cubic[0]), number('gelu_cubic_low', cubic[1]),
    ]


def struct_of(kind):
    _, _, degrees, top = TYPES[kind]
    bound = ERROR_BOUND[kind]
    lines = [f'template <>', f'struct Coefficients<{kind}> {{'] + constants(kind)

    def add(comment, error, *arrays):
        assert error < bound, (kind, comment, error)
        lines.append(f'  // {comment}; error 2^{float(log(error, 2)):.1f}')
        lines.extend(array(name, values, kind) for name, values in arrays)

    found, error = fit_exp(degrees['exp'])
    add('(e^r - 1 - r)/r^2', error, ('exp', found))
    found, error = fit_log(degrees['log'])
    add('((log((1 + s)/(1 - s)) - 2s)/s^3 - 2/3)/s^2 in s^2', error, ('log', found))
    found, error = fit_erf(degrees['erf'])
    add('erf(x)/x - 1 in x^2', error, ('erf', found))
    found, error = fit_shrink(degrees['shrink'])
    add('((x - tanh(x))/x^3 - 1/3)/x^2 in x^2', error, ('shrink', found))
    numerator, denominator, error = fit_mills(degrees['mills'], mpf(top))
    add(f'(2*M(a)*(1 + a) - 1)/a, M Mills\' ratio over sqrt(2*pi), up to a = {top}', error, ('mills_over', numerator), ('mills_under', denominator))
    lines += [f'  static constexpr {kind} mills_end = {literal(top, kind)};', '};']
    return '\n'.join(lines)


print('''// Made by fit/coefficients.py; do not edit. Coefficients stand lowest power first.
#pragma once

// clang-format off
namespace FP_ISA {

template <typename T>
struct Coefficients;
''')
print('\n\n'.join(struct_of(kind) for kind in TYPES))
print('''
}  // namespace FP_ISA
// clang-format on''')
