/** Operator name → translation, by domain, and explanations for refused operators. */

import { docsPage } from '../../../messages.ts';
import type { Translation, Translations } from '../call.ts';
import { constants } from './constants.ts';
import { elementwise, microsoftElementwise } from './elementwise.ts';
import { indexing } from './indexing.ts';
import { linear, microsoftLinear } from './linear.ts';
import { microsoftNormalization, normalization } from './normalization.ts';
import { padding } from './padding.ts';
import { reduction } from './reduction.ts';
import { shaping } from './shape.ts';

const table = (...groups: readonly Translations[]) => new Map(groups.flatMap((group) => Object.entries(group)));

/** Domains; `ai.onnx` is the empty string. What most networks are made of is here from the start. */
const DOMAINS: ReadonlyMap<string, Map<string, Translation>> = new Map([
  ['', table(elementwise, linear, normalization, shaping, indexing, padding, constants, reduction)],
  ['com.microsoft', table(microsoftElementwise, microsoftLinear, microsoftNormalization)],
  ['ai.onnx.ml', table()],
]);

/** The rest of each domain, half of this reader, is opened for the first operator that is not above. */
const LATER: ReadonlyMap<string, () => Promise<Translations>> = new Map([
  ['', async () => (await import('./less-common.ts')).lessCommon],
  ['com.microsoft', async () => (await import('./less-common.ts')).microsoftLessCommon],
  ['ai.onnx.ml', async () => (await import('./machine-learning/table.ts')).machineLearning],
]);

/** Opens what translates the operator, where it is not open yet. */
export function openTranslation(domain: string, opType: string): Promise<void> | undefined {
  const [open, later] = [DOMAINS.get(domain), LATER.get(domain)];
  if (open === undefined || later === undefined || open.has(opType)) return undefined;
  return later().then((rest) => {
    for (const [name, translation] of Object.entries(rest)) open.set(name, translation);
  });
}

/** Once {@link openTranslation} is through. */
export function translationOf(domain: string, opType: string): Translation | undefined {
  return DOMAINS.get(domain)?.get(opType);
}

/** Operators that move, compare or look up words; all others take only numbers. */
const TAKES_WORDS: ReadonlySet<string> = new Set([
  ...[
    'Identity',
    'Cast',
    'CastLike',
    'Reshape',
    'Flatten',
    'Squeeze',
    'Unsqueeze',
    'Transpose',
    'Expand',
    'Shape',
    'Size',
  ],
  ...['Concat', 'Split', 'Slice', 'Gather', 'GatherND', 'Tile', 'Equal', 'Where'],
  ...['ArrayFeatureExtractor', 'OneHotEncoder', 'LabelEncoder', 'CategoryMapper', 'TfIdfVectorizer'],
]);

export function takesWords(opType: string): boolean {
  return TAKES_WORDS.has(opType);
}

/** Operators on a value whose batch is merged with another axis; they treat that axis like any batch. */
const TAKES_MERGED: ReadonlySet<string> = new Set([
  ...Object.keys(elementwise),
  ...Object.keys(microsoftElementwise),
  ...Object.keys(reduction),
  ...['Gemm', 'MatMul', 'FusedMatMul', 'FusedGemm', 'Softmax', 'LogSoftmax'],
  ...['LayerNormalization', 'RMSNormalization', 'BatchNormalization'],
  ...['Reshape', 'Flatten', 'Shape', 'Size', 'Squeeze', 'Unsqueeze', 'Transpose'],
  ...['Concat', 'Split', 'Slice', 'Gather', 'OneHot', 'ArrayFeatureExtractor'],
  ...['Scaler', 'Imputer', 'Normalizer', 'Binarizer', 'LabelEncoder'],
]);

export function takesMerged(opType: string): boolean {
  return TAKES_MERGED.has(opType);
}

/** The same for whole batches that follow one another. */
const TAKES_STACKED: ReadonlySet<string> = new Set([
  ...Object.keys(elementwise),
  ...Object.keys(microsoftElementwise),
  ...['Gemm', 'MatMul', 'FusedMatMul', 'FusedGemm', 'Softmax', 'LogSoftmax', 'LayerNormalization', 'RMSNormalization'],
  ...['Reshape', 'Shape', 'Transpose', 'Split', 'Slice'],
]);

export function takesStacked(opType: string): boolean {
  return TAKES_STACKED.has(opType);
}

const ROW_MODELS =
  'forwardpass runs row models: linear models, multilayer perceptrons, embeddings and their preprocessing';
const RUN_ELSEWHERE = `${ROW_MODELS}; run this one with onnxruntime-node`;

/** The first pattern that matches the operator's name applies. */
const REFUSALS: readonly (readonly [RegExp, string])[] = [
  [
    /Conv|Pool|Deform|^Col2Im$|^Resize$|^Upsample$|^RoiAlign$|^GridSample$/,
    `belongs to a convolutional network. ${RUN_ELSEWHERE}`,
  ],
  [/^(LSTM|GRU|RNN)$/, `is recurrent. ${RUN_ELSEWHERE}`],
  [/Attention|^RotaryEmbedding$|^TensorScatter$/, `belongs to a transformer. ${RUN_ELSEWHERE}`],
  [/^Random|^Multinomial$|^Bernoulli$/, 'is random, which a forward pass must not be'],
  [/^Tokenizer$|^StringNormalizer$|^String|^Regex/, 'splits text, which no row operation does'],
  [/^DictVectorizer$|^CastMap$/, 'takes a dictionary; forwardpass takes tensors: give the features as columns'],
  [
    /Quantize|^QLinear|^QAttention$|^QOrdered|^MatMul.*Q/,
    `belongs to a quantised model and is not supported; ${docsPage('onnx')} lists these operators. ${RUN_ELSEWHERE}`,
  ],
];

/** The predicate of a message whose subject is the operator. */
export function refusal(opType: string): string {
  const known = REFUSALS.find(([pattern]) => pattern.test(opType));
  if (known) return known[1];
  return `is not a row operation that forwardpass supports; ${docsPage('onnx')} lists these operators. ${RUN_ELSEWHERE}`;
}
