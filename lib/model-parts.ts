/** The parts of a model, and those shared with other threads. */
import { ForwardpassError } from './errors.ts';
import type { Boosting, Decision, ReducedWeights, Target } from './graph/graph.ts';
import type { Lowered, Port } from './graph/lower.ts';
import { ownTextIn } from './graph/terms.ts';
import type { Description } from './handle.ts';
import type { Isa } from './isa.ts';
import { quote } from './messages.ts';
import type { Staged } from './steps/staged.ts';

/** Precision of a model's arithmetic; of its weights for `bf16` and `int8`. */
export type Precision = 'f64' | 'f32' | ReducedWeights;

/** The parts of a model, assembled by `load` and `define`. */
export interface ModelParts {
  readonly format: string;
  readonly lowered: Lowered;
  /**
   * If labels are not decided by the outputs: a plan for the deciding values, with inputs and outputs of the same
   * names.
   */
  readonly deciding?: Lowered;
  readonly precision: Precision;
  readonly parameterCount: number;
  readonly classes?: readonly (string | number)[];
  readonly featureNames?: readonly string[];
  readonly decision?: Decision;
  readonly targets?: readonly Target[];
  readonly boosting?: readonly Boosting[];
  readonly leftOut?: readonly string[];
  /** The option `isa`, not checked yet. */
  readonly isa?: string;
  /** The number of threads that a run may use, including the calling one. */
  readonly threads: number;
  /** With steps that the caller computes: computes the plan's inputs. */
  readonly staged?: Staged;
}

/** What is shared with other threads; `decider` is the name of the model that decides labels, if there is one. */
export type Shared = Description<Precision, Isa> & { readonly decider?: string };

/** Throws UNSUPPORTED_OP if a function of the caller reads texts, because other threads do not have the function. */
export function refuseOwnTexts(inputs: readonly Port[]): void {
  for (const { terms } of inputs) {
    const text = terms && ownTextIn(terms);
    if (text === undefined) continue;
    const message = `computes ${quote(text.name)} by a function of the caller, which other threads do not have; load the file there as well`;
    throw new ForwardpassError('UNSUPPORTED_OP', message, text.place);
  }
}
