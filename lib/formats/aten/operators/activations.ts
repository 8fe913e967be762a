/** Activations. The call supplies their options, so none of our defaults replaces torch's. */
import { type ActivationStep, resolveActivation } from '../../../graph/activations.ts';
import type { UnaryName } from '../../../graph/graph.ts';
import type { Value } from '../../tensors/value.ts';
import type { Result } from '../argument.ts';
import type { AtenCall, Translation, Translations } from '../call.ts';
import { combine } from './arithmetic.ts';

function unary(fn: UnaryName, alpha?: string, beta?: string): Translation {
  return (call) => {
    const [first, second] = [alpha, beta].map((name) => (name === undefined ? undefined : call.number(name)));
    return call.build.unary(call.floating('self'), fn, first, second);
  };
}

/** An activation that takes several steps of the graph, by its name there. */
function named(name: string, ...settings: readonly string[]): Translation {
  return (call) => {
    const given = Object.fromEntries(settings.map((setting) => [setting, call.number(setting)]));
    const steps = resolveActivation({ name, ...given }, call.build.place);
    return steps.reduce((x, step) => apply(call, x, step), call.floating('self'));
  };
}

function apply(call: AtenCall, x: Value, step: ActivationStep): Value {
  const { build } = call;
  switch (step.op) {
    case 'unary':
      return build.unary(x, step.fn, step.alpha, step.beta);
    case 'binary':
      return build.binary(step.fn, x, build.scalar(x, step.value));
    case 'branch': {
      const scaled = step.scale === 1 ? x : build.binary('mul', x, build.scalar(x, step.scale));
      const isAbove = build.binary('greater', scaled, build.scalar(x, step.threshold));
      const [above, below] = [step.above, step.below].map((steps) =>
        steps.reduce((y, next) => apply(call, y, next), x),
      );
      return build.select(isAbove, above, below);
    }
    default:
      throw call.error('UNSUPPORTED_OP', `the activation takes the step ${step.op}, which is not supported`);
  }
}

function gelu(call: AtenCall): Result {
  const approximate = call.text('approximate');
  if (approximate === 'none' || approximate === 'tanh') {
    return call.build.unary(call.floating('self'), approximate === 'tanh' ? 'gelu_tanh' : 'gelu');
  }
  throw call.error('MALFORMED', `expected approximate to be none or tanh, found '${approximate}'`);
}

/** scale·(x where it is above 0, alpha·(e^(input_scale·x) − 1) elsewhere), as ELU, SELU and CELU all are. */
function elu(call: AtenCall): Result {
  const [alpha, scale, inputScale] = [call.number('alpha'), call.number('scale'), call.number('input_scale')];
  const x = call.floating('self');
  if (inputScale === 1) {
    return scale === 1 ? call.build.unary(x, 'elu', alpha) : call.build.unary(x, 'selu', alpha, scale);
  }
  if (scale === 1 && inputScale === 1 / alpha) return call.build.unary(x, 'celu', alpha);
  throw call.error('UNSUPPORTED_OP', `elu with scale ${scale} and input_scale ${inputScale} is not supported`);
}

/** The slopes are one number, or one for each channel (axis 1). */
function prelu(call: AtenCall): Result {
  const { build } = call;
  const [x, slopes] = [call.floating('self'), call.constant('weight')];
  if (slopes.data.length === 1) return build.binary('prelu', x, build.reshaped(slopes, []));
  const spatial = Math.max(build.rank(x) - 2, 0);
  return combine(call, 'prelu', x, build.reshaped(slopes, [slopes.data.length, ...Array<number>(spatial).fill(1)]));
}

/** log(x/(1 − x)), with x clamped to [eps, 1 − eps] if `eps` is given. */
function logit(call: AtenCall): Result {
  const { build } = call;
  const given = call.floating('self');
  const eps = call.has('eps') ? call.number('eps') : undefined;
  const x = eps === undefined ? given : build.unary(given, 'clip', eps, 1 - eps);
  const rest = build.binary('sub', build.scalar(x, 1), x);
  return build.unary(build.binary('div', x, rest), 'log');
}

/** Computed as a difference, which is never −0. */
function logSigmoid(call: AtenCall): Value {
  const value = call.build.unary(call.floating('self'), 'log_sigmoid');
  return call.build.binary('add', value, call.build.scalar(value, 0));
}

/** Bounds are numbers, or tensors that broadcast. */
function clamp(call: AtenCall): Result {
  const [x, low, high] = [call.operand('self'), ...['min', 'max'].map((name) => bound(call, name))];
  const bounds = [low, high].filter((side) => side !== undefined);
  const type = call.typeOf([x, ...bounds]);
  const value = call.cast(x, type);
  if (bounds.every((side) => 'value' in side && side.value !== undefined)) {
    const [least, most] = [low ? call.number('min') : -Infinity, high ? call.number('max') : Infinity];
    return call.build.unary(value, 'clip', least, most);
  }
  const raised = low ? combine(call, 'max', value, call.cast(low, type)) : value;
  return high ? combine(call, 'min', raised, call.cast(high, type)) : raised;
}

function bound(call: AtenCall, name: string) {
  return call.has(name) ? call.operand(name) : undefined;
}

/** The first half along the axis times the sigmoid of the second half. */
function glu(call: AtenCall): Result {
  const { build } = call;
  const x = call.floating('self');
  const axis = call.number('dim');
  const size = x.shape[build.ownAxis(x, axis)];
  if (size % 2 !== 0) throw call.error('SHAPE', `an axis of ${size} cannot be halved; expected an even size`);
  const half = call.range(0, size / 2, 1);
  build.spend(half.length);
  const gate = build.gather(
    x,
    axis,
    half.map((i) => i + size / 2),
  );
  return build.binary('mul', build.gather(x, axis, half), build.unary(gate, 'sigmoid'));
}

/** Outside of training the values pass unchanged. */
function dropout(call: AtenCall): Result {
  if (call.flag('train') && call.number('p') > 0) {
    throw call.error('UNSUPPORTED_OP', 'dropout is in training mode; call eval() on the model before it is saved');
  }
  return call.tensor('input');
}

/** The mean of the random slopes, which torch uses outside of training. */
function rrelu(call: AtenCall): Result {
  if (call.flag('training')) {
    throw call.error('UNSUPPORTED_OP', 'rrelu is in training mode; call eval() on the model before it is saved');
  }
  return call.build.unary(call.floating('self'), 'leaky_relu', (call.number('lower') + call.number('upper')) / 2);
}

function softmax(log: boolean, negated = false): Translation {
  return (call) => {
    const type = call.type('dtype');
    const given = type === undefined ? call.floating('self') : call.cast(call.tensor('self'), type);
    return call.build.softmax(negated ? call.build.unary(given, 'neg') : given, call.number('dim'), log);
  };
}

const ALPHA_DROPOUTS = ['dropout', 'alpha_dropout', 'feature_dropout', 'feature_alpha_dropout'];

export const activationOperators: Translations = {
  'relu(Tensor self)': (call) => call.build.unary(call.tensor('self'), 'relu'),
  'relu6(Tensor self)': (call) => call.build.unary(call.tensor('self'), 'clip', 0, 6),
  'leaky_relu(Tensor self, float negative_slope=0.01)': unary('leaky_relu', 'negative_slope'),
  'rrelu(Tensor self, float lower=0.125, float upper=0.3333333333333333, bool training=False, any? generator=None)':
    rrelu,
  'rrelu_with_noise(Tensor self, Tensor noise, float lower=0.125, float upper=0.3333333333333333, bool training=False, any? generator=None)':
    rrelu,
  'rrelu_with_noise_functional(Tensor self, Tensor noise, float lower=0.125, float upper=0.3333333333333333, bool training=False, any? generator=None)':
    (call) => [rrelu(call)],
  'prelu(Tensor self, Tensor weight)': prelu,
  '_prelu_kernel(Tensor self, Tensor weight)': prelu,
  'elu(Tensor self, float alpha=1, float scale=1, float input_scale=1)': elu,
  'selu(Tensor self)': named('selu'),
  'celu(Tensor self, float alpha=1.0)': unary('celu', 'alpha'),
  "gelu(Tensor self, *, str approximate='none')": gelu,
  'silu(Tensor self)': unary('silu'),
  'mish(Tensor self)': unary('mish'),
  'sigmoid(Tensor self)': unary('sigmoid'),
  'logit(Tensor self, float? eps=None)': logit,
  'log_sigmoid(Tensor self)': logSigmoid,
  'log_sigmoid_forward(Tensor self)': (call) => [logSigmoid(call)],
  'hardsigmoid(Tensor self)': named('hardsigmoid'),
  'hardswish(Tensor self)': unary('hard_swish'),
  'hardtanh(Tensor self, float min_val=-1, float max_val=1)': (call) =>
    call.build.unary(call.tensor('self'), 'clip', call.number('min_val'), call.number('max_val')),
  'tanh(Tensor self)': unary('tanh'),
  'tanhshrink(Tensor self)': unary('tanh_shrink'),
  'hardshrink(Tensor self, float lambd=0.5)': unary('hard_shrink', 'lambd'),
  'softshrink(Tensor self, float lambd=0.5)': unary('soft_shrink', 'lambd', 'lambd'),
  'softplus(Tensor self, float beta=1, float threshold=20)': named('softplus', 'beta', 'threshold'),
  'softsign(Tensor self)': unary('softsign'),
  'threshold(Tensor self, float threshold, float value)': unary('threshold', 'threshold', 'value'),
  'clamp(Tensor self, Tensor? min=None, Tensor? max=None)': clamp,
  'clip(Tensor self, Tensor? min=None, Tensor? max=None)': clamp,
  'clamp_min(Tensor self, Tensor min, Tensor? max=None)': clamp,
  'clamp_max(Tensor self, Tensor max, Tensor? min=None)': clamp,
  'glu(Tensor self, int dim=-1)': glu,
  'softmax(Tensor self, int dim, int? dtype=None)': softmax(false),
  '_softmax(Tensor self, int dim, bool half_to_float, int? dtype=None)': softmax(false),
  'log_softmax(Tensor self, int dim, int? dtype=None)': softmax(true),
  '_log_softmax(Tensor self, int dim, bool half_to_float, int? dtype=None)': softmax(true),
  'softmin(Tensor self, int dim, int? dtype=None)': softmax(false, true),
  'native_dropout(Tensor input, float p, bool? train)': (call) => [dropout(call)],
  ...Object.fromEntries(ALPHA_DROPOUTS.map((name) => [`${name}(Tensor input, float p, bool train)`, dropout])),
};
