/** Operators that reduce many numbers to one. */
import type { ReduceName } from '../../../graph/graph.ts';
import { cumulative } from '../../tensors/cumulative.ts';
import { range, type Value } from '../../tensors/value.ts';
import type { OnnxCall, Translation, Translations } from '../call.ts';

/** Axes are an attribute before opset 18 (13 for ReduceSum) and an input since. */
function reduce(fn: ReduceName): Translation {
  return (call) => {
    const x = call.input(0);
    const axes = call.integersOrInput('axes', 1) ?? [];
    if (axes.length === 0 && call.flag('noop_with_empty_axes', false)) return withoutAxes(call, fn, x);
    return call.build.reduce(x, fn, axes.length === 0 ? undefined : axes, call.flag('keepdims', true));
  };
}

function withoutAxes(call: OnnxCall, fn: ReduceName, x: Value): Value {
  if (['sum', 'mean', 'max', 'min', 'prod'].includes(fn)) return x;
  throw call.error('UNSUPPORTED_OP', 'noop_with_empty_axes is supported only for sum, mean, max, min and product');
}

function arg(first: ReduceName, last: ReduceName): Translation {
  return (call) => {
    const fn = call.flag('select_last_index', false) ? last : first;
    return call.build.reduce(call.input(0), fn, [call.integer('axis', 0)], call.flag('keepdims', true));
  };
}

function runningSum(call: OnnxCall): Value {
  const axis = call.number(1);
  if (axis === undefined) throw call.error('MALFORMED', 'input 1, the axis, is missing');
  const options = { exclusive: call.flag('exclusive', false), reverse: call.flag('reverse', false) };
  return cumulative(call.build, call.input(0), axis, 'add', options);
}

/** Over all axes after the channels, which stay with size 1. */
function pool(fn: ReduceName): Translation {
  return (call) => {
    const x = call.input(0);
    return call.build.reduce(x, fn, range(2, call.build.rank(x), 1), true);
  };
}

function poolByNorm(call: OnnxCall): Value {
  const p = call.integer('p', 2);
  if (p === 1 || p === 2) return pool(p === 1 ? 'l1' : 'l2')(call) as Value;
  throw call.error('UNSUPPORTED_OP', `expected p to be 1 or 2, found ${p}`);
}

export const reduction: Translations = {
  ReduceSum: reduce('sum'),
  ReduceMean: reduce('mean'),
  ReduceMax: reduce('max'),
  ReduceMin: reduce('min'),
  ReduceProd: reduce('prod'),
  ReduceL1: reduce('l1'),
  ReduceL2: reduce('l2'),
  ReduceSumSquare: reduce('sum_square'),
  ReduceLogSum: reduce('log_sum'),
  ReduceLogSumExp: reduce('log_sum_exp'),
  CumSum: runningSum,
  GlobalAveragePool: pool('mean'),
  GlobalMaxPool: pool('max'),
  GlobalLpPool: poolByNorm,
  ArgMax: arg('arg_max_scan', 'arg_max_last_scan'),
  ArgMin: arg('arg_min_scan', 'arg_min_last_scan'),
};
