/** Refused layers, and what to do instead. */
import { ForwardpassError } from '../../errors.ts';
import { docsPage, quote } from '../../messages.ts';
import { stubOf } from '../own/stub.ts';
import type { Config } from './config.ts';

const KERAS_MODULE = /^(tf_|tensorflow\.|tensorflow\.python\.)?keras(\.|$)/;
/** The separator with which Keras 2 writes the name of a custom object. */
const CUSTOM_NAME = '>';

/** The advice for layers that run user-defined Python code: which file of Keras would be supported. */
export const EXPORT =
  "model.export('folder') in Keras writes a SavedModel, which contains its operations and is supported";

/** Throws for a class that is not Keras' own, and for one that runs code from the file; `hint` is alternative advice. */
export function refuseForeign(outer: Config, className: string, place: string, hint?: string): void {
  const remedy = hint === undefined ? EXPORT : `${EXPORT}; or ${hint}`;
  const module = outer.raw('module');
  const registered = outer.raw('registered_name');
  if (className === 'Lambda' || className === '__lambda__') {
    const message = "Lambda is Python code that the file's author wrote, which is not run";
    throw new ForwardpassError('UNSUPPORTED_OP', `${message}; ${remedy}`, place);
  }
  if (className === 'function') {
    const name = [module, outer.raw('config')].filter((part) => typeof part === 'string').join('.');
    const message = `has the function ${quote(name)} where a layer is expected; such names are never resolved`;
    throw new ForwardpassError('UNSAFE', message, place);
  }
  const isCustom = typeof registered === 'string' && registered.includes(CUSTOM_NAME);
  if (isCustom) throw custom(registered, place, remedy);
  if (typeof module === 'string' && module !== 'builtins' && !KERAS_MODULE.test(module)) {
    const message = `names the class ${quote(`${module}.${className}`)}, which is not a class of Keras; such names are never resolved. If it is your own layer, ${remedy}`;
    throw new ForwardpassError('UNSAFE', message, place);
  }
}

/** A stub for a class of which only the name is in the file. */
function stub(name: string): string {
  const takes = 'columns of numbers, one for each element of a row';
  const gives = 'columns for the layer that follows it, an array of one value for each row';
  return stubOf({ name, takes, attributes: {}, gives, result: 'columns', context: '{ attributes, numbers }' }, []);
}

function custom(name: string, place: string, remedy = EXPORT): ForwardpassError {
  const message = `${quote(name)} is a user-defined class, whose code is not in the file`;
  return new ForwardpassError('UNSUPPORTED_OP', `${message}; ${remedy}`, place);
}

const NEIGHBOURS = 'works on neighbouring positions, as convolutions do';
const IMAGES = 'works on images';

/** Why classes of Keras are refused: what they do is not a row operation, or is not supported. */
const KINDS: readonly (readonly [names: RegExp, what: string])[] = [
  [/Conv|^UpSampling|^ZeroPadding|^Cropping|^LocallyConnected/, NEIGHBOURS],
  [/^(Average|Max|AdaptiveAverage|AdaptiveMax)Pooling/, NEIGHBOURS],
  [/LSTM|GRU|RNN|Bidirectional/, 'is recurrent'],
  [/Attention/, 'is attention'],
  [/^(TFOpLambda|SlicingOpLambda|TensorFlowOpLayer|OpLambda)$/, 'is a TensorFlow operation, not a layer'],
  [
    /^Random(?!Normal|Uniform)|^(CenterCrop|Resizing|Solarization|Equalization|AutoContrast|MaxNumBoundingBoxes)$/,
    IMAGES,
  ],
  [/^(RandAugment|AugMix|CutMix|MixUp|Pipeline)$/, IMAGES],
  [/Spectrogram$/, 'works on audio'],
];

/**
 * Classes of Keras that are row operations but not supported: some are from old versions, some run code of other
 * frameworks.
 */
const NOT_READ: ReadonlySet<string> = new Set([
  'SpectralNormalization',
  'ReversibleEmbedding',
  'FeatureSpace',
  'Wrapper',
  'Merge',
  'SyncBatchNormalization',
  'TFSMLayer',
  'TorchModuleWrapper',
  'JaxLayer',
  'FlaxLayer',
]);

/** For a class or a function of keras.ops that is in no table. */
export function unknownLayer(
  className: string,
  place: string,
  isOperation: boolean,
  isGivable = false,
): ForwardpassError {
  const refuse = (message: string, hint: string) =>
    new ForwardpassError('UNSUPPORTED_OP', `${message}; ${hint}`, place);
  const what = KINDS.find(([names]) => names.test(className))?.[1];
  if (what === undefined && isOperation) {
    const hint = `${docsPage('formats/keras')} lists the supported ones; ${EXPORT}`;
    return refuse(`${quote(className)} is an unsupported function of keras.ops`, hint);
  }
  if (what === undefined && !NOT_READ.has(className)) {
    return custom(className, place, isGivable ? `${EXPORT}; or ${stub(className)}` : EXPORT);
  }
  const hint = 'run such a model with TensorFlow.js or ONNX Runtime';
  if (what !== undefined) return refuse(`${quote(className)} ${what}, which is not a row operation`, hint);
  return refuse(`${quote(className)} is a layer of Keras that is not supported`, EXPORT);
}
