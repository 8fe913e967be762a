/** A model's description, independent of the Keras version that wrote it: layers and their calls. */
import { type Config, isObject } from './config.ts';

/** Result number `tensor` of call number `call` of a layer in the same model. */
export class Ref {
  constructor(
    readonly layer: string,
    readonly call: number,
    readonly tensor: number,
    /** The shape of a batch, if the description has it; it is not checked. */
    readonly shape?: unknown,
  ) {}
}

/** A tensor, a list or a dictionary of them, or a plain value. */
export type Argument<T> = T | readonly Argument<T>[] | { readonly [key: string]: Argument<T> } | PlainValue;
export type PlainValue = string | number | boolean | undefined | Serialized;

/** An object of the description that represents a Python value: a slice or an array. */
export class Serialized {
  constructor(
    readonly className: string,
    readonly config: Config,
  ) {}
}

/** A dictionary in the file: never a tensor, whatever its keys are. */
export class Dictionary {}

/** Replaces each tensor in the argument. */
export function mapRefs<T>(argument: Argument<Ref>, change: (ref: Ref) => T): Argument<T> {
  if (argument instanceof Ref) return change(argument);
  if (Array.isArray(argument)) return argument.map((item) => mapRefs(item, change));
  if (!isObject(argument) || argument instanceof Serialized) return argument as PlainValue;
  const entries = Object.entries(argument).map(([key, item]) => [key, mapRefs(item as Argument<Ref>, change)]);
  return Object.setPrototypeOf(Object.fromEntries(entries), Dictionary.prototype);
}

export interface CallArguments {
  readonly args: readonly Argument<Ref>[];
  readonly kwargs: ReadonlyMap<string, Argument<Ref>>;
}

export interface LayerSpec {
  readonly name: string;
  readonly className: string;
  readonly config: Config;
  /** For messages: `layer encoder/dense_1 (Dense)`. */
  readonly place: string;
  /** Whether it is a function of keras.ops called on tensors, not a layer; some of them share a layer's name. */
  readonly isOperation: boolean;
  /** Layer names, from the outermost model to this layer. */
  readonly trail: readonly string[];
  /** Where Keras 3 stores its weights: `layers/sequential/layers/dense_1`. */
  readonly path: string;
  readonly isTrainable: boolean;
  /** For a user-defined layer whose function the caller supplies: the name of that function. */
  readonly own?: string;
  /** Whether the caller may supply a function for it if it is not supported. */
  readonly isGivable?: boolean;
  /** The input shapes that it was built for, according to the description. */
  readonly takes?: unknown;
  /** For a user-defined layer, its description. */
  readonly described?: Readonly<Record<string, unknown>>;
  readonly model?: ModelSpec;
  readonly calls: readonly CallArguments[];
}

export interface ModelSpec {
  readonly name: string;
  readonly layers: readonly LayerSpec[];
  readonly inputs: Argument<Ref>;
  readonly outputs: Argument<Ref>;
}
