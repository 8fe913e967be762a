/** The normal distribution, on rows. */
import type { Emitter } from './emitter.ts';
import { polynomial } from './interpolation.ts';
import type { RowVector } from './outcome.ts';

/** The cumulative distribution function at x: (1 + erf(x/√2))/2. */
export function normalShare(emitter: Emitter, x: RowVector): RowVector {
  const curve = emitter.unary(emitter.binary('mul', x, Math.SQRT1_2), 'erf');
  return emitter.affine(curve, 0.5, 0.5);
}

/**
 * The quantile function, for probabilities from e⁻²⁵ to 1 − e⁻²⁵, with a relative error of about 1e-16. Rational
 * functions of Wichura, Algorithm AS 241: The percentage points of the normal distribution, 1988.
 */
export function normalQuantile(emitter: Emitter, share: RowVector): RowVector {
  const q = emitter.binary('sub', share, 0.5);
  const r = emitter.binary('sub', 0.180625, emitter.binary('mul', q, q));
  const central = emitter.binary('mul', ratio(emitter, r, CENTRAL), q);
  const rest = emitter.binary('min', share, emitter.binary('sub', 1, share));
  const far = emitter.binary('sub', emitter.unary(emitter.unary(emitter.unary(rest, 'log'), 'neg'), 'sqrt'), 1.6);
  const tail = emitter.binary('mul', ratio(emitter, far, TAIL), emitter.unary(q, 'sign'));
  return emitter.select(emitter.binary('less_equal', emitter.unary(q, 'abs'), 0.425), central, tail);
}

interface Rational {
  readonly above: readonly number[];
  readonly below: readonly number[];
}

function ratio(emitter: Emitter, x: RowVector, { above, below }: Rational): RowVector {
  return emitter.binary('div', polynomial(emitter, x, above), polynomial(emitter, x, below));
}

const CENTRAL: Rational = {
  above: [
    ...[2509.0809287301227, 33430.57558358813, 67265.7709270087, 45921.95393154987],
    ...[13731.69376550946, 1971.5909503065513, 133.14166789178438, 3.3871328727963665],
  ],
  below: [
    ...[5226.495278852854, 28729.085735721943, 39307.89580009271, 21213.794301586597],
    ...[5394.196021424751, 687.1870074920579, 42.31333070160091, 1],
  ],
};

const TAIL: Rational = {
  above: [
    ...[0.0007745450142783414, 0.022723844989269184, 0.2417807251774506, 1.2704582524523684],
    ...[3.6478483247632045, 5.769497221460691, 4.630337846156546, 1.4234371107496835],
  ],
  below: [
    ...[1.0507500716444169e-9, 0.0005475938084995345, 0.015198666563616457, 0.14810397642748008],
    ...[0.6897673349851, 1.6763848301838038, 2.053191626637759, 1],
  ],
};
