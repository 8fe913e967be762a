/** Pipelines, and parallel steps. */
import { PickleDict, PickleGlobal, PickleObject, type PickleValue } from '../../containers/pickle/values.ts';
import type { Emitter } from '../emitter.ts';
import type { Estimator } from '../estimator.ts';
import { applyFunction } from '../functions/functions.ts';
import type { Outcome, RowVector } from '../outcome.ts';
import { isOwn } from '../own/classes.ts';
import type { Expected } from '../own/expected.ts';
import { frameOfParts } from '../own/frames.ts';
import { isSparse } from '../sparse.ts';
import { isModuleOf, isNone, isSampler, itemsOf, plainScalar } from '../values.ts';

/** Its steps without those that have no effect in prediction, such as imbalanced-learn's samplers. */
function stepsOf(estimator: Estimator): readonly Estimator[] {
  const mayResample = isModuleOf('imblearn', estimator.module);
  return estimator.list('steps').flatMap((step, i) => {
    const value = itemsOf(step)?.[1];
    if (isNone(value) || value === 'passthrough' || (mayResample && isSampler(value))) return [];
    return [estimator.inside(value, `steps[${i}]`)];
  });
}

/** The last step, if it predicts. */
export function lastStep(estimator: Estimator): Estimator | undefined {
  return stepsOf(estimator).at(-1);
}

export function pipelineTransform(estimator: Estimator, emitter: Emitter, x: RowVector): RowVector {
  return emitter.through(stepsOf(estimator), x);
}

export function pipelinePredict(estimator: Estimator, emitter: Emitter, x: RowVector): Outcome {
  const steps = stepsOf(estimator);
  const last = steps.at(-1);
  if (last === undefined) throw estimator.error('UNSUPPORTED_OP', 'has no step that predicts', 'steps');
  return emitter.predict(last, emitter.through(steps.slice(0, -1), x, last));
}

export function featureUnion(estimator: Estimator, emitter: Emitter, x: RowVector): RowVector {
  const entries = estimator.list('transformer_list').map((entry, i) => {
    const [name, value] = itemsOf(entry) ?? [];
    return { name, value, place: `transformer_list[${i}]` };
  });
  const read = (at: number, expected: () => Expected | undefined) =>
    emitter.expecting(expected, () => partOf(estimator, emitter, x, entries[at]));
  const parts = new Map<number, readonly RowVector[]>();
  // The width of a user-defined step is the total minus the widths of the others.
  const last = entries.findIndex(({ value, place }) => endsOwn(estimator, value, place));
  const all = last < 0 ? undefined : emitter.expected();
  for (const at of entries.keys())
    if (at !== last)
      parts.set(
        at,
        read(at, () => undefined),
      );
  if (last >= 0) {
    const others = [...parts.values()].flat().reduce((sum, { width }) => sum + width, 0);
    const left = (all?.width ?? 0) - others;
    parts.set(
      last,
      read(last, () => (all !== undefined && left > 0 ? { width: left, by: estimator.className } : undefined)),
    );
  }
  return joined(
    estimator,
    emitter,
    entries.map(({ name }, at) => ({ name, rows: parts.get(at) ?? [] })),
  );
}

/** Whether a step's result is that of a user-defined class or function. */
function endsOwn(estimator: Estimator, value: PickleValue | undefined, place: string): boolean {
  let at: Estimator | undefined = value instanceof PickleObject ? estimator.inside(value, place) : undefined;
  for (let depth = 0; at !== undefined && depth < estimator.budget.limits.depth; depth++) {
    const { callable } = at.object;
    const func = callable.name === 'FunctionTransformer' ? at.value('func') : undefined;
    if (isOwn(func instanceof PickleGlobal ? func : callable)) return true;
    at = callable.name === 'Pipeline' ? lastStep(at) : undefined;
  }
  return false;
}

/** The result of one of several parallel steps; undefined if the step is dropped. */
export function partOf(
  estimator: Estimator,
  emitter: Emitter,
  x: RowVector,
  part: { readonly name: PickleValue | undefined; readonly value: PickleValue | undefined; readonly place: string },
): readonly RowVector[] {
  const { name, value, place } = part;
  if (isNone(value) || value === 'drop') return [];
  const row = value === 'passthrough' ? x : emitter.transform(estimator.inside(value, place), x);
  const weights = estimator.value('transformer_weights');
  const weight =
    weights instanceof PickleDict && typeof name === 'string' ? plainScalar(weights.get(name) ?? null) : null;
  if (weight === null) return [row];
  if (typeof weight === 'number') return [emitter.binary('mul', row, weight)];
  throw estimator.error('MALFORMED', 'expected a number for each step', 'transformer_weights');
}

export function joined(
  estimator: Estimator,
  emitter: Emitter,
  parts: readonly { readonly name: PickleValue | undefined; readonly rows: readonly RowVector[] }[],
): RowVector {
  const rows = parts.flatMap((part) => part.rows);
  if (rows.length === 0) throw estimator.error('UNSUPPORTED_OP', 'leaves no column of the row');
  const row = emitter.concat(rows);
  return isSparse(row) ? row : { ...row, frame: frameOfParts(estimator, parts) };
}

export function functionTransformer(estimator: Estimator, emitter: Emitter, x: RowVector): RowVector {
  const input = estimator.boolean('validate', false) ? emitter.requireFinite(x) : x;
  return applyFunction(estimator, 'func', emitter, input, 'kw_args');
}
