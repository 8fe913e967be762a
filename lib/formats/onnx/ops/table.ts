/** Operator name → translation, by domain, and words for those that are refused. */
import type { Translation, Translations } from '../call.ts';
import { blocks } from './blocks.ts';
import { constants } from './constants.ts';
import { elementwise, microsoftElementwise } from './elementwise.ts';
import { indexing } from './indexing.ts';
import { linear, microsoftLinear } from './linear.ts';
import { normalization } from './normalization.ts';
import { padding } from './padding.ts';
import { reduction } from './reduction.ts';
import { shaping } from './shape.ts';

function table(...groups: readonly Translations[]): ReadonlyMap<string, Translation> {
  return new Map(groups.flatMap((group) => Object.entries(group)));
}

/** Domains; `ai.onnx` is written as the empty one. */
const DOMAINS: ReadonlyMap<string, ReadonlyMap<string, Translation>> = new Map([
  ['', table(elementwise, linear, normalization, shaping, indexing, padding, blocks, constants, reduction)],
  ['com.microsoft', table(microsoftElementwise, microsoftLinear)],
]);

export function translationOf(domain: string, opType: string): Translation | undefined {
  return DOMAINS.get(domain)?.get(opType);
}

const ROW_MODELS =
  'forwardpass runs row models: linear models, multilayer perceptrons, embeddings and their preprocessing';
const RUN_ELSEWHERE = `${ROW_MODELS}; run this one with onnxruntime-node`;

/** By the first pattern that the operator's name matches. */
const REFUSALS: readonly (readonly [RegExp, string])[] = [
  [
    /Conv|Pool|Deform|^Col2Im$|^Resize$|^Upsample$|^RoiAlign$|^GridSample$/,
    `is of a convolutional network. ${RUN_ELSEWHERE}`,
  ],
  [/^(LSTM|GRU|RNN|Scan|Loop)$/, `is recurrent. ${RUN_ELSEWHERE}`],
  [/Attention|^RotaryEmbedding$|^TensorScatter$/, `is of a transformer. ${RUN_ELSEWHERE}`],
  [/^TreeEnsemble|^SVM/, `is of a tree ensemble or a kernel machine. ${RUN_ELSEWHERE}`],
  [/^Random|^Multinomial$|^Bernoulli$/, 'is random, and a forward pass is not'],
  [
    /Quantize|^MatMulInteger$|^QLinear|^QGemm$/,
    'is of a quantised model, which is not read yet; export the model in float32',
  ],
];

const MACHINE_LEARNING = 'is of ai.onnx.ml, which is not read yet; run this one with onnxruntime-node';

/** The predicate of a message whose subject is the operator. */
export function refusal(domain: string, opType: string): string {
  const known = REFUSALS.find(([pattern]) => pattern.test(opType));
  if (known) return known[1];
  if (domain === 'ai.onnx.ml') return MACHINE_LEARNING;
  return `is not a row operation known here; docs/onnx.md lists those that are. ${RUN_ELSEWHERE}`;
}
