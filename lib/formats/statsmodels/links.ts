/** The mean for a linear predictor: inverses of links, and distributions of latent variables. */
import type { Emitter } from '../sklearn/emitter.ts';
import type { Estimator } from '../sklearn/estimator.ts';
import type { RowVector } from '../sklearn/outcome.ts';

export type Inverse = (emitter: Emitter, x: RowVector) => RowVector;

const sigmoid: Inverse = (emitter, x) => emitter.unary(x, 'sigmoid');

/** Φ(x), computed as gelu(x)/x; near 0 with erf. */
export const normal: Inverse = (emitter, x) => {
  const near = emitter.affine(emitter.unary(emitter.affine(x, Math.SQRT1_2, 0), 'erf'), 0.5, 0.5);
  const isFar = emitter.binary('greater', emitter.unary(x, 'abs'), 1);
  const isInfinite = emitter.unary(x, 'is_inf', 1, 1);
  const far = emitter.binary('div', emitter.unary(x, 'gelu'), x);
  return emitter.select(emitter.binary('and', isFar, emitter.unary(isInfinite, 'not')), far, near);
};

/** 1 − e^(−e^x) */
const complementaryLogLog: Inverse = (emitter, x) =>
  emitter.affine(emitter.unary(emitter.affine(emitter.unary(x, 'exp'), -1, 0), 'expm1'), -1, 0);

/** e^(−e^−x) */
const logLog: Inverse = (emitter, x) =>
  emitter.unary(emitter.affine(emitter.unary(emitter.affine(x, -1, 0), 'exp'), -1, 0), 'exp');

/** 1/2 + arctan(x)/π */
const cauchy: Inverse = (emitter, x) => emitter.affine(emitter.unary(x, 'atan'), 1 / Math.PI, 0.5);

function power(exponent: number): Inverse {
  if (exponent === 1) return (_emitter, x) => x;
  if (exponent === -1) return (emitter, x) => emitter.unary(x, 'reciprocal');
  if (exponent === 0.5) return (emitter, x) => emitter.unary(x, 'square');
  return (emitter, x) => emitter.binary('pow', x, 1 / exponent);
}

const LINKS: Readonly<Record<string, Inverse>> = {
  identity: power(1),
  log: (emitter, x) => emitter.unary(x, 'exp'),
  logit: sigmoid,
  probit: normal,
  cloglog: complementaryLogLog,
  loglog: logLog,
  cauchy,
  inversepower: power(-1),
  inverse_power: power(-1),
  sqrt: power(0.5),
  inversesquared: power(-2),
  inverse_squared: power(-2),
  /** 1 − e^x */
  logc: (emitter, x) => emitter.affine(emitter.unary(x, 'expm1'), -1, 0),
};

/** The inverse of a link of statsmodels, an object of its class: `links.Logit`, in older versions `links.logit`. */
export function inverseOf(link: Estimator): Inverse {
  const name = link.className.toLowerCase();
  if (name === 'power') return power(link.number('power', 1));
  // −1/(α·(1 − e^−x))
  if (name === 'negativebinomial' || name === 'nbinom') {
    const alpha = link.number('alpha', 1);
    return (emitter, x) => {
      const below = emitter.unary(emitter.affine(x, -1, 0), 'expm1');
      return emitter.unary(emitter.affine(below, alpha, 0), 'reciprocal');
    };
  }
  if (Object.hasOwn(LINKS, name)) return LINKS[name];
  throw link.error('UNSUPPORTED_OP', `the link ${link.className} is not supported`);
}

/** The SciPy distribution of the latent variable in a model of ordered classes. */
export function distributionOf(distribution: Estimator): Inverse {
  const name = distribution.className.replace(/_gen$/, '');
  if (name === 'norm') return normal;
  if (name === 'logistic') return sigmoid;
  if (name === 'gumbel_l') return complementaryLogLog;
  if (name === 'gumbel_r') return logLog;
  if (name === 'cauchy') return cauchy;
  throw distribution.error('UNSUPPORTED_OP', `the distribution ${name} is not supported; expected 'logit' or 'probit'`);
}
