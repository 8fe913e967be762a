/** The outputs of a graph, and how they become labels, derived from the outermost estimator's result. */
import type { Decision, GraphOutput, Target } from '../../graph/graph.ts';
import { classIndex, labelOf, opposites } from './decisions.ts';
import type { Emitter } from './emitter.ts';
import type { Labels, Multilabel, Outcome, RowVector } from './outcome.ts';

export interface Outputs {
  readonly outputs: readonly GraphOutput[];
  readonly classes?: Labels['classes'];
  readonly decision?: Decision;
  readonly targets?: readonly Target[];
}

/** For a classifier its probabilities, or else its scores, or else its predictions; for a regressor its predictions. */
export function outputsOf(outcome: Outcome, emitter: Emitter): Outputs {
  switch (outcome.kind) {
    case 'values':
      return { outputs: [output(emitter, 'predictions', outcome.values, outcome.dtype)] };
    case 'labels': {
      const { name, row, target } = classifier(emitter, outcome);
      return { outputs: [output(emitter, name, row)], ...target };
    }
    case 'neighbours':
      return {
        outputs: [output(emitter, 'distances', outcome.distances), output(emitter, 'indices', outcome.places, 'int64')],
      };
    case 'multilabel':
      return multilabel(emitter, outcome);
    case 'targets': {
      const parts = outcome.targets.map((labels) => classifier(emitter, labels));
      return {
        outputs: parts.map(({ name, row }, i) => output(emitter, `${name}_${i}`, row)),
        targets: parts.map(({ target }) => target),
      };
    }
  }
}

export function output(emitter: Emitter, name: string, row: RowVector, dtype?: GraphOutput['dtype']): GraphOutput {
  return { name, value: row.operand, dtype: dtype ?? (emitter.precision === 'f64' ? 'float64' : 'float32') };
}

/** The outputs of a classifier of one target. */
interface Classified {
  readonly name: string;
  readonly row: RowVector;
  readonly target: Target;
}

function classifier(emitter: Emitter, labels: Labels): Classified {
  const { classes, probabilities, scores, decider, threshold = 0 } = labels;
  const row = probabilities ?? scores;
  if (row === undefined) return predicted(emitter, labels);
  // With one class the label is known.
  const isAlone = classes.length === 1 && row.width === 1 && probabilities === decider;
  const decision: Decision = isAlone
    ? { rule: 'arg_max', probabilities: true }
    : decide(emitter, row, decider, threshold, probabilities !== undefined);
  return { name: nameOf(probabilities), row, target: { classes, decision } };
}

function nameOf(probabilities: RowVector | undefined): string {
  return probabilities === undefined ? 'scores' : 'probabilities';
}

/** The label itself if labels are numbers, else its index among the classes. */
function predicted(emitter: Emitter, labels: Labels): Classified {
  const { classes } = labels;
  const index = classIndex(emitter, labels);
  const row = classes.every((label) => typeof label === 'number') ? labelOf(emitter, classes, index) : index;
  const decision: Decision = { rule: 'index', probabilities: false, ...deciding(index, row) };
  return { name: 'predictions', row, target: { classes, decision } };
}

/** The scores that decide, if they are not the output. */
function deciding(decider: RowVector, row: RowVector): Pick<Decision, 'scores'> {
  return decider.operand === row.operand ? {} : { scores: decider.operand };
}

/** The scores that decide: one for the second of two classes, or one for each class. */
function decide(
  emitter: Emitter,
  row: RowVector,
  decider: RowVector,
  threshold: number,
  probabilities: boolean,
): Decision {
  if (row.width === 1 && decider.width === 1) {
    return { rule: 'above', threshold, probabilities, ...deciding(decider, row) };
  }
  if (decider.width > 1) return { rule: 'arg_max', probabilities, ...deciding(decider, row) };
  // Above 0 is the second class, and 0 is the first.
  const excess = threshold === 0 ? decider : emitter.binary('greater', decider, threshold);
  return { rule: 'arg_max', probabilities, ...deciding(opposites(emitter, excess), row) };
}

function multilabel(emitter: Emitter, { probabilities, scores, decider, threshold }: Multilabel): Outputs {
  const known = probabilities ?? scores;
  const row = known ?? emitter.binary('greater', decider, threshold);
  const decision: Decision = {
    rule: 'each_above',
    threshold,
    probabilities: probabilities !== undefined,
    ...deciding(decider, row),
  };
  return { outputs: [output(emitter, known ? nameOf(probabilities) : 'predictions', row)], decision };
}
