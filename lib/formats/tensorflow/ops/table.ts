/** Operator name → translation, and explanations for refused operators. */
import { ForwardpassError } from '../../../errors.ts';
import { docsPage } from '../../../messages.ts';
import type { Translation, Translations } from '../call.ts';
import type { NodeDef } from '../proto.ts';
import { bits } from './bits.ts';
import { elementwise } from './elementwise.ts';
import { indexing } from './indexing.ts';
import { linear } from './linear.ts';
import { lookup } from './lookup.ts';
import { normalization } from './normalization.ts';
import { padding } from './padding.ts';
import { shaping } from './shape.ts';
import { sorting } from './sorting.ts';
import { sources } from './sources.ts';
import { stridedSlice } from './strided-slice.ts';
import { texts } from './texts.ts';

const GROUPS: readonly Translations[] = [
  elementwise,
  bits,
  linear,
  normalization,
  shaping,
  indexing,
  padding,
  lookup,
  sorting,
  sources,
  texts,
  { StridedSlice: stridedSlice },
];

const TRANSLATIONS: ReadonlyMap<string, Translation> = new Map(GROUPS.flatMap((group) => Object.entries(group)));

export function translationOf(op: string): Translation | undefined {
  return TRANSLATIONS.get(op);
}

const ROW_MODELS =
  'forwardpass runs row models: linear models, multilayer perceptrons, embeddings and their preprocessing';
const RUN_ELSEWHERE = `${ROW_MODELS}; run this one with @tensorflow/tfjs-node or TensorFlow Serving`;

/** The first pattern that matches the operator's name applies. */
const REFUSALS: readonly (readonly [RegExp, string])[] = [
  [
    /Conv|Pool|Dilation2D|ResizeBi|ResizeNear|^SpaceTo|^DepthTo|^BatchTo/,
    `belongs to a convolutional network. ${RUN_ELSEWHERE}`,
  ],
  [/RNN|LSTM|GRU/, `is recurrent. ${RUN_ELSEWHERE}`],
  [
    /^(Stateless)?While$|^(Ref)?(Enter|Exit|NextIteration|LoopCond)$|^For$|^MapDefun$|^TensorList|^TensorArray/,
    `is control flow of a loop or a recurrent layer. ${RUN_ELSEWHERE}`,
  ],
  [/Random|^Multinomial$|^StatelessMultinomial$/, 'is random, which a forward pass must not be'],
  [/Tree|Forest|DecisionForest|^SimpleML/, `belongs to a tree ensemble. ${RUN_ELSEWHERE}`],
  [
    /^Parse(Single)?(Sequence)?Example|^DecodeCSV|^DecodeJSON/,
    'parses serialized examples; export the model with a signature of plain tensors',
  ],
  [
    /^String|^RegexReplace$|^StaticRegex|^AsString$|^Substr$|^Unicode/,
    'processes text in an unsupported way; give the model unchanged words that it looks up, or numbers',
  ],
  [/^Sparse|^Ragged/, 'takes sparse or ragged tensors; give the model dense ones'],
  [/TextFile/, 'is a lookup table that reads a file; make the table from a list of words'],
  [
    /Quantize|^Quantized|^Requantize/,
    `belongs to a quantised model. Convert it to TFLite, whose quantised models are supported`,
  ],
  [/^RestoreV2$|^Restore|^Save|Checkpoint/, 'reads or writes a checkpoint, which is not part of a forward pass'],
];

/** The error for an operator that a model needs and that is not supported. */
export function refusal(node: NodeDef, place: string): ForwardpassError {
  const known = REFUSALS.find(([pattern]) => pattern.test(node.op));
  const words =
    known?.[1] ??
    `is not a row operation that forwardpass supports; ${docsPage('formats/tensorflow')} lists these operators. ${RUN_ELSEWHERE}`;
  return new ForwardpassError('UNSUPPORTED_OP', `${node.op.slice(0, 200)} ${words}`, place);
}
