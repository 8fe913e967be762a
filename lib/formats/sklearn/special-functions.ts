/** Functions of single numbers that are computed once while a model loads. */

/** Bernoulli numbers divided by their degree, as in the asymptotic series: B₂ₖ/(2k). */
const SERIES = [1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12];
/** From here on the series is exact up to the last bits. */
const FAR = 10;

/**
 * The derivative of log Γ for positive numbers: recurrence ψ(x) = ψ(x + 1) − 1/x, then log x − 1/(2x) − Σ B₂ₖ/(2k·x²ᵏ).
 */
export function digamma(x: number): number {
  let steps = 0;
  let at = x;
  for (; at < FAR; at++) steps += 1 / at;
  const square = 1 / (at * at);
  const series = SERIES.reduceRight((sum, term) => (sum + term) * square, 0);
  return Math.log(at) - 0.5 / at - series - steps;
}
