/** Operators that reduce many numbers to one. */
import type { ReduceName } from '../../../graph/graph.ts';
import { elementCount } from '../../../graph/shapes.ts';
import type { GraphBuilder } from '../../tensors/builder.ts';
import { type Cumulative, cumulative } from '../../tensors/cumulative.ts';
import { isFloat, type Value } from '../../tensors/value.ts';
import type { Result } from '../argument.ts';
import type { AtenCall, Translation, Translations } from '../call.ts';
import { asFloat } from '../element-types.ts';
import { binary, combine } from './arithmetic.ts';

/** Reduces over the given axes, or all; integers are summed as int64, and converted to floats for the other functions. */
function reduce(fn: ReduceName, integers: 'float' | 'int64' | 'same' = 'float'): Translation {
  return (call) => {
    const x = typed(call, integers);
    const axes = call.axes('dim', x);
    return axes.length === 0 ? x : call.build.reduce(x, fn, axes, call.flag('keepdim'));
  };
}

function typed(call: AtenCall, integers: 'float' | 'int64' | 'same'): Value {
  const x = call.tensor('self');
  const asked = call.type('dtype');
  if (asked !== undefined) return call.build.cast(x, asked);
  if (isFloat(x.type) || integers === 'same') return x;
  return call.build.cast(x, integers === 'int64' ? 'int64' : asFloat(x.type));
}

/** The maximum or minimum of all elements, or along one axis with its position. */
function extreme(fn: 'max' | 'min'): Translation {
  return (call) => {
    const x = call.tensor('self');
    const [axis, keepDims] = [call.number('dim'), call.flag('keepdim')];
    const positions = call.build.reduce(x, fn === 'max' ? 'arg_max' : 'arg_min', [axis], keepDims);
    return [call.build.reduce(x, fn, [axis], keepDims), positions];
  };
}

/** Along one axis, or over the whole tensor, flattened. */
function position(fn: 'arg_max' | 'arg_min'): Translation {
  return (call) => {
    const { build } = call;
    const x = call.tensor('self');
    if (call.has('dim')) return build.reduce(x, fn, [call.number('dim')], call.flag('keepdim'));
    if (x.kind === 'row') throw build.crossing('argmax and argmin over the whole batch are not supported; give `dim`');
    return build.reduce(build.reshaped(x, [elementCount(x.shape)]), fn, [0], false);
  };
}

/** (Σ|x|^p)^(1/p), where p is the parameter named by `power`. */
function norm(power: string): Translation {
  return (call) => {
    const { build } = call;
    const asked = call.type('dtype');
    const x = asked === undefined ? call.floating('self') : call.cast(call.tensor('self'), asked);
    const p = call.has(power) ? call.number(power) : 2;
    return normOf(build, x, p, call.axes('dim', x), call.flag('keepdim'));
  };
}

function normOf(build: GraphBuilder, x: Value, p: number, axes: readonly number[], keepDims: boolean): Value {
  if (p === 2 || p === 1) return build.reduce(x, p === 2 ? 'l2' : 'l1', axes, keepDims);
  if (p === 0) return build.reduce(build.cast(build.unary(x, 'to_bool'), x.type), 'sum', axes, keepDims);
  const sizes = build.unary(x, 'abs');
  if (Math.abs(p) === Infinity) return build.reduce(sizes, p > 0 ? 'max' : 'min', axes, keepDims);
  const sum = build.reduce(build.binary('pow', sizes, build.scalar(sizes, p)), 'sum', axes, keepDims);
  return build.binary('pow', sum, build.scalar(sum, 1 / p));
}

/** The norm of the difference, to which torch adds `eps`. */
function pairwiseDistance(call: AtenCall): Value {
  const { build } = call;
  const difference = combine(call, 'sub', call.floating('x1'), call.floating('x2'));
  const shifted = build.binary('add', difference, build.scalar(difference, call.number('eps')));
  return normOf(build, shifted, call.number('p'), [build.axis(-1, build.rank(shifted))], call.flag('keepdim'));
}

/**
 * A norm of vectors along one axis, or of all elements if no axis is given; a norm of matrices needs their singular
 * values.
 */
function linalgNorm(call: AtenCall): Result {
  if (call.has('dim') ? call.integers('dim').length === 1 : !call.has('ord')) return norm('ord')(call);
  throw call.error('UNSUPPORTED_OP', 'norms of matrices are not supported; use torch.linalg.vector_norm');
}

/** Whether any or all elements are nonzero. */
function truth(fn: 'max' | 'min'): Translation {
  return (call) => {
    const x = call.build.cast(call.tensor('self'), 'bool');
    return call.build.reduce(x, fn, call.axes('dim', x), call.flag('keepdim'));
  };
}

/** The minimum and the maximum, along an axis or of all elements. */
function extremes(call: AtenCall): Result {
  const { build } = call;
  const x = call.tensor('self');
  const axes = call.axes('dim', x);
  return [build.reduce(x, 'min', axes, call.flag('keepdim')), build.reduce(x, 'max', axes, call.flag('keepdim'))];
}

function countNonzero(call: AtenCall): Value {
  const { build } = call;
  const x = call.tensor('self');
  return build.reduce(build.cast(build.unary(x, 'to_bool'), 'int64'), 'sum', call.axes('dim', x), false);
}

/** Integers are summed as int64. */
function running(fn: Cumulative): Translation {
  return (call) => {
    const x = call.tensor('self');
    const asked = call.type('dtype');
    const type = asked ?? (isFloat(x.type) ? x.type : 'int64');
    return cumulative(call.build, call.build.cast(x, type), call.number('dim'), fn);
  };
}

export const reductionOperators: Translations = {
  'cumsum(Tensor self, int dim, *, int? dtype=None)': running('add'),
  'cumprod(Tensor self, int dim, *, int? dtype=None)': running('mul'),
  'sum(Tensor self, *, int? dtype=None)': reduce('sum', 'int64'),
  'sum(Tensor self, int[]? dim, bool keepdim=False, *, int? dtype=None)': reduce('sum', 'int64'),
  'mean(Tensor self, *, int? dtype=None)': reduce('mean'),
  'mean(Tensor self, int[]? dim, bool keepdim=False, *, int? dtype=None)': reduce('mean'),
  'prod(Tensor self, *, int? dtype=None)': reduce('prod', 'int64'),
  'prod(Tensor self, int dim, bool keepdim=False, *, int? dtype=None)': reduce('prod', 'int64'),
  'amax(Tensor self, int[] dim=[], bool keepdim=False)': reduce('max', 'same'),
  'amin(Tensor self, int[] dim=[], bool keepdim=False)': reduce('min', 'same'),
  'logsumexp(Tensor self, int[] dim, bool keepdim=False)': reduce('log_sum_exp'),
  'max(Tensor self)': reduce('max', 'same'),
  'min(Tensor self)': reduce('min', 'same'),
  'max(Tensor self, int dim, bool keepdim=False)': extreme('max'),
  'min(Tensor self, int dim, bool keepdim=False)': extreme('min'),
  'max(Tensor self, Tensor other)': binary('max'),
  'min(Tensor self, Tensor other)': binary('min'),
  'aminmax(Tensor self, *, int? dim=None, bool keepdim=False)': extremes,
  'count_nonzero(Tensor self, int[]? dim=None)': countNonzero,
  'argmax(Tensor self, int? dim=None, bool keepdim=False)': position('arg_max'),
  'argmin(Tensor self, int? dim=None, bool keepdim=False)': position('arg_min'),
  'norm(Tensor self, float p=2)': norm('p'),
  'norm(Tensor self, float? p, *, int dtype)': norm('p'),
  'norm(Tensor self, float? p, int[] dim, bool keepdim=False, *, int? dtype=None)': norm('p'),
  'linalg_vector_norm(Tensor self, float ord=2, int[]? dim=None, bool keepdim=False, *, int? dtype=None)': norm('ord'),
  'linalg_norm(Tensor self, float? ord=None, int[]? dim=None, bool keepdim=False, *, int? dtype=None)': linalgNorm,
  'pairwise_distance(Tensor x1, Tensor x2, float p=2, float eps=1e-06, bool keepdim=False)': pairwiseDistance,
  'any(Tensor self)': truth('max'),
  'any(Tensor self, int[] dim, bool keepdim=False)': truth('max'),
  'all(Tensor self)': truth('min'),
  'all(Tensor self, int[] dim, bool keepdim=False)': truth('min'),
};
