/** Layers that are refused, and what to do instead. */
import { ForwardpassError } from '../../errors.ts';
import { quote } from '../../words.ts';
import type { Config } from './config.ts';

const KERAS_MODULE = /^(tf_|tensorflow\.|tensorflow\.python\.)?keras(\.|$)/;
/** What Keras 2 writes for an object that is no class of its own. */
const CUSTOM_NAME = '>';

/** Throws for a class that is not Keras' own, and for one that runs code of the file's. */
export function refuseForeign(outer: Config, className: string, place: string): void {
  const module = outer.raw('module');
  const registered = outer.raw('registered_name');
  if (className === 'Lambda' || className === '__lambda__') {
    const message = "Lambda is Python code that the file's author wrote, which is never run";
    throw new ForwardpassError('UNSUPPORTED_OP', `${message}; write it with layers of Keras instead`, place);
  }
  if (className === 'function') {
    const name = [module, outer.raw('config')].filter((part) => typeof part === 'string').join('.');
    const message = `names the function ${quote(name)} where a layer belongs; nothing is looked up by such names`;
    throw new ForwardpassError('UNSAFE', message, place);
  }
  const isCustom = typeof registered === 'string' && registered.includes(CUSTOM_NAME);
  if (isCustom) throw custom(registered, place);
  if (typeof module === 'string' && module !== 'builtins' && !KERAS_MODULE.test(module)) {
    const message = `names the class ${quote(`${module}.${className}`)}, which is none of Keras'; nothing is looked up by such names`;
    throw new ForwardpassError('UNSAFE', message, place);
  }
}

function custom(name: string, place: string): ForwardpassError {
  const message = `${quote(name)} is a class of the author's own: what it computes is code, which the file does not hold`;
  return new ForwardpassError('UNSUPPORTED_OP', `${message}; use layers of Keras, or export the model to ONNX`, place);
}

const KINDS: readonly (readonly [names: RegExp, what: string])[] = [
  [/Conv|^UpSampling|^ZeroPadding|^Cropping/, 'works on neighbouring positions, as convolutions do'],
  [/^(Average|Max|AdaptiveAverage|AdaptiveMax)Pooling/, 'works on neighbouring positions, as convolutions do'],
  [/LSTM|GRU|RNN|Bidirectional/, 'is recurrent'],
  [/Attention/, 'is attention'],
  [/^Hash/, 'hashes, which is not read'],
  [/^(TFOpLambda|SlicingOpLambda|TensorFlowOpLayer|OpLambda)$/, 'is a TensorFlow operation and no layer'],
];

/** For a class that is in no table, and for a function of keras.ops that is in none. */
export function unknownLayer(className: string, place: string, isOperation: boolean): ForwardpassError {
  const what = KINDS.find(([names]) => names.test(className))?.[1];
  if (what === undefined && isOperation) {
    const message = `${quote(className)} is a function on tensors that is not read`;
    const hint = 'docs/formats/keras.md lists those that are; export the model to ONNX';
    return new ForwardpassError('UNSUPPORTED_OP', `${message}; ${hint}`, place);
  }
  if (what === undefined) return custom(className, place);
  const hint = 'run such a model with TensorFlow.js or ONNX Runtime';
  return new ForwardpassError('UNSUPPORTED_OP', `${quote(className)} ${what}: no row operation; ${hint}`, place);
}
