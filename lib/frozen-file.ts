/** Writes a prepared model as a frozen file. */
import { type Beside, writeFrozen } from './formats/safetensors/write-frozen.ts';
import type { Budget } from './graph/budget.ts';
import { lower } from './graph/lower.ts';
import type { SimplifiedGraph } from './graph/simplify.ts';
import type { Prepared } from './load.ts';

/** The file's bytes, in parts. `graph` is the prepared graph, with its layers' weights as they are to be stored. */
export function frozenFile(prepared: Prepared, graph: SimplifiedGraph, budget: Budget, beside?: Beside): Uint8Array[] {
  const { source, arithmetic, parameterCount } = prepared;
  const { classes, featureNames, decision, targets, boosting } = source;
  const { deciders } = graph;
  const program = { ...lower(graph, arithmetic, budget), parameterCount };
  const decider = deciders && { ...lower({ ...graph, outputs: deciders }, arithmetic, budget), parameterCount };
  return writeFrozen(
    { ...graph, classes, featureNames, decision, targets, boosting },
    arithmetic,
    program,
    decider,
    beside,
  );
}
