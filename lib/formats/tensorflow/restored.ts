/** Which variables of a SavedModel's graph are restored from its bundle, and from which keys. */
import type { Evaluator } from './evaluate.ts';
import { dataInputs, type Output, placeOf } from './scope.ts';

/** Operators between a restored value and its assignment. */
const PASSED: ReadonlySet<string> = new Set(['Identity', 'Cast', 'Reshape']);
const MOST_STEPS = 8;

/** Where a variable's value is in the bundle; `part` is set if it is less than the whole tensor. */
export interface Place {
  readonly key: string;
  readonly part: string;
}

/** Where an output is restored from; undefined if it is not restored. */
export async function restoredKey(evaluator: Evaluator, value: Output): Promise<Place | undefined> {
  const restored = restoredBy(evaluator, value);
  if (restored === undefined) return undefined;
  const at = placeOf(restored.node);
  const [, names, parts] = dataInputs(restored.node);
  const key = evaluator.word(await evaluator.resolve(restored.scope, names ?? '', at), restored.index);
  const part = evaluator.word(await evaluator.resolve(restored.scope, parts ?? '', at), restored.index) ?? '';
  return key === undefined ? undefined : { key, part };
}

/** The output of the node that restores a value. */
function restoredBy(evaluator: Evaluator, value: Output): Output | undefined {
  let source = value;
  for (let steps = 0; PASSED.has(source.node.op) && steps < MOST_STEPS; steps++) {
    source = evaluator.output(source.scope, source.node.inputs[0] ?? '', placeOf(source.node));
  }
  return source.node.op === 'RestoreV2' ? source : undefined;
}
