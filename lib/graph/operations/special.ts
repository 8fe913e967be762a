/** Functions of one number in float64, for the tables. */

export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

export function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

/** For negative x the formula is multiplied out, to avoid cancellation. */
export function squareplus(x: number, alpha: number): number {
  const root = Math.sqrt(x * x + alpha);
  return x < 0 && alpha !== 0 ? alpha / (root - x) / 2 : (x + root) / 2;
}

/** A zero keeps its sign if a bound is zero. */
export function clip(x: number, low: number, high: number): number {
  const raised = low > x ? low : x;
  return high < raised ? high : raised;
}

export function roundEven(x: number): number {
  const below = Math.floor(x);
  if (x - below !== 0.5) return Math.round(x);
  const even = below % 2 === 0 ? below : below + 1;
  return x < 0 ? -Math.abs(even) : even;
}

/** The remainder is exact. Moving it into the range is exact too, if the result can be represented at all. */
export function wrap(x: number, alpha: number, beta: number): number {
  if (!Number.isFinite(x)) return 0;
  const modulus = beta - alpha;
  const rest = Math.trunc(x) % modulus;
  return (rest < alpha ? rest + modulus : rest >= beta ? rest - modulus : rest) + 0;
}

/** The smallest number with all bits is 4/beta as a power of two; below it, the steps do not get smaller. */
export function narrow(x: number, alpha: number, beta: number): number {
  const size = Math.abs(x);
  if (!(size < Infinity)) return x;
  if (size > 2 * beta) return Math.sign(x) * Infinity;
  const binade = Math.max(powerBelow(size), 2 / powerBelow(beta));
  const above = binade * (2 ** 52 / alpha);
  const rounded = size + above - above;
  const result = rounded > beta ? Infinity : rounded;
  return x < 0 || Object.is(x, -0) ? -result : result;
}

/** The greatest power of two that is at most x; 0 for 0. */
function powerBelow(x: number): number {
  if (x === 0) return 0;
  const power = 2 ** Math.floor(Math.log2(x));
  return power > x ? power / 2 : power;
}

/** By its series of positive terms, e^−x²·2/√π·Σ 2ⁿx²ⁿ⁺¹/(2n+1)!!, if that is short, otherwise by {@link erfc}. */
export function erf(x: number): number {
  if (Math.abs(x) >= 2) return x < 0 ? erfc(-x) - 1 : 1 - erfc(x);
  let term = x;
  let total = x;
  for (let n = 1; n < 60; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    total += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * total;
}

/** 1 − erf(x), to full relative precision for positive x: Laplace's continued fraction, from its end. */
export function erfc(x: number): number {
  if (x < 0.5) return 1 - erf(x);
  if (x > 28) return 0;
  let fraction = 0;
  for (let n = Math.ceil(240 / (x * x)) + 20; n > 0; n--) fraction = n / 2 / (x + fraction);
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + fraction);
}
