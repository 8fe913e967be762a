/** The ATen operators by name, in all their forms, and explanations for refused ones. */
import type { Translation } from './call.ts';
import { activationOperators } from './operators/activations.ts';
import { arithmeticOperators } from './operators/arithmetic.ts';
import { bagOperators } from './operators/bags.ts';
import { creationOperators } from './operators/creation.ts';
import { indexingOperators } from './operators/indexing.ts';
import { linearOperators } from './operators/linear.ts';
import { lookupOperators } from './operators/lookup.ts';
import { normalizationOperators } from './operators/normalization.ts';
import { reductionOperators } from './operators/reduction.ts';
import { shapeOperators } from './operators/shape.ts';
import { sortingOperators } from './operators/sorting.ts';
import { parseSignature, type Signature } from './signature.ts';

export interface Form {
  readonly signature: Signature;
  readonly translation: Translation;
}

const GROUPS = [
  arithmeticOperators,
  activationOperators,
  linearOperators,
  normalizationOperators,
  reductionOperators,
  sortingOperators,
  shapeOperators,
  indexingOperators,
  lookupOperators,
  bagOperators,
  creationOperators,
];

const FORMS = new Map<string, Form[]>();
for (const [text, translation] of GROUPS.flatMap((group) => Object.entries(group))) {
  const signature = parseSignature(text);
  const forms = FORMS.get(signature.name) ?? [];
  forms.push({ signature, translation });
  FORMS.set(signature.name, forms);
}

/** Aliases of operators. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['absolute', 'abs'],
  ['negative', 'neg'],
  ['subtract', 'sub'],
  ['multiply', 'mul'],
  ['divide', 'div'],
  ['true_divide', 'div'],
  ['greater', 'gt'],
  ['greater_equal', 'ge'],
  ['less', 'lt'],
  ['less_equal', 'le'],
  ['not_equal', 'ne'],
  ['fix', 'trunc'],
  ['special_expit', 'sigmoid'],
  ['concat', 'cat'],
  ['concatenate', 'cat'],
  ['linalg_matmul', 'matmul'],
  ['arcsin', 'asin'],
  ['arccos', 'acos'],
  ['arctan', 'atan'],
  ['arcsinh', 'asinh'],
  ['arccosh', 'acosh'],
  ['arctanh', 'atanh'],
  ['arctan2', 'atan2'],
  ['special_xlogy', 'xlogy'],
]);

/** The canonical name of an operator that has aliases. */
export function canonicalName(name: string): string {
  return ALIASES.get(name) ?? name.replace(/^special_/, '');
}

/** The forms of an operator, in the order in which they are tried; undefined for an unknown operator. */
export function formsOf(name: string): readonly Form[] | undefined {
  return FORMS.get(name);
}

/** Operators whose result may share memory with their first tensor. */
export const VIEWS: ReadonlySet<string> = new Set([
  ...['view', 'view_as', '_unsafe_view', 'reshape', 'reshape_as', 'flatten', 'unflatten', 'squeeze', 'unsqueeze'],
  ...['permute', 'transpose', 'swapaxes', 'swapdims', 'movedim', 't', 'numpy_T', 'expand', 'expand_as', 'broadcast_to'],
  ...['select', 'slice', 'narrow', 'split', 'split_with_sizes', 'chunk', 'tensor_split', 'unbind'],
  ...['contiguous', 'alias', 'detach', 'lift_fresh', 'positive', 'requires_grad_', 'cpu', 'to', 'type_as'],
  ...['float', 'double', 'long', 'dropout', 'alpha_dropout', 'feature_dropout', 'feature_alpha_dropout'],
]);

/** Operators that do not depend on how the axes before the last are merged, or that separate them again. */
const MERGEABLE: ReadonlySet<string> = new Set([
  ...[arithmeticOperators, activationOperators, reductionOperators, bagOperators].flatMap((group) =>
    Object.keys(group).map((text) => parseSignature(text).name),
  ),
  ...['view', '_unsafe_view', 'reshape', 'linear', 'addmm', 'mm', 'matmul'],
  ...['embedding', 'layer_norm', 'native_layer_norm', 'rms_norm', '_fused_rms_norm'],
  ...['clone', 'contiguous', 'detach', 'alias', 'to', '_to_copy', 'type_as'],
]);

/**
 * Whether the operator takes tensors whose batch is merged with another axis, such as [batch, 8, 5] viewed as [8·batch,
 * 5].
 */
export function takesMerged(name: string): boolean {
  return MERGEABLE.has(name);
}

const ROW_MODELS =
  'forwardpass runs row models: linear models, multilayer perceptrons, embeddings and their preprocessing';
const RUN_ELSEWHERE = `${ROW_MODELS}; export this one to ONNX and run it with onnxruntime-node`;

/** The first pattern that matches the operator's name applies. */
const REFUSALS: readonly (readonly [RegExp, string])[] = [
  [/conv|pool|^unfold$|^fold$|im2col|upsample|interpolate|grid_sampler|pixel_/, 'belongs to a convolutional network'],
  [/lstm|gru|^rnn|_cell$/, 'is recurrent'],
  [/attention|^_transformer/, 'belongs to a transformer'],
  [/^fft_|^stft$|^istft$/, 'belongs to a Fourier transform'],
  [/quantize|^q_/, 'belongs to a quantised model'],
  [
    /^rand|^normal|^bernoulli|^multinomial|^uniform|^poisson|^exponential$/,
    'is random, which a forward pass must not be',
  ],
  [/^unique|^nonzero$|^masked_select$/, 'gives a number of results that depends on their values'],
  [/^index_put|^scatter|^copy$|^fill$|^zero$|_scatter$/, 'writes into a part of a tensor'],
];

/** The predicate of a message whose subject is the operator. */
export function refusal(name: string): string {
  const known = REFUSALS.find(([pattern]) => pattern.test(name));
  return `${known ? known[1] : 'is not a row operation known here'}. ${RUN_ELSEWHERE}`;
}
