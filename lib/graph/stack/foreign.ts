/**
 * Recognises by name tensors that do not belong to a plain stack of layers: those for training, and those of other
 * kinds of layers.
 */
import { ForwardpassError } from '../../errors.ts';
import { quote } from '../../messages.ts';
import { formatShape, type Shape } from '../shapes.ts';

/** The number of batches that a normalising layer has seen. */
const COUNTER = /(^|[./])num_batches_tracked$/;
/** Class weights in a loss. A vector `weight` is one if it belongs to a loss. */
const CLASS_WEIGHTS = /(^|\.)(pos_weights?|class_weights?)$/;
const LOSS_WEIGHT = /(^|\.)(criterion|criteria|loss|losses|loss_fn|loss_func|loss_function)(\.\d+)?\.weight$/;

/** Parts of the names of tensors that checkpoints and metrics store beside a model. */
const KEPT_BESIDE =
  /^(?:(?:train|training|val|valid|validation|test|eval|best|running|last|current|avg|total|num|global)_){0,3}(?:loss|losses|acc|accuracy|auc|auroc|f1|f1_score|mse|mae|rmse|metric|metrics|epoch|epochs|step|steps|iteration|iterations|iter|updates|lr|learning_rate)$/;
const NAMED_BESIDE = new Set([
  ...[
    'rng_state',
    'cuda_rng_state',
    'torch_rng_state',
    'cpu_rng_state',
    'numpy_rng_state',
    'random_state',
    'rng',
    'seed',
  ],
  ...[
    'ema_decay',
    'patience',
    'best_score',
    'val_score',
    'criterion',
    'criteria',
    'loss_fn',
    'loss_func',
    'loss_function',
  ],
]);
const OF_LAYER = /^(weight|bias|kernel|gamma|beta|running_mean|running_var|moving_mean|moving_variance)$/;

/** Whether the tensor is not used in the forward pass. */
export function isOfTraining(name: string, shape: Shape): boolean {
  return (
    isCounter(name) || (shape.length < 2 && (CLASS_WEIGHTS.test(name) || LOSS_WEIGHT.test(name) || isBeside(name)))
  );
}

export function isCounter(name: string): boolean {
  return COUNTER.test(name);
}

function isBeside(name: string): boolean {
  const parts = name.split('.');
  if (OF_LAYER.test(parts[parts.length - 1])) return false;
  return parts.some((part) => NAMED_BESIDE.has(part) || KEPT_BESIDE.test(part));
}

const ROWS = 'only layers that act on each row by itself are read';
const MERGE =
  "its scale (lora_alpha / r) is not in the file: merge it into its base model (peft's merge_and_unload()) and save that, or put peft's adapter_config.json beside a file that contains both";
const DEQUANTIZE = 'save the model before quantisation: forwardpass quantises it itself, with `precision`';
const REMOVE_NORM = 'call torch.nn.utils.remove_weight_norm or remove_spectral_norm on the module before saving';
const REMOVE_PRUNING = "call torch.nn.utils.prune.remove(module, 'weight') before saving";

interface Foreign {
  readonly names: RegExp;
  readonly what: string | ((name: string, tensors: ReadonlyMap<string, Shape>) => string);
  readonly advice: string;
}

const KINDS: readonly Foreign[] = [
  { names: /(^|\.)(weight|bias)_(ih|hh)(_l\d+)?(_reverse)?$/, what: recurrent, advice: ROWS },
  { names: /(^|[./])recurrent_kernel(:0)?$/, what: 'a recurrent layer (LSTM, GRU or SimpleRNN)', advice: ROWS },
  { names: /(^|\.)(in_proj_(weight|bias)|[qkv]_proj_weight|bias_[kv])$/, what: 'attention', advice: ROWS },
  { names: /(^|[./])(depthwise|pointwise)_kernel(:0)?$/, what: 'a separable convolution', advice: ROWS },
  {
    names: /(^|\.)lora_(embedding_)?[AB](\.|$)/,
    what: 'a LoRA adapter, which is added to the weights of a model',
    advice: MERGE,
  },
  { names: /(^|\.)(zero_point$|_packed_params(\.|$))/, what: 'a quantised layer', advice: DEQUANTIZE },
  {
    names: /(weight|bias)_[guv]$/,
    what: 'a weight in parts, as weight_norm and spectral_norm keep it',
    advice: REMOVE_NORM,
  },
  { names: /(weight|bias)_(orig|mask)$/, what: 'a pruned or spectrally normalised weight', advice: REMOVE_PRUNING },
  {
    names: /(^|\.)((exp_avg|exp_avg_sq|momentum_buffer)$|optimizer\.)/,
    what: "an optimiser's state",
    advice: 'save the model itself: its state_dict()',
  },
];

/** Throws if a tensor's name shows that it belongs to another kind of layer. */
export function refuseForeign(tensors: ReadonlyMap<string, Shape>): void {
  for (const name of tensors.keys()) {
    const kind = KINDS.find(({ names }) => names.test(name));
    if (kind === undefined) continue;
    const what = typeof kind.what === 'string' ? kind.what : kind.what(name, tensors);
    const code = kind.advice === ROWS ? 'UNSUPPORTED_OP' : 'ARCHITECTURE';
    throw new ForwardpassError(code, `belongs to ${what}; ${kind.advice}`, `tensor ${quote(name).slice(1, -1)}`);
  }
}

/**
 * Names a recurrent layer by the number of gates for which its weights have rows: each is as wide as the state that
 * `weight_hh` takes.
 */
function recurrent(name: string, tensors: ReadonlyMap<string, Shape>): string {
  const [rows, width] = tensors.get(name.replace(/(weight|bias)_(ih|hh)/, 'weight_hh')) ?? [];
  const gates: Readonly<Record<number, string>> = { 1: 'RNN', 3: 'GRU', 4: 'LSTM' };
  const layer = gates[rows / width];
  return layer === undefined
    ? 'a recurrent layer (LSTM, GRU or RNN)'
    : `a recurrent layer (${layer} of ${formatShape([width])})`;
}
