/** Rows of sparse matrices, as XGBoost reads them. */
import type { Emitter } from './emitter.ts';
import type { RowVector } from './outcome.ts';
import { eachPart, MixedRow, TermRow } from './sparse.ts';

/**
 * The row with NaN for elements that are not stored in the sparse matrix that scikit-learn has here.
 * @throws {ForwardpassError} UNSUPPORTED_OP if it is no longer known which ones.
 */
export function absentAsNan(emitter: Emitter, x: RowVector): RowVector {
  if (!x.holdsNoZeros) return x;
  if (emitter.heldZeros.size > 0) {
    const known = emitter.heldZeros.get(x.operand);
    if (known !== undefined) return known();
    const message =
      'treats elements that a sparse matrix does not store as missing, but a step changes the result of DictVectorizer';
    throw emitter.error('UNSUPPORTED_OP', `${message}; fit it with DictVectorizer(sparse=False)`);
  }
  // A matrix of counts of terms stores a 0 where two of them cancelled out: keep_zeros makes it the smallest positive
  // float64, which float32 does not have; where terms have signs, a row of signs beside it tells which elements are
  // stored.
  const isSigned = (x instanceof MixedRow ? x.parts : [x]).some(mayCancel);
  const held = (part: RowVector) => {
    if (!(part instanceof TermRow)) return part;
    const kept = part.with({ op: 'map', fn: 'keep_zeros', single: false });
    return isSigned ? kept.with({ op: 'map', fn: 'sign', single: false }) : kept;
  };
  const { operand, width } = x instanceof MixedRow ? eachPart(emitter, x, held) : held(x);
  const places = { operand, width };
  const values = isSigned ? { operand: x.operand, width } : places;
  return emitter.select(emitter.binary('equal', places, 0), Number.NaN, values);
}

function mayCancel(part: RowVector): boolean {
  return part instanceof TermRow && part.program.some((step) => step.op === 'hash' && step.signed);
}
