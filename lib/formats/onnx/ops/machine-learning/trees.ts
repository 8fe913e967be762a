/** Ensembles of decision trees, as onnxruntime runs them, including its deviations from the operators' documentation. */
import { least } from '../../../../extremes.ts';
import { quote } from '../../../../messages.ts';
import { literal, type Row, type Value } from '../../../tensors/value.ts';
import type { OnnxCall, Translations } from '../../call.ts';
import { labelOf, type Transform, transformed, transformOf } from './estimators.ts';
import { type Attributes, numbersOf, readTrees } from './tree-attributes.ts';
import { readNodes } from './tree-nodes.ts';
import { AGGREGATES, alwaysGiven, givenTo, lastAxis, plusBase, summed, treeRow, whereGiven } from './tree-sums.ts';

/** Probabilities that are sums of rounded shares may exceed 1 by this much. */
const ROUNDING = 1e-4;

function targetsOf(call: OnnxCall): number {
  const targets = call.integer('n_targets', 1);
  if (Number.isInteger(targets) && targets >= 1 && targets <= call.build.budget.limits.rowElements) return targets;
  throw call.error('MALFORMED', `expected at least one target, found ${targets}`);
}

/** A single target is not transformed, except for PROBIT. */
function regressed(call: OnnxCall, scores: Row, transform: Transform): Value {
  return transformed(call, scores, scores.shape[0] === 1 && transform !== 'PROBIT' ? 'NONE' : transform);
}

/** Results are float32, whatever the type of the input. */
function treeEnsembleRegressor(call: OnnxCall): Value {
  const targets = targetsOf(call);
  const name = call.string('aggregate_function', 'SUM');
  const aggregate = AGGREGATES.find((known) => known === name);
  if (aggregate === undefined) {
    throw call.error('MALFORMED', `expected the aggregate_function ${AGGREGATES.join(', ')}, found ${quote(name)}`);
  }
  const transform = transformOf(call);
  const x = treeRow(call);
  const { trees } = readTrees(call, 'target', targets, x.type);
  const scores = summed(call, x, trees, targets, aggregate);
  const base = numbersOf(call, 'base_values', x.type) ?? [];
  if (base.length !== 0 && base.length !== targets) {
    throw call.error('SHAPE', `expected ${targets} base_values, found ${base.length}`);
  }
  const whole = base.length === 0 ? scores : plusBase(call, scores, base);
  // With several targets, a target without any value stays 0.
  const isGiven = base.length > 1 ? givenTo(call, x, trees, targets) : undefined;
  return call.build.cast(regressed(call, whereGiven(call, whole, isGiven, 0), transform), 'float32');
}

const AGGREGATE_OF_NODES = 1;
/** By number. onnxruntime uses 1 for LOGISTIC and 2 for SOFTMAX. */
const TRANSFORMS_OF_NODES = ['NONE', undefined, undefined, 'SOFTMAX_ZERO', 'PROBIT'] as const;

/** Results have the input's type. */
function treeEnsemble(call: OnnxCall): Value {
  const targets = targetsOf(call);
  const number = call.integer('post_transform', 0);
  const transform = TRANSFORMS_OF_NODES[number];
  const aggregate = AGGREGATES[call.integer('aggregate_function', AGGREGATE_OF_NODES)];
  if (aggregate === undefined) throw call.error('MALFORMED', 'expected an aggregate_function from 0 to 3');
  if (transform === undefined) {
    const message = `has the post_transform ${number}, which ONNX and onnxruntime define differently`;
    throw call.error(
      'UNSUPPORTED_OP',
      number === 1 || number === 2 ? message : `has the unknown post_transform ${number}`,
    );
  }
  const x = treeRow(call);
  return regressed(call, summed(call, x, readNodes(call, targets, x.type), targets, aggregate), transform);
}

/** A label, and the scores of its classes. */
function treeEnsembleClassifier(call: OnnxCall): Value[] {
  const labels = call.strings('classlabels_strings') ?? call.integers('classlabels_int64s') ?? [];
  if (labels.length < 2) {
    throw call.error('UNSUPPORTED_OP', `has ${labels.length} labels; expected two or more`);
  }
  const transform = transformOf(call);
  const x = treeRow(call);
  const read = readTrees(call, 'class', labels.length, x.type);
  const base = numbersOf(call, 'base_values', x.type) ?? [];
  const sums = summed(call, x, read.trees, labels.length, 'SUM');
  const of = labels.length === 2 ? ofTwo : ofSeveral;
  const { decider, scores } = of(call, sums, { read, x, base, transform, labels });
  const results = call.build.asRow(call.build.cast(scores, 'float32'));
  if (transform === 'NONE' && areShares(read)) call.build.probabilities.add(results.operand as string);
  return [labelOf(call, decider, labels), results];
}

interface Given {
  readonly read: Attributes;
  readonly x: Row;
  readonly base: ArrayLike<number>;
  readonly transform: Transform;
  readonly labels: readonly (string | number)[];
}

interface Answer {
  /** The label is that of the maximum; of equal ones the first. */
  readonly decider: Row;
  readonly scores: Value;
}

function ofSeveral(call: OnnxCall, sums: Row, given: Given): Answer {
  const { read, x, base, transform } = given;
  const [count] = sums.shape;
  if (base.length === 0) {
    // Any score ranks above no score, even a negative one; if all weights are positive, so are the sums.
    const isGiven = least(valuesOf(read.weights)) > 0 ? undefined : givenTo(call, x, read.trees, count);
    return { decider: whereGiven(call, sums, isGiven, -Infinity), scores: transformed(call, sums, transform) };
  }
  if (base.length !== count) throw call.error('SHAPE', `expected ${count} base_values, found ${base.length}`);
  const scores = plusBase(call, sums, base);
  return { decider: scores, scores: transformed(call, scores, transform) };
}

/**
 * For two classes the result depends on which of them have weights, and on whether some weight is negative. Weights of
 * only the first class give the score of the second.
 */
function ofTwo(call: OnnxCall, sums: Row, { read, x, base, transform, labels }: Given): Answer {
  const { build } = call;
  if (base.length > 1) throw call.error('UNSUPPORTED_OP', 'has base_values for both of two classes; expected one');
  if (read.ids.length === 0) throw call.error('MALFORMED', 'expected weights of a class, found none');
  const [hasFirst, hasSecond] = [0, 1].map((id) => Array.prototype.includes.call(read.ids, id));
  const isPositive = least(valuesOf(read.weights)) >= 0;
  const column = (at: number) => build.gather(sums, lastAxis(sums), [at]) as Row;
  if (hasFirst && hasSecond) checkLabels(call, labels);
  if (hasSecond && !read.trees.some((tree) => alwaysGiven(tree).includes(1))) {
    throw call.error(
      'UNSUPPORTED_OP',
      'has leaves without a weight for the second of two classes, and no tree in which every leaf has one',
    );
  }
  if (hasSecond) {
    const first = hasFirst && base.length === 1 ? plusBase(call, column(0), base) : column(0);
    const scores = base.length === 1 ? (build.concat([first, column(1)], lastAxis(first)) as Row) : sums;
    const threshold = isPositive && !hasFirst ? 0.5 : 0;
    return { decider: beside(call, threshold, column(1)), scores: transformed(call, scores, transform) };
  }
  const isGiven = base.length === 1 ? givenTo(call, x, read.trees, 1) : undefined;
  const score = base.length === 1 ? whereGiven(call, plusBase(call, column(0), base), isGiven, 0) : column(0);
  const decider = beside(call, isPositive ? 0.5 : 0, score);
  if (transform === 'PROBIT') throw call.error('UNSUPPORTED_OP', 'PROBIT of a single score is not supported');
  // Only LOGISTIC turns a single score into a probability; the other transforms keep it.
  const isOdds = transform === 'LOGISTIC' || !isPositive;
  const other = isOdds ? build.unary(score, 'neg') : build.binary('sub', build.scalar(score, 1), score);
  const both = build.concat([other, score], lastAxis(score)) as Row;
  return { decider, scores: transform === 'LOGISTIC' ? build.unary(both, 'sigmoid') : both };
}

/** With weights for both classes, onnxruntime returns 0 or 1, whichever integers the labels are. */
function checkLabels(call: OnnxCall, labels: readonly (string | number)[]): void {
  if (typeof labels[0] === 'string' || (labels[0] === 0 && labels[1] === 1)) return;
  const found = `${labels.join(' and ')}, for which runtimes give different labels`;
  throw call.error('UNSUPPORTED_OP', `two classes that both have weights have the labels ${found}; expected 0 and 1`);
}

/** Pairs the score with a number that it must exceed for the second class to be the label. */
function beside(call: OnnxCall, number: number, score: Row): Row {
  const threshold = call.build.everyRow(literal(score.type, [number], [1]), score.batchAxis);
  return call.build.concat([threshold, score], lastAxis(score)) as Row;
}

/** Whether trees add up to shares of 1, as in forests. */
function areShares({ trees, weights }: Attributes): boolean {
  if (!(least(valuesOf(weights)) >= 0)) return false;
  let most = 0;
  for (const tree of trees) {
    let greatest = 0;
    for (let node = 0; node < tree.size; node++) {
      let total = 0;
      tree.weights(node, (_, weight) => {
        total += weight;
      });
      greatest = Math.max(greatest, total);
    }
    most += greatest;
  }
  return most <= 1 + ROUNDING;
}

function valuesOf(list: ArrayLike<number>): Iterable<number> {
  return Array.prototype.values.call(list) as Iterable<number>;
}

export const treeing: Translations = {
  TreeEnsemble: treeEnsemble,
  TreeEnsembleRegressor: treeEnsembleRegressor,
  TreeEnsembleClassifier: treeEnsembleClassifier,
};
