/** TfidfTransformer: counts of words, weighted by how rare a word is. */
import { PickleObject } from '../../containers/pickle/values.ts';
import type { Vector } from '../arrays.ts';
import type { Emitter } from '../emitter.ts';
import type { Estimator } from '../estimator.ts';
import type { RowVector } from '../outcome.ts';
import { TermRow } from '../sparse.ts';
import { noSuchOption } from '../values.ts';

const NORMS = ['l1', 'l2'] as const;

export function tfidfTransformer(estimator: Estimator, emitter: Emitter, x: RowVector): RowVector {
  const counts = emitter.requireFinite(x);
  const isSublinear = estimator.boolean('sublinear_tf', false);
  if (isSublinear && x instanceof TermRow && x.program.some((step) => step.op === 'hash' && step.signed)) {
    const message = 'takes the logarithm of counts that may be negative; hash with alternate_sign=False';
    throw estimator.error('UNSUPPORTED_OP', message, 'sublinear_tf');
  }
  const terms = isSublinear ? sublinear(emitter, counts) : counts;
  const weights = weightsOf(estimator, x.width);
  const weighted = weights === undefined ? terms : emitter.binary('mul', terms, weights);
  if (!estimator.has('norm')) return weighted;
  const name = estimator.text('norm');
  const norm = NORMS.find((known) => known === name);
  if (norm === undefined) throw estimator.error('MALFORMED', noSuchOption('the norm', name, NORMS), 'norm');
  return emitter.normalize(weighted, norm);
}

/** 1 + log of each count; 0 stays 0. */
function sublinear(emitter: Emitter, counts: RowVector): RowVector {
  if (counts instanceof TermRow) return counts.with({ op: 'map', fn: 'sublinear', single: counts.single });
  const isThere = emitter.unary(counts, 'to_bool');
  const logs = emitter.affine(emitter.unary(emitter.select(isThere, counts, 1), 'log'), 1, 1);
  return emitter.select(isThere, logs, 0);
}

/** Since 1.5 a list of numbers, before the diagonal of a sparse matrix. */
function weightsOf(estimator: Estimator, width: number): Vector | undefined {
  if (!estimator.boolean('use_idf', true)) return undefined;
  if (!estimator.has('_idf_diag')) return estimator.vector('idf_', width);
  const matrix = estimator.value('_idf_diag');
  const data = matrix instanceof PickleObject ? matrix.attribute('data') : undefined;
  const numbers = data === undefined ? undefined : estimator.numbersIn(data, '_idf_diag');
  if (numbers?.data.length === width) return numbers.data;
  throw estimator.error('SHAPE', `expected a diagonal of ${width} numbers`, '_idf_diag');
}
