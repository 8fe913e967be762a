/** Operators along axes: reductions, softmax, norms. */
import type { ReduceName } from '../../../graph/graph.ts';
import { cumulative } from '../../tensors/cumulative.ts';
import type { Value } from '../../tensors/value.ts';
import { activate } from '../activation.ts';
import type { TfliteCall, Translation, Translations } from '../call.ts';

/** Smaller norms are replaced by this. */
const L2_EPSILON = 1e-6;

function reduce(fn: ReduceName): Translation {
  return (call) => call.build.reduce(call.input(0), fn, call.numbers(1), call.flag(0));
}

function arg(fn: ReduceName): Translation {
  return (call) => {
    const index = call.build.reduce(call.input(0), fn, [call.number(1)], false);
    return { ...index, type: call.resultType };
  };
}

function softmax(call: TfliteCall): Value {
  const { build } = call;
  const [x, beta] = [call.input(0), call.float(0)];
  const scaled = beta === 1 ? x : build.binary('mul', x, build.scalar(x, beta));
  return build.softmax(scaled, -1, false);
}

function l2Normalization(call: TfliteCall): Value {
  const { build } = call;
  const x = call.row(0);
  const axis = build.ownAxis(x, -1);
  const attributes = { axis, norm: 'l2', epsilon: L2_EPSILON, floor: L2_EPSILON } as const;
  return activate(call, build.emit('normalize', [x.operand], attributes, x), call.choice(0));
}

/** The options are whether it excludes the element itself, and whether it runs from the last to the first. */
function runningSum(call: TfliteCall): Value {
  return cumulative(call.build, call.input(0), call.number(1), 'add', {
    exclusive: call.flag(0),
    reverse: call.flag(1),
  });
}

export const reduction: Translations = {
  SUM: reduce('sum'),
  MEAN: reduce('mean'),
  REDUCE_MAX: reduce('max'),
  REDUCE_MIN: reduce('min'),
  REDUCE_PROD: reduce('prod'),
  REDUCE_ANY: reduce('max'),
  REDUCE_ALL: reduce('min'),
  CUMSUM: runningSum,
  ARG_MAX: arg('arg_max_number'),
  ARG_MIN: arg('arg_min_number'),
  SOFTMAX: softmax,
  LOG_SOFTMAX: (call) => call.build.softmax(call.input(0), -1, true),
  L2_NORMALIZATION: l2Normalization,
};
