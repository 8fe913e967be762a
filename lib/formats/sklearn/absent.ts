/** Rows of sparse matrices as XGBoost takes them. */
import type { Emitter } from './emitter.ts';
import type { RowVector } from './outcome.ts';
import { eachPart, MixedRow, TermRow } from './sparse.ts';

/**
 * The row with NaN for what the sparse matrix that scikit-learn has here does not hold.
 * @throws {ForwardpassError} UNSUPPORTED_OP where that is no longer known.
 */
export function absentAsNan(emitter: Emitter, x: RowVector): RowVector {
  if (!x.holdsNoZeros) return x;
  if (emitter.heldZeros.size > 0) {
    const known = emitter.heldZeros.get(x.operand);
    if (known !== undefined) return known();
    const message = 'takes what a sparse matrix does not hold as missing, and a step changes what DictVectorizer gives';
    throw emitter.error('UNSUPPORTED_OP', `${message}; fit it with DictVectorizer(sparse=False)`);
  }
  // Of terms, a matrix holds a 0 where two of them cancelled out: the least number, which float32 does not have, or 1 beside it.
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
