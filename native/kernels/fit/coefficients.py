"""Makes ../coefficients.h: the constants and polynomials of math.h. Needs mpmath.

    python coefficients.py > ../coefficients.h

Every approximation is fitted here, in 60 digits, and each coefficient rounded once.
"""

import struct

from mpmath import atan, cos, erf, erfc, exp, expm1, fabs, log, log1p, mpf, nint, pi, sin, sinh, sqrt, tanh, workdps

import minimax

# What each fit's error must stay below; the loose one where it weighs little in the result, or speed is worth it.
ERROR_BOUND = {'float': mpf(2) ** -26, 'double': mpf(2) ** -55}
LOOSE_BOUND = {'float': mpf(2) ** -23, 'double': mpf(2) ** -55}
TYPES = {
    # name: struct code, suffix, degrees of each polynomial, where the normal tail has underflowed
    'float': ('f', 'f', {'exp': 4, 'exp2': 5, 'exp2_rough': 5, 'log': 2, 'log1p': 7, 'erf': 6, 'log2_erfc': 5,
                         'shrink': 6, 'mills': (4, 5), 'sin': 2, 'cos': 2, 'atan': 4, 'sinh': 3}, 14.6),
    'double': ('d', '', {'exp': 9, 'exp2': 10, 'log': 6, 'log1p': 19, 'erf': 12, 'shrink': 14, 'mills': (10, 11),
                         'sin': 5, 'cos': 5, 'atan': 10, 'sinh': 6}, 38.7),
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


# (2^r - 1)/r where |r| <= 1/2 and a little more.
def fit_exp2(degree):
    ln2 = log(mpf(2))
    return minimax.polynomial(lambda r: expm1(ln2 * r) / r, lambda r: exp(ln2 * r) / fabs(r), -0.5005, 0.5005, degree)


# 2^r there.
def fit_exp2_rough(degree):
    return minimax.polynomial(lambda r: mpf(2)**r, lambda r: mpf(2)**r, -0.5005, 0.5005, degree)


# log((1 + s)/(1 - s)) = 2s + s^3(2/3 + z*L(z)), z = s^2, between sqrt(1/2) and sqrt(2).
def fit_log(degree):
    def f(z):
        s = sqrt(z)
        return ((log((1 + s) / (1 - s)) - 2 * s) / s**3 - mpf(2) / 3) / z
    return minimax.polynomial(f, lambda z: 2 / z**2, 0, 0.02945, degree)


# (log(1 + e)/e - 1)/e up to 1.
def fit_log1p(degree):
    return minimax.polynomial(lambda e: (log1p(e) / e - 1) / e, lambda e: log1p(e) / e**2, 0, 1, degree)


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


# log2(1 - erf(a)) from 1 to where erf rounds to 1; the error is that of erf.
def fit_log2_erfc(degree):
    ln2 = log(mpf(2))
    return minimax.polynomial(lambda a: log(erfc(a)) / ln2, lambda a: erf(a) / erfc(a) / ln2, 1, 4, degree)


# Phi(b) = e^(-b^2/2)*M(b), Phi the normal distribution, M Mills' ratio over sqrt(2*pi). Written as
# 2*M(b) = (1 + b*P(b)/Q(b))/(1 - b), the numerator stays between 0.79 and 1.05 (and is 1 at 0), so that the fraction
# needs no care. From where the tail vanishes to 0.
def fit_mills(degrees, top):
    def f(b):
        return (exp(b * b / 2) * erfc(-b / sqrt(mpf(2))) * (1 - b) - 1) / b
    middle = mpf(2)
    points = [-middle * (1 + t) / (1 - t) for t in
              minimax.chebyshev_points(-1, (top - middle) / (top + middle), 16 * (degrees[0] + 1))]
    return minimax.rational(f, lambda b: 1 / b, points, *degrees)


# (f(x)/x - 1)/z in z = x^2 up to the given x, of an odd function f.
def fit_odd(f, highest, degree):
    def ratio(z):
        return f(sqrt(z)) / sqrt(z)
    return minimax.polynomial(lambda z: (ratio(z) - 1) / z, lambda z: ratio(z) / z, 0, mpf(highest)**2, degree)


# (cos(r) - 1 + z/2)/z^2 in z = r^2, where |r| <= pi/4 and a little more.
def fit_cos(degree):
    return minimax.polynomial(
        lambda z: (cos(sqrt(z)) - 1 + z / 2) / z**2, lambda z: cos(sqrt(z)) / z**2, 0, mpf('0.7864')**2, degree)


def array(name, coefficients, kind):
    lines = ',\n'.join('      ' + literal(c, kind) for c in coefficients)
    return f'  static constexpr {kind} {name}[] = {{\n{lines},\n  }};'


def constants(kind):
    def number(name, value):
        return f'  static constexpr {kind} {name} = {literal(value, kind)};'
    ln2, third = pair(log(mpf(2)), kind), pair(mpf(1) / 3, kind)
    log2_e, log10_e = pair(1 / log(mpf(2)), kind), pair(1 / log(mpf(10)), kind)
    turn = pair(pi / 2, kind)
    slope = 2 * sqrt(2 / pi)
    # The first is so short that it is a multiple of the last place of every slope (see gelu_tanh in activations.h).
    places = mpf(2) ** {'float': 20, 'double': 47}[kind]
    slope /= log(mpf(2))
    linear = [nint(slope * places) / places, slope - nint(slope * places) / places]
    cubic = pair(slope * mpf('0.044715'), kind)
    return [
        number('log2_e', log2_e[0]), number('log2_e_low', log2_e[1]),
        number('ln2_high', ln2[0]), number('ln2_low', ln2[1]),
        number('log10_e', log10_e[0]), number('log10_e_low', log10_e[1]),
        number('third_high', third[0]), number('third_low', third[1]),
        '  // pi/2, each part the rest of those before it; and 2/pi.',
        number('quarter_high', turn[0]), number('quarter_low', turn[1]),
        number('quarter_rest', pair(turn[1], kind)[1]), number('quarters', 2 / pi),
        '  // 2*sqrt(2/pi)/log(2) and 0.044715 times it.',
        number('gelu_linear_high', linear[0]), number('gelu_linear_low', linear[1]),
        number('gelu_cubic_high', cubic[0]), number('gelu_cubic_low', cubic[1]),
    ]


def struct_of(kind):
    _, _, degrees, top = TYPES[kind]
    lines = [f'template <>', f'struct Coefficients<{kind}> {{'] + constants(kind)

    def add(comment, error, *arrays, bound=ERROR_BOUND[kind]):
        assert error < bound, (kind, comment, float(log(error, 2)))
        lines.append(f'  // {comment}; error 2^{float(log(error, 2)):.1f}')
        lines.extend(array(name, values, kind) for name, values in arrays)

    found, error = fit_exp(degrees['exp'])
    add('(e^r - 1 - r)/r^2', error, ('exp', found))
    found, error = fit_exp2(degrees['exp2'])
    add('(2^r - 1)/r', error, ('exp2', found))
    if 'exp2_rough' in degrees:
        found, error = fit_exp2_rough(degrees['exp2_rough'])
        add('2^r', error, ('exp2_rough', found), bound=LOOSE_BOUND[kind])
    found, error = fit_log(degrees['log'])
    add('((log((1 + s)/(1 - s)) - 2s)/s^3 - 2/3)/s^2 in s^2', error, ('log', found))
    found, error = fit_log1p(degrees['log1p'])
    add('(log(1 + e)/e - 1)/e up to 1', error, ('log1p', found), bound=LOOSE_BOUND[kind])
    found, error = fit_erf(degrees['erf'])
    add('erf(x)/x - 1 in x^2', error, ('erf', found))
    if 'log2_erfc' in degrees:  # the other type takes Mills' ratio
        found, error = fit_log2_erfc(degrees['log2_erfc'])
        add('log2(1 - erf(a)) from 1 to 4', error, ('log2_erfc', found), bound=LOOSE_BOUND[kind])
    found, error = fit_shrink(degrees['shrink'])
    add('((x - tanh(x))/x^3 - 1/3)/x^2 in x^2', error, ('shrink', found))
    for name, f, highest in (('sin', sin, '0.7864'), ('atan', atan, '0.4143'), ('sinh', sinh, '1')):
        found, error = fit_odd(f, highest, degrees[name])
        add(f'({name}(x)/x - 1)/x^2 in x^2 up to {highest}', error, (name, found))
    found, error = fit_cos(degrees['cos'])
    add('(cos(r) - 1 + r^2/2)/r^4 in r^2', error, ('cos', found))
    numerator, denominator, error = fit_mills(degrees['mills'], mpf(top))
    add(f'(2*M(b)*(1 - b) - 1)/b, M Mills\' ratio over sqrt(2*pi), from b = -{top} to 0', error,
        ('mills_over', numerator), ('mills_under', denominator))
    lines += [f'  static constexpr {kind} mills_end = {literal(top, kind)};', '};']
    return '\n'.join(lines)


# 64 zeros, then the first bits of 2/pi, 64 in each.
def two_over_pi():
    whole = int(2 / pi * mpf(2)**1216)
    limbs = ['0'] + [f'0x{whole >> (64 * (18 - i)) & (2**64 - 1):016x}' for i in range(19)]
    rows = ',\n'.join('    ' + ', '.join(limbs[i:i + 4]) for i in range(0, 20, 4))
    return f'// 64 zeros and the first 1216 bits of 2/pi.\nconstexpr uint64_t two_over_pi[] = {{\n{rows},\n}};'


print('''// Generated by fit/coefficients.py; do not edit. Coefficients are in ascending order of powers.
#pragma once

#include <cstdint>

// clang-format off
namespace FP_ISA {

template <typename T>
struct Coefficients;
''')
print('\n\n'.join(struct_of(kind) for kind in TYPES))
with workdps(400):
    print(f'\n{two_over_pi()}')
print('''
}  // namespace FP_ISA
// clang-format on''')
