/** The activation that an operator may apply to its result. */
import type { Value } from '../tensors/value.ts';
import type { TfliteCall } from './call.ts';

/** ActivationFunctionType: the bounds of those that only clip. */
const BOUNDS = new Map<number, readonly [low: number, high: number]>([
  [0, [-Infinity, Infinity]],
  [1, [0, Infinity]],
  [2, [-1, 1]],
  [3, [0, 6]],
]);
const TANH = 4;

/** The bounds for real numbers; quantised results are clipped to the corresponding integers. */
export function activationBounds(call: TfliteCall, code: number): readonly [low: number, high: number] {
  const bounds = BOUNDS.get(code);
  if (bounds !== undefined) return bounds;
  throw call.error('UNSUPPORTED_OP', `the fused activation ${code} is not supported; expected none, RELU or RELU6`);
}

export function activate(call: TfliteCall, x: Value, code: number): Value {
  if (code === TANH) return call.build.unary(x, 'tanh');
  const [low, high] = activationBounds(call, code);
  if (low === -Infinity) return x;
  return low === 0 && high === Infinity ? call.build.unary(x, 'relu') : call.build.unary(x, 'clip', low, high);
}
