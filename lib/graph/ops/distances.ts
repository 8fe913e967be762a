/** The distance of a row from each of many points. */
import type { MetricName, Node, Tensor } from '../graph.ts';
import { BINARY } from '../operations/binary.ts';
import { METRIC, METRIC_NAMES } from '../operations/choices.ts';
import { REDUCE } from '../operations/rowwise.ts';
import { UNARY } from '../operations/unary.ts';
import type { PlanBuilder, View } from '../plan-builder.ts';
import { OPCODES, WEIGHTS } from '../plan-format.ts';
import { elementCount, formatShape, type Shape } from '../shapes.ts';
import { checkFunction, checkNumber, type OpDefinition, refuse } from './definition.ts';

type Step = (sum: number, x: number, y: number, weight: number, exponent: number) => number;

const STEPS: Readonly<Record<MetricName, Step>> = {
  sum_square: (sum, x, y) => sum + (x - y) * (x - y),
  l1: (sum, x, y) => sum + Math.abs(x - y),
  max: (sum, x, y) => BINARY.max.evaluate(sum, Math.abs(x - y)),
  power: (sum, x, y, weight, exponent) => sum + weight * Math.abs(x - y) ** exponent,
  different: (sum, x, y) => sum + Number(x !== y),
  canberra: (sum, x, y) => (x === 0 && y === 0 ? sum : sum + Math.abs(x - y) / (Math.abs(x) + Math.abs(y))),
  known_sum_square: (sum, x, y) => (Number.isNaN(x - y) ? sum : sum + (x - y) * (x - y)),
};

export const distances: OpDefinition<'distances'> = {
  operands: [2, 3],
  constants: [1, 2],

  infer(node, [x, points, weights]) {
    const { metric, exponent, expanded } = node.attributes;
    checkFunction(node, METRIC_NAMES, metric);
    if (x.length !== 1 || points.length !== 2 || points[1] !== x[0]) {
      refuse(node, 'SHAPE', `expected points of the row's ${formatShape(x)}, found ${formatShape(points)}`);
    }
    if (weights !== undefined && !(weights.length === 1 && weights[0] === x[0])) {
      refuse(node, 'SHAPE', `expected weights of ${formatShape(x)}, found ${formatShape(weights)}`);
    }
    if (metric === 'power') checkNumber(node, 'exponent', exponent);
    else if (weights !== undefined || exponent !== undefined) {
      refuse(node, 'MALFORMED', `weights and an exponent are for power, found ${metric}`);
    }
    if (expanded && metric !== 'sum_square') refuse(node, 'MALFORMED', `${metric} has no expanded form`);
    return [points[0]];
  },

  evaluate(node, [x, points, weights], [count]) {
    const { metric, exponent = 1 } = node.attributes;
    const features = x.data.length;
    return Float64Array.from({ length: count }, (_, n) => {
      let sum = 0;
      for (let k = 0; k < features; k++) {
        sum = STEPS[metric](sum, x.data[k], points.data[n * features + k], weights?.data[k] ?? 1, exponent);
      }
      return sum;
    });
  },

  lower(node, shape, plan) {
    const { metric, exponent, expanded } = node.attributes;
    const [x, points, weights] = node.inputs;
    const { data } = plan.constant(points);
    const row = plan.view(x);
    if (expanded && plan.precision === 'f64') return lowerExpanded(node, row, shape, plan);
    const features = elementCount(row.shape);
    const own = weights === undefined ? new Float64Array(features).fill(1) : plan.constant(weights).data;
    const settings = metric === 'power' ? plan.numbers([...own, exponent as number]) : -1;
    const fields = [plan.row(row), features, plan.number(METRIC[metric]), plan.parameter(data), settings];
    return plan.instruction(OPCODES.distances, shape, fields);
  },
};

/** Layers with fewer outputs sum in another order: see docs/numerics.md. */
const LEAST_OUTPUTS = 65;

/** The row, its |x|² and 1 go through a dense layer, which sums in this order: (|x|² + (−2·x·y)) + |y|². */
function lowerExpanded(node: Node<'distances'>, row: View, shape: Shape, plan: PlanBuilder): View {
  const [, points] = node.inputs;
  const { data } = plan.constant(points);
  const [count] = shape;
  const features = elementCount(row.shape);
  const value = plan.row(row);
  const squares = plan.instruction(OPCODES.unary, row.shape, [value, plan.number(UNARY.square), -1]);
  const sumInOrder = plan.number(REDUCE.sum_in_order);
  const norm = plan.instruction(OPCODES.reduce, [1], [squares.value, 1, features, sumInOrder]);
  const parts = [1, 3, value, norm.value, -1 - plan.numbers([1])];
  const extended = plan.instruction(OPCODES.concat, [features + 2], parts);
  const outputs = Math.max(count, LEAST_OUTPUTS);
  plan.budget.convert(Float64Array.BYTES_PER_ELEMENT * outputs * (features + 2), `node ${node.name}`);
  const weight = expandedWeight({ shape: [count, features], data }, outputs);
  const sizes = [1, features + 2, outputs];
  const fields = [...sizes, 1, plan.parameter(weight), -1, plan.numbers([0, Infinity]), WEIGHTS.whole];
  const far = plan.instruction(OPCODES.dense, [outputs], [extended.value, ...fields]);
  return outputs === count ? far : plan.move(far, shape, () => Int32Array.from({ length: count }, (_, at) => at));
}

/** For each point, −2·y, 1 and |y|². */
function expandedWeight({ shape: [count, features], data }: Tensor, outputs: number): Float64Array {
  const weight = new Float64Array(outputs * (features + 2));
  for (let n = 0; n < count; n++) {
    const first = n * (features + 2);
    let norm = 0;
    for (let k = 0; k < features; k++) {
      const value = data[n * features + k];
      weight[first + k] = -2 * value;
      norm += value * value;
    }
    weight[first + features] = 1;
    weight[first + features + 1] = norm;
  }
  return weight;
}
