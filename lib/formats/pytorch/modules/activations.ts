/** Activation modules: each becomes an activation by name, with the module's settings. */
import type { Activation } from '../../../graph/architecture.ts';
import { elementCount } from '../../../graph/shapes.ts';
import type { Chain, Translate } from './chain.ts';
import type { TorchModule } from './module.ts';

type Settings = Record<string, number | string | boolean>;

/** `settings`: by the setting's name, the attribute, and its value if an older torch had no such attribute. */
function activation(name: string, settings: Readonly<Record<string, readonly [string, number?]>> = {}): Translate {
  return (module, chain) => {
    const given = Object.entries(settings).map(([setting, [attribute, fallback]]) => [
      setting,
      module.number(attribute, fallback),
    ]);
    apply(module, chain, { name, ...(Object.fromEntries(given) as Settings) });
  };
}

function apply(module: TorchModule, chain: Chain, chosen: Activation): void {
  chain.add(module, { type: 'activation', activation: chosen });
}

/** Along an axis; without a dim, the one that torch chooses by the number of axes, including the batch. */
function alongDim(name: string): Translate {
  return (module, chain) => {
    const rank = chain.shape.length + 1;
    const dim = module.has('dim') ? module.number('dim') : [0, 1, 3].includes(rank) ? 0 : 1;
    apply(module, chain, { name, axis: chain.axis(module, dim) });
  };
}

const glu: Translate = (module, chain) => {
  const axis = chain.axis(module, module.number('dim', -1));
  apply(module, chain, { name: 'glu', axis });
  chain.shape = chain.shape.with(axis, chain.shape[axis] / 2);
};

/** One slope for all, or one for each channel, which is the first axis of a row. */
const prelu: Translate = (module, chain) => {
  const isOne = elementCount(chain.shapeOf(module, 'weight') ?? []) === 1;
  const value = isOne ? undefined : chain.perChannel(module, 'weight');
  chain.add(module, { type: 'prelu', value: value ?? chain.required(module, 'weight') });
};

const gelu: Translate = (module, chain) => {
  apply(module, chain, { name: 'gelu', approximate: module.text('approximate', 'none') });
};

export const ACTIVATIONS: Readonly<Record<string, Translate>> = {
  ReLU: activation('relu'),
  ReLU6: activation('relu6'),
  LeakyReLU: activation('leaky_relu', { alpha: ['negative_slope'] }),
  PReLU: prelu,
  RReLU: activation('rrelu', { lower: ['lower'], upper: ['upper'] }),
  Threshold: activation('threshold', { threshold: ['threshold'], value: ['value'] }),
  ELU: activation('elu', { alpha: ['alpha'] }),
  SELU: activation('selu'),
  CELU: activation('celu', { alpha: ['alpha'] }),
  GELU: gelu,
  SiLU: activation('silu'),
  Mish: activation('mish'),
  Sigmoid: activation('sigmoid'),
  LogSigmoid: activation('log_sigmoid'),
  Hardsigmoid: activation('hard_sigmoid'),
  Hardswish: activation('hard_swish'),
  Hardtanh: activation('hard_tanh', { min: ['min_val', -1], max: ['max_val', 1] }),
  Hardshrink: activation('hard_shrink', { lambda: ['lambd'] }),
  Softshrink: activation('soft_shrink', { lambda: ['lambd'] }),
  Tanh: activation('tanh'),
  Tanhshrink: activation('tanh_shrink'),
  Softplus: activation('softplus', { beta: ['beta', 1], threshold: ['threshold', 20] }),
  Softsign: activation('softsign'),
  Softmax: alongDim('softmax'),
  Softmin: alongDim('softmin'),
  LogSoftmax: alongDim('log_softmax'),
  GLU: glu,
};
