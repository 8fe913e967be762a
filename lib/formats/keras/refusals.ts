/** Layers that are refused, and what to do instead. */
import { ForwardpassError } from '../../errors.ts';
import { docsPage, quote } from '../../messages.ts';
import { stubOf } from '../own/stub.ts';
import type { Config } from './config.ts';

const KERAS_MODULE = /^(tf_|tensorflow\.|tensorflow\.python\.)?keras(\.|$)/;
/** What Keras 2 writes for an object that is not its own class. */
const CUSTOM_NAME = '>';

/** For what runs Python code of the author's: what Keras writes of it, and what would be read. */
export const EXPORT = "model.export('folder') in Keras writes a SavedModel, which holds its operations and is read";

/** Throws for a class that is not Keras' own, and for one that runs code of the file's; `hint` is what else there is to do. */
export function refuseForeign(outer: Config, className: string, place: string, hint?: string): void {
  const remedy = hint === undefined ? EXPORT : `${EXPORT}; or ${hint}`;
  const module = outer.raw('module');
  const registered = outer.raw('registered_name');
  if (className === 'Lambda' || className === '__lambda__') {
    const message = "Lambda is Python code that the file's author wrote, which is never run";
    throw new ForwardpassError('UNSUPPORTED_OP', `${message}; ${remedy}`, place);
  }
  if (className === 'function') {
    const name = [module, outer.raw('config')].filter((part) => typeof part === 'string').join('.');
    const message = `names the function ${quote(name)} where a layer belongs; nothing is looked up by such names`;
    throw new ForwardpassError('UNSAFE', message, place);
  }
  const isCustom = typeof registered === 'string' && registered.includes(CUSTOM_NAME);
  if (isCustom) throw custom(registered, place, remedy);
  if (typeof module === 'string' && module !== 'builtins' && !KERAS_MODULE.test(module)) {
    const message = `names the class ${quote(`${module}.${className}`)}, which is not a class of Keras; such names are never resolved. Where it is a layer of your own, ${remedy}`;
    throw new ForwardpassError('UNSAFE', message, place);
  }
}

/** Of a class of which the file has nothing but the name. */
function stub(name: string): string {
  const takes = 'columns of numbers, one for each element of a row';
  const gives = 'columns for the layer behind it, an array of one value for each row';
  return stubOf({ name, takes, attributes: {}, gives, result: 'columns', context: '{ attributes, numbers }' }, []);
}

function custom(name: string, place: string, remedy = EXPORT): ForwardpassError {
  const message = `${quote(name)} is a class of the author's own: what it computes is code, which the file does not hold`;
  return new ForwardpassError('UNSUPPORTED_OP', `${message}; ${remedy}`, place);
}

const NEIGHBOURS = 'works on neighbouring positions, as convolutions do';
const IMAGES = 'works on images';

/** What classes of Keras do that is not a row operation, or is not read. */
const KINDS: readonly (readonly [names: RegExp, what: string])[] = [
  [/Conv|^UpSampling|^ZeroPadding|^Cropping|^LocallyConnected/, NEIGHBOURS],
  [/^(Average|Max|AdaptiveAverage|AdaptiveMax)Pooling/, NEIGHBOURS],
  [/LSTM|GRU|RNN|Bidirectional/, 'is recurrent'],
  [/Attention/, 'is attention'],
  [/^(TFOpLambda|SlicingOpLambda|TensorFlowOpLayer|OpLambda)$/, 'is a TensorFlow operation and no layer'],
  [
    /^Random(?!Normal|Uniform)|^(CenterCrop|Resizing|Solarization|Equalization|AutoContrast|MaxNumBoundingBoxes)$/,
    IMAGES,
  ],
  [/^(RandAugment|AugMix|CutMix|MixUp|Pipeline)$/, IMAGES],
  [/Spectrogram$/, 'works on sound'],
];

/** Classes of Keras that are row operations and not read, some of old versions, and that run code of other frameworks. */
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

/** For a class that is in no table, and for a function of keras.ops that is in none. */
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
    const hint = `${docsPage('formats/keras')} lists those that are; ${EXPORT}`;
    return refuse(`${quote(className)} is a function on tensors that is not read`, hint);
  }
  if (what === undefined && !NOT_READ.has(className)) {
    return custom(className, place, isGivable ? `${EXPORT}; or ${stub(className)}` : EXPORT);
  }
  const hint = 'run such a model with TensorFlow.js or ONNX Runtime';
  if (what !== undefined) return refuse(`${quote(className)} ${what}: no row operation`, hint);
  return refuse(`${quote(className)} is a layer of Keras that is not read`, EXPORT);
}
