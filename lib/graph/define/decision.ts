/** Reads the labels of an architecture, and decides how its output becomes a label. */
import { ForwardpassError } from '../../errors.ts';
import { describe } from '../../messages.ts';
import type { Architecture } from '../architecture.ts';
import type { Decision, Graph, Node } from '../graph.ts';
import type { LayerOutput } from './layer.ts';

export function readLabels({ classes, featureNames }: Architecture): Pick<Graph, 'classes' | 'featureNames'> {
  if (classes !== undefined && !isListOf(classes, ['string', 'number'])) {
    const message = `expected an array of strings or numbers, found ${describe(classes)}`;
    throw new ForwardpassError('ARCHITECTURE', message, 'classes');
  }
  if (featureNames !== undefined && !isListOf(featureNames, ['string'])) {
    const message = `expected an array of strings, found ${describe(featureNames)}`;
    throw new ForwardpassError('ARCHITECTURE', message, 'featureNames');
  }
  return { ...(classes && { classes: [...classes] }), ...(featureNames && { featureNames: [...featureNames] }) };
}

function isListOf(value: unknown, types: readonly string[]): boolean {
  return Array.isArray(value) && value.every((item) => types.includes(typeof item));
}

/** Probabilities if the output is a softmax, a sparsemax or one sigmoid; scores if only the labels are known. */
export function decide(classes: Graph['classes'], output: LayerOutput, nodes: readonly Node[]): Decision | undefined {
  const width = output.shape.length === 0 ? 1 : output.shape[0];
  if (output.shape.length > 1) return undefined;
  if (classes !== undefined && classes.length !== Math.max(width, 2)) {
    const message = `expected ${Math.max(width, 2)} labels for an output of ${width}, found ${classes.length}`;
    throw new ForwardpassError('SHAPE', message, 'classes');
  }
  const last = nodes.find((node) => node.output === output.name);
  const softmax = width > 1 && last?.op === 'softmax' && last.attributes.fn !== 'log_softmax';
  const sigmoid = width === 1 && last?.op === 'unary' && last.attributes.fn === 'sigmoid';
  if (classes === undefined && !softmax && !sigmoid) return undefined;
  if (width > 1) return { rule: 'arg_max', probabilities: softmax };
  return { rule: 'above', threshold: sigmoid ? 0.5 : 0, probabilities: sigmoid };
}
