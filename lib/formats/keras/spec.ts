/** A model's description, whichever version of Keras wrote it: layers, and how they call one another. */
import { type Config, isObject } from './config.ts';

/** The `tensor`-th result of the `call`-th call of a layer of the same model. */
export class Ref {
  constructor(
    readonly layer: string,
    readonly call: number,
    readonly tensor: number,
    /** Of a batch, where the description says it; it is not checked. */
    readonly shape?: unknown,
  ) {}
}

/** A tensor, a list or a dictionary of them, or a plain value. */
export type Argument<T> = T | readonly Argument<T>[] | { readonly [key: string]: Argument<T> } | PlainValue;
export type PlainValue = string | number | boolean | undefined | Serialized;

/** An object of the description that stands for a Python value: a slice, an array. */
export class Serialized {
  constructor(
    readonly className: string,
    readonly config: Config,
  ) {}
}

/** A dictionary of the file: whatever its keys are, no tensor. */
export class Dictionary {}

/** The argument with another tensor in place of each. */
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
  /** A function of keras.ops that was called on tensors, rather than a layer; some have a layer's name. */
  readonly isOperation: boolean;
  /** Names from the outermost model's layer to this one. */
  readonly trail: readonly string[];
  /** Where Keras 3 keeps its weights: `layers/sequential/layers/dense_1`. */
  readonly path: string;
  readonly isTrainable: boolean;
  /** For a layer of the author's own for which the caller has a function: its name. */
  readonly own?: string;
  /** Whether the caller may give what it does, where it is not read. */
  readonly isGivable?: boolean;
  /** What it was built for, as the description has it. */
  readonly takes?: unknown;
  /** Of a layer of the author's own, its description. */
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
