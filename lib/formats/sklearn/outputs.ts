/** The outputs of a graph, and how they become labels, from what the outermost estimator gives. */
import type { Decision, GraphOutput, Target } from '../../graph/graph.ts';
import { opposites } from './decisions.ts';
import type { Emitter } from './emitter.ts';
import type { Labels, Multilabel, Outcome, Row } from './outcome.ts';

export interface Outputs {
  readonly outputs: readonly GraphOutput[];
  readonly classes?: Labels['classes'];
  readonly decision?: Decision;
  readonly targets?: readonly Target[];
}

/** Of a classifier its probabilities, or else its scores; of a regressor its predictions. */
export function outputsOf(outcome: Outcome, emitter: Emitter): Outputs {
  switch (outcome.kind) {
    case 'values':
      return { outputs: [output(emitter, 'predictions', outcome.values, outcome.dtype)] };
    case 'labels': {
      const { name, row, target } = classifier(emitter, outcome);
      return { outputs: [output(emitter, name, row)], ...target };
    }
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

export function output(emitter: Emitter, name: string, row: Row, dtype?: GraphOutput['dtype']): GraphOutput {
  return { name, value: row.operand, dtype: dtype ?? (emitter.precision === 'f64' ? 'float64' : 'float32') };
}

function classifier(emitter: Emitter, labels: Labels): { name: string; row: Row; target: Target } {
  const { classes, probabilities, scores, decider, threshold = 0 } = labels;
  const row = probabilities ?? scores ?? decider;
  const decision = decide(emitter, row, decider, threshold, probabilities !== undefined);
  return { name: probabilities === undefined ? 'scores' : 'probabilities', row, target: { classes, decision } };
}

/** What decides must have the output's shape: one score for the second of two classes, or one for each class. */
function decide(emitter: Emitter, row: Row, decider: Row, threshold: number, probabilities: boolean): Decision {
  const scoresIn = (candidate: Row) => (candidate.operand === row.operand ? {} : { scores: candidate.operand });
  if (row.width === 1 && decider.width === 1) {
    return { rule: 'above', threshold, probabilities, ...scoresIn(decider) };
  }
  if (decider.width > 1) return { rule: 'arg_max', probabilities, ...scoresIn(decider) };
  // Greater than 0 is the second class, and 0 is the first.
  const excess = threshold === 0 ? decider : emitter.binary('greater', decider, threshold);
  return { rule: 'arg_max', probabilities, ...scoresIn(opposites(emitter, excess)) };
}

function multilabel(emitter: Emitter, { probabilities, scores, decider, threshold }: Multilabel): Outputs {
  const row = probabilities ?? scores ?? decider;
  const name = probabilities === undefined ? 'scores' : 'probabilities';
  const isOther = decider.operand !== row.operand;
  const decision: Decision = {
    rule: 'each_above',
    threshold,
    probabilities: probabilities !== undefined,
    ...(isOther && { scores: decider.operand }),
  };
  return { outputs: [output(emitter, name, row)], decision };
}
