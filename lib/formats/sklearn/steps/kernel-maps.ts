/** Maps onto features whose products are those of a kernel, more or less. */
import type { Emitter } from '../emitter.ts';
import type { Estimator } from '../estimator.ts';
import { ownKernel } from '../kernels.ts';
import type { Row } from '../outcome.ts';

/** The kernel with some points, times a matrix. */
export function nystroem(estimator: Estimator, emitter: Emitter, x: Row): Row {
  const normalization = estimator.matrix('normalization_');
  const row = emitter.requireFinite(x);
  const isPrecomputed = estimator.value('kernel') === 'precomputed';
  const points = isPrecomputed ? undefined : estimator.matrix('components_', normalization.columns, x.width);
  const keywords = estimator.value('kernel_params');
  const similarity = points === undefined ? row : ownKernel(estimator, emitter, row, points, { keywords });
  return emitter.dense(similarity, normalization);
}
