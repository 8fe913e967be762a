/** Pipelines, and steps side by side. */
import { PickleDict, type PickleValue } from '../../containers/pickle/values.ts';
import type { Emitter } from '../emitter.ts';
import type { Estimator } from '../estimator.ts';
import { applyFunction } from '../functions/functions.ts';
import type { Outcome, Row } from '../outcome.ts';
import { isModuleOf, isNone, isSampler, itemsOf, plainScalar } from '../values.ts';

/** Its steps but those that are left out, as imbalanced-learn leaves its samplers out where a pipeline predicts. */
function stepsOf(estimator: Estimator): readonly Estimator[] {
  const mayResample = isModuleOf('imblearn', estimator.module);
  return estimator.list('steps').flatMap((step, i) => {
    const value = itemsOf(step)?.[1];
    if (isNone(value) || value === 'passthrough' || (mayResample && isSampler(value))) return [];
    return [estimator.inside(value, `steps[${i}]`)];
  });
}

/** The step that predicts, if it does. */
export function lastStep(estimator: Estimator): Estimator | undefined {
  return stepsOf(estimator).at(-1);
}

export function pipelineTransform(estimator: Estimator, emitter: Emitter, x: Row): Row {
  return stepsOf(estimator).reduce((row, step) => emitter.transform(step, row), x);
}

export function pipelinePredict(estimator: Estimator, emitter: Emitter, x: Row): Outcome {
  const steps = stepsOf(estimator);
  const last = steps.at(-1);
  if (last === undefined) throw estimator.error('UNSUPPORTED_OP', 'has no step that predicts', 'steps');
  return emitter.predict(
    last,
    steps.slice(0, -1).reduce((row, step) => emitter.transform(step, row), x),
  );
}

export function featureUnion(estimator: Estimator, emitter: Emitter, x: Row): Row {
  const parts = estimator.list('transformer_list').flatMap((entry, i) => {
    const [name, value] = itemsOf(entry) ?? [];
    return partOf(estimator, emitter, x, { name, value, place: `transformer_list[${i}]` });
  });
  return joined(estimator, emitter, parts);
}

/** What one of several steps side by side gives: nothing where it is left out. */
export function partOf(
  estimator: Estimator,
  emitter: Emitter,
  x: Row,
  part: { readonly name: PickleValue | undefined; readonly value: PickleValue | undefined; readonly place: string },
): readonly Row[] {
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

export function joined(estimator: Estimator, emitter: Emitter, parts: readonly Row[]): Row {
  if (parts.length === 0) throw estimator.error('UNSUPPORTED_OP', 'leaves no column of the row');
  return emitter.concat(parts);
}

export function functionTransformer(estimator: Estimator, emitter: Emitter, x: Row): Row {
  const input = estimator.boolean('validate', false) ? emitter.requireFinite(x) : x;
  return applyFunction(estimator, 'func', emitter, input, 'kw_args');
}
