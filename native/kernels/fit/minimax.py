"""Near-minimax fits in high precision: weighted least squares, reweighted by Lawson's rule until the error is level.

Both functions minimise the greatest |approximation(x) - f(x)| / scale(x) over the points.
"""

from mpmath import cos, fabs, lu_solve, matrix, mp, mpf, pi

mp.dps = 60


def chebyshev_points(low, high, count):
    low, high = mpf(low), mpf(high)
    return [(low + high) / 2 - (high - low) / 2 * cos(pi * (2 * i + 1) / (2 * count)) for i in range(count)]


def solve(rows, targets, weights):
    """The unknowns u that minimise the sum of weight * (row . u - target)^2."""
    unknowns = len(rows[0])
    normal, right = matrix(unknowns, unknowns), matrix(unknowns, 1)
    for row, target, weight in zip(rows, targets, weights):
        scaled = [weight * value for value in row]
        for i in range(unknowns):
            for j in range(i, unknowns):
                normal[i, j] += scaled[i] * row[j]
            right[i] += scaled[i] * target
    for i in range(unknowns):
        for j in range(i):
            normal[i, j] = normal[j, i]
    return list(lu_solve(normal, right))


def lawson(weights, errors):
    raised = [w * fabs(e) for w, e in zip(weights, errors)]
    total = sum(raised)
    return [r * len(raised) / total for r in raised]


def evaluate(coefficients, x):
    value = mpf(0)
    for c in reversed(coefficients):
        value = value * x + c
    return value


def polynomial(f, scale, low, high, degree, rounds=12):
    """Coefficients, lowest first, and the greatest error."""
    points = chebyshev_points(low, high, 8 * (degree + 2))
    values = [f(x) for x in points]
    scales = [scale(x) for x in points]
    weights = [mpf(1)] * len(points)
    best = None
    for _ in range(rounds):
        rows = [[x**k / s for k in range(degree + 1)] for x, s in zip(points, scales)]
        found = solve(rows, [v / s for v, s in zip(values, scales)], weights)
        errors = [(evaluate(found, x) - v) / s for x, v, s in zip(points, values, scales)]
        worst = max(fabs(e) for e in errors)
        if best is None or worst < best[1]:
            best = (found, worst)
        weights = lawson(weights, errors)
    return best


def rational(f, scale, points, numerator_degree, denominator_degree, rounds=25):
    """(numerator, denominator, greatest error) with denominator[0] = 1."""
    values = [f(x) for x in points]
    scales = [scale(x) for x in points]
    weights = [mpf(1)] * len(points)
    denominators = [mpf(1)] * len(points)
    best = None
    for _ in range(rounds):
        rows, targets = [], []
        for x, v, s, d in zip(points, values, scales, denominators):
            row = [x**k / (s * d) for k in range(numerator_degree + 1)]
            row += [-v * x**k / (s * d) for k in range(1, denominator_degree + 1)]
            rows.append(row)
            targets.append(v / (s * d))
        found = solve(rows, targets, weights)
        numerator = found[:numerator_degree + 1]
        denominator = [mpf(1)] + found[numerator_degree + 1:]
        denominators = [evaluate(denominator, x) for x in points]
        errors = [(evaluate(numerator, x) / d - v) / s
                  for x, d, v, s in zip(points, denominators, values, scales)]
        worst = max(fabs(e) for e in errors)
        if best is None or worst < best[2]:
            best = (numerator, denominator, worst)
        weights = lawson(weights, errors)
    return best
