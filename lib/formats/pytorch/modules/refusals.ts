/** Explanations for unsupported modules: what they are, and what would work. */
import type { ForwardpassError } from '../../../errors.ts';
import type { TorchModule } from './module.ts';

const EXPORT = 'export the model to ONNX (torch.onnx.export), .pt2 (torch.export) or TorchScript (torch.jit)';

/** Why classes of torch.nn are not row operations, by the beginning of their names. */
const KINDS: readonly (readonly [RegExp, string])[] = [
  [/^(Lazy)?Conv|^(Un)?[Ff]old$/, 'is a convolution'],
  [/Pool/, 'pools over neighbours'],
  [/^(RNN|LSTM|GRU)/, 'is recurrent'],
  [/^(Transformer|MultiheadAttention)/, 'is attention'],
  [/^(Upsample|Upsampling|.*Pad\dd|PixelShuffle|PixelUnshuffle|ChannelShuffle)/, 'works on images'],
  [/Loss$/, 'is a loss, which belongs to training'],
  [/^(Bilinear|CosineSimilarity|PairwiseDistance)$/, 'takes two inputs, which a chain of modules cannot give'],
];

/** The error for an unsupported class; `hint` is an alternative for a user-defined class. */
export function refuseModule(module: TorchModule, hint?: string): ForwardpassError {
  const name = module.className;
  const own = /^torch\.(ao\.)?nn\./.test(name) ? name.slice(name.lastIndexOf('.') + 1) : undefined;
  if (/\.quantized\./.test(name)) {
    const hint = 'save the model before quantisation: forwardpass quantises by itself, with the option `precision`';
    return module.unsupported(`${name} is a quantised layer; ${hint}`);
  }
  if (own === undefined) {
    const message = `${name} is a user-defined class: the file contains its parameters, but not the code of its forward pass`;
    return module.unsupported(
      `${message}; ${EXPORT}, or save its state_dict() and give the \`architecture\` option${hint === undefined ? '' : `; or ${hint}`}`,
    );
  }
  if (own === 'ModuleList' || own === 'ModuleDict' || own === 'ParameterList' || own === 'ParameterDict') {
    return module.unsupported(
      `${name} does not define the order in which its modules run; use Sequential, or ${EXPORT}`,
    );
  }
  const kind = KINDS.find(([pattern]) => pattern.test(own));
  if (kind !== undefined)
    return module.unsupported(`${name} ${kind[1]}; only models that process each row independently are supported`);
  return module.unsupported(`${name} is not supported; ${EXPORT}`);
}

/** Hooks that torch itself installs, and how to remove each of them. */
const REMOVED: readonly (readonly [RegExp, string])[] = [
  [/\.WeightNorm$/, 'torch.nn.utils.remove_weight_norm(module)'],
  [/\.SpectralNorm$/, 'torch.nn.utils.remove_spectral_norm(module)'],
  [/^torch\.nn\.utils\.prune\./, "torch.nn.utils.prune.remove(module, 'weight')"],
];

/** The error for a hook that changes the forward pass. */
export function refuseHook(module: TorchModule, hook: string): ForwardpassError {
  const message = `${hook} is hooked into its forward pass, but its code is not in the file`;
  const remove = REMOVED.find(([hooks]) => hooks.test(hook))?.[1];
  return module.unsupported(
    `${message}; remove it${remove === undefined ? '' : ` with ${remove}`} before saving, or ${EXPORT}`,
  );
}
