/** Operators that sort elements. */
import { sorted } from '../../tensors/sorting.ts';
import type { Value } from '../../tensors/value.ts';
import type { Result } from '../argument.ts';
import type { AtenCall, Translation, Translations } from '../call.ts';

/** Sorts all elements; without `dim` along the last axis. */
function all(call: AtenCall) {
  const { build } = call;
  const x = call.tensor('self');
  const axis = call.number('dim');
  return sorted(build, x, axis, x.shape[build.ownAxis(x, axis)], call.flag('descending'));
}

const sort: Translation = (call) => {
  const { values, places } = all(call);
  return [values, places];
};

const argsort: Translation = (call) => all(call).places;

function topk(call: AtenCall): Result {
  if (!call.flag('sorted')) {
    const message = 'sorted=False leaves the order of the results undefined; call it with sorted=True';
    throw call.error('UNSUPPORTED_OP', message);
  }
  const found = sorted(call.build, call.tensor('self'), call.number('dim'), call.number('k'), call.flag('largest'));
  return [found.values, found.places];
}

/** The kth smallest element and its position. */
function kthValue(call: AtenCall): Result {
  return nth(call, call.tensor('self'), call.number('k'));
}

function nth(call: AtenCall, x: Value, k: number): [Value, Value] {
  const { build } = call;
  const axis = call.number('dim');
  const found = sorted(build, x, axis, k, false);
  const last = (value: Value): Value => {
    const picked = build.gather(value, axis, [k - 1]);
    return call.flag('keepdim') ? picked : build.reduce(picked, 'max', [axis], false);
  };
  return [last(found.values), last(found.places)];
}

/** The lower of the two middle elements; the first NaN if there is one. */
function median(call: AtenCall): Result {
  const { build } = call;
  const x = call.tensor('self');
  const axis = call.number('dim');
  const [value, place] = nth(call, x, Math.floor((x.shape[build.ownAxis(x, axis)] + 1) / 2));
  const missing = build.unary(x, 'is_nan');
  const hasNaN = build.reduce(missing, 'max', [axis], call.flag('keepdim'));
  const first = build.reduce(missing, 'arg_max', [axis], call.flag('keepdim'));
  return [build.select(hasNaN, build.scalar(value, Number.NaN), value), build.select(hasNaN, first, place)];
}

export const sortingOperators: Translations = {
  'sort(Tensor self, int dim=-1, bool descending=False)': sort,
  'sort(Tensor self, *, bool? stable, int dim=-1, bool descending=False)': sort,
  'argsort(Tensor self, int dim=-1, bool descending=False)': argsort,
  'argsort(Tensor self, *, bool stable, int dim=-1, bool descending=False)': argsort,
  'topk(Tensor self, int k, int dim=-1, bool largest=True, bool sorted=True)': topk,
  'kthvalue(Tensor self, int k, int dim=-1, bool keepdim=False)': kthValue,
  'median(Tensor self, int dim, bool keepdim=False)': median,
};
