/** PowerTransformer: raises each feature to its own power, to approximate a normal distribution. */
import { mapped } from '../../mapped.ts';
import type { Emitter } from '../emitter.ts';
import type { Estimator } from '../estimator.ts';
import type { RowVector } from '../outcome.ts';
import { noSuchOption } from '../values.ts';

/** Powers this close to a zero of the formula's denominator count as equal to it. */
const NEAR = 2 ** -52;

export function powerTransformer(estimator: Estimator, emitter: Emitter, x: RowVector): RowVector {
  const method = estimator.text('method', 'yeo-johnson');
  const input = emitter.requireFinite(x, true);
  const lambdas = new Float64Array(estimator.vector('lambdas_', x.width));
  const raised = raise(estimator, emitter, input, lambdas, method);
  return estimator.boolean('standardize', true) ? emitter.transform(estimator.estimator('_scaler'), raised) : raised;
}

function raise(estimator: Estimator, emitter: Emitter, x: RowVector, lambdas: Float64Array, method: string): RowVector {
  if (method === 'box-cox') return boxCox(emitter, positive(emitter, x), lambdas);
  if (method !== 'yeo-johnson') {
    throw estimator.error('MALFORMED', noSuchOption('the method', method, ['yeo-johnson', 'box-cox']), 'method');
  }
  // Each half is 0 where the other one applies: x ≥ 0, where it is Box-Cox of x + 1, and x < 0.
  const upper = grown(emitter, emitter.unary(emitter.binary('max', x, 0), 'log1p'), lambdas);
  const mirrored = lambdas.map((lambda) => 2 - lambda);
  const lower = grown(emitter, emitter.unary(emitter.binary('max', emitter.unary(x, 'neg'), 0), 'log1p'), mirrored);
  return emitter.binary('sub', upper, lower);
}

function boxCox(emitter: Emitter, x: RowVector, lambdas: Float64Array): RowVector {
  return grown(emitter, emitter.unary(x, 'log'), lambdas);
}

/** (e^(λ·t) − 1)/λ, or t if λ is 0. */
function grown(emitter: Emitter, t: RowVector, lambdas: Float64Array): RowVector {
  const isStraight = mapped(lambdas, (lambda) => Number(Math.abs(lambda) < NEAR));
  const divisors = lambdas.map((lambda, i) => (isStraight[i] ? 1 : lambda));
  const curved = emitter.binary('div', emitter.unary(emitter.binary('mul', t, divisors), 'expm1'), divisors);
  if (!isStraight.includes(1)) return curved;
  const straight = {
    operand: emitter.emit('expand', [{ shape: [t.width], data: isStraight }], { shape: [t.width] }),
    width: t.width,
  };
  return emitter.select(straight, t, curved);
}

/** Box-Cox is defined only for positive numbers: others become infinite, which is refused. */
function positive(emitter: Emitter, x: RowVector): RowVector {
  return emitter.requireFinite(emitter.select(emitter.binary('less_equal', x, 0), -Infinity, x), true);
}
