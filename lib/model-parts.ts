/** What a model is made of, and what of it goes to other threads. */
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

/** What a model is made of; `load` and `define` bring it together. */
export interface ModelParts {
  readonly format: string;
  readonly lowered: Lowered;
  /** Where labels are decided by something else than the outputs: a plan for it, with inputs and outputs of the same names. */
  readonly deciding?: Lowered;
  readonly precision: Precision;
  readonly parameterCount: number;
  readonly classes?: readonly (string | number)[];
  readonly featureNames?: readonly string[];
  readonly decision?: Decision;
  readonly targets?: readonly Target[];
  readonly boosting?: readonly Boosting[];
  readonly leftOut?: readonly string[];
  /** The option's, to be checked. */
  readonly isa?: string;
  /** That a run may use, the calling one included. */
  readonly threads: number;
  /** Where steps are computed by the caller: what gives the plan its inputs. */
  readonly staged?: Staged;
}

/** What of a model goes to other threads; `decider` is the name of the model that decides labels, where there is one. */
export type Shared = Description<Precision, Isa> & { readonly decider?: string };

/** Texts that a function of the caller's makes terms of: throws UNSUPPORTED_OP, as no other thread has the function. */
export function refuseOwnTexts(inputs: readonly Port[]): void {
  for (const { terms } of inputs) {
    const text = terms && ownTextIn(terms);
    if (text === undefined) continue;
    const message = `computes ${quote(text.name)} by a function of yours, which no other thread has; load the file there too`;
    throw new ForwardpassError('UNSUPPORTED_OP', message, text.place);
  }
}
