/**
 * What users write to describe a network: to {@link define} one from their own parameters, or to say how the tensors of
 * a file of only parameters belong together. docs/define.md explains every layer.
 */
import type { BagMode, BinaryName, DType, NormName, ReduceName, SoftmaxName, UnaryName } from './graph.ts';

/** Nested arrays, outermost axis first. */
export type NestedNumbers = readonly (number | NestedNumbers)[];

/** A typed array of numbers, in row-major order. */
export type NumberArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array;

/**
 * Parameters: one number, nested arrays, a flat array in row-major order, a flat array with its shape, or the name
 * of a tensor in the file.
 */
export type Values =
  | number
  | NestedNumbers
  | NumberArray
  | { readonly shape: readonly number[]; readonly data: readonly number[] | NumberArray }
  | string;

/**
 * An activation by its name in ONNX, Keras or torch, whatever its case and underscores, or with settings:
 * `'relu'`, `'LeakyReLU'`, `{ name: 'leaky_relu', alpha: 0.2 }`. docs/define.md lists names, settings and defaults.
 */
export type Activation =
  | ActivationName
  | { readonly name: ActivationName; readonly [setting: string]: number | string | boolean };

/** The names that editors offer; others are accepted by their ONNX, Keras or torch spelling too. */
export type ActivationName = UnaryName | SoftmaxName | 'linear' | 'glu' | (string & Record<never, never>);

interface LayerBase {
  /** The name that other layers, outputs and messages use. The layer's result also has this name. */
  readonly name?: string;
  /** Names of inputs or of layers above. Default: the previous layer; for the first layer, the model's input. */
  readonly inputs?: string | readonly string[];
  /** Applied to the layer's result. */
  readonly activation?: Activation;
}

interface FromFile {
  /** A prefix of tensor names in the file: `fc1` means `fc1.weight`, `fc1.bias` and so on. */
  readonly tensor?: string;
}

/** y = x·W + b over the last axis. */
export interface DenseLayer extends LayerBase, FromFile {
  readonly type?: 'dense';
  /** [out, in], as in torch. */
  readonly weight?: Values;
  /** [in, out], as in Keras and scikit-learn's MLP; used instead of `weight`. */
  readonly kernel?: Values;
  /** [out] */
  readonly bias?: Values;
  /** The number of outputs, if a flat array does not determine it. */
  readonly units?: number;
}

/** A function of each element by itself, or softmax over the last axis. */
export interface ActivationLayer extends LayerBase {
  readonly type: 'activation';
  readonly activation: Activation;
}

/** y = x·scale + shift, each broadcast to the row. */
export interface AffineLayer extends LayerBase {
  readonly type: 'affine';
  /** Default: 1. */
  readonly scale?: Values;
  /** Default: 0. */
  readonly shift?: Values;
}

/** y = (x − mean)/√(variance + epsilon)·weight + bias over the last axis. */
export interface BatchNormLayer extends LayerBase, FromFile {
  readonly type: 'batch_norm';
  /** [width], the size of the last axis. */
  readonly mean?: Values;
  /** The same shape as `mean`. */
  readonly variance?: Values;
  /** Also called gamma. */
  readonly weight?: Values;
  /** Also called beta. */
  readonly bias?: Values;
  /** Keras' name for `weight`. */
  readonly gamma?: Values;
  /** Keras' name for `bias`. */
  readonly beta?: Values;
  /** Default: 1e-5, as in torch and ONNX. Keras' own default is 1e-3. */
  readonly epsilon?: number;
}

/**
 * Normalizes to mean 0 and variance 1 over as many last axes as `weight` has (one without it), then applies ·weight +
 * bias.
 */
export interface LayerNormLayer extends LayerBase, FromFile {
  readonly type: 'layer_norm';
  /** Also called gamma. */
  readonly weight?: Values;
  /** Also called beta. */
  readonly bias?: Values;
  /** Keras' name for `weight`. */
  readonly gamma?: Values;
  /** Keras' name for `bias`. */
  readonly beta?: Values;
  /** Default: 1e-5, as in torch and ONNX. Keras' own default is 1e-3. */
  readonly epsilon?: number;
}

/** x/√(mean(x²) + epsilon)·weight over as many last axes as `weight` has (one without it). */
export interface RmsNormLayer extends LayerBase, FromFile {
  readonly type: 'rms_norm';
  /** Default: 1. */
  readonly weight?: Values;
  /** Default: 1e-5, as in ONNX. */
  readonly epsilon?: number;
}

/** x divided by its norm along the axis. */
export interface NormalizeLayer extends LayerBase {
  readonly type: 'normalize';
  /** Default: `l2`. */
  readonly norm?: NormName;
  /** Default: the last axis. Negative axes count from the end. */
  readonly axis?: number;
  /** Smaller norms are replaced by this (torch: 1e-12). Without it, a row of zeros is unchanged (scikit-learn). */
  readonly epsilon?: number;
}

/** Softmax, or its logarithm, along one axis. */
export interface SoftmaxLayer extends LayerBase {
  readonly type: SoftmaxName;
  /** Default: the last axis. */
  readonly axis?: number;
}

/** Looks up rows of a table by integer ids: [...ids] becomes [...ids, width]. */
export interface EmbeddingLayer extends LayerBase, FromFile {
  readonly type: 'embedding';
  /** [ids, width] */
  readonly weight?: Values;
}

/**
 * For a ragged input: Σ weight·row over the pairs of a row, in order, then + bias: a dense layer over a sparse row. A
 * row without pairs gives the bias.
 */
export interface BagLayer extends LayerBase, FromFile {
  readonly type: 'bag';
  /** [ids, width] */
  readonly weight?: Values;
  /** [width] */
  readonly bias?: Values;
  /**
   * `mean` divides the sum by the number of pairs, `max` takes the greatest weight·row of each column. Default: `sum`.
   */
  readonly mode?: BagMode;
}

/** For a ragged input: a dense row with the sum of the weights of each id. */
export interface ScatterLayer extends LayerBase {
  readonly type: 'scatter';
}

/** [...ids] becomes [...ids, depth]: 1 at the id, 0 elsewhere. */
export interface OneHotLayer extends LayerBase {
  readonly type: 'one_hot';
  /** The number of ids. */
  readonly depth: number;
  /** Default: 1. */
  readonly on?: number;
  /** Default: 0. */
  readonly off?: number;
}

/** Concatenates two or more inputs. */
export interface ConcatLayer extends LayerBase {
  readonly type: 'concat';
  readonly inputs: readonly string[];
  /** Default: the last axis. */
  readonly axis?: number;
}

/** Two inputs, or one input and `value`, element by element, broadcast as NumPy does. */
export interface BinaryLayer extends LayerBase {
  readonly type: BinaryName;
  /** The second operand, if there is one input. */
  readonly value?: Values;
}

/** Selects the given positions along the axis, in that order. */
export interface ColumnsLayer extends LayerBase {
  readonly type: 'columns';
  /** Positions along the axis; negative ones count from the end. */
  readonly columns: readonly number[] | Int32Array;
  /** Default: the last axis. */
  readonly axis?: number;
}

/** Slices from `start` to before `end`, as in NumPy: negative positions count from the end. */
export interface SliceLayer extends LayerBase {
  readonly type: 'slice';
  /** The first position. Default: 0, or the last if `step` is negative. */
  readonly start?: number;
  /** The position before which it ends. Default: after the last. */
  readonly end?: number;
  /** Must not be 0. Default: 1. */
  readonly step?: number;
  /** Default: the last axis. */
  readonly axis?: number;
}

/** Flattens a row to one axis, with its elements in order. */
export interface FlattenLayer extends LayerBase {
  readonly type: 'flatten';
}

/** The same elements in another row shape; one size may be −1 and is then inferred. */
export interface ReshapeLayer extends LayerBase {
  readonly type: 'reshape';
  /** The shape of a row, without the batch. */
  readonly shape: readonly number[];
}

/** A sum, mean, maximum and so on along axes of the row. */
export interface ReduceLayer extends LayerBase {
  readonly type: 'reduce';
  /** The reduction, such as `sum`, `mean` or `max`. */
  readonly reduce: ReduceName;
  /** Default: the last axis. */
  readonly axes?: number | readonly number[];
  /** Whether reduced axes are kept with size 1. Default: false. */
  readonly keepDims?: boolean;
}

/** Does nothing at inference; `rate` is accepted and ignored. */
export interface IdentityLayer extends LayerBase {
  readonly type: 'dropout' | 'identity';
  /** Ignored. */
  readonly rate?: number;
}

/** One layer of an {@link Architecture}; `type` says which. docs/define.md explains each with an example. */
export type Layer =
  | DenseLayer
  | ActivationLayer
  | AffineLayer
  | BatchNormLayer
  | LayerNormLayer
  | RmsNormLayer
  | NormalizeLayer
  | SoftmaxLayer
  | EmbeddingLayer
  | BagLayer
  | ScatterLayer
  | OneHotLayer
  | ConcatLayer
  | BinaryLayer
  | ColumnsLayer
  | SliceLayer
  | FlattenLayer
  | ReshapeLayer
  | ReduceLayer
  | IdentityLayer;

/** An input of a network that is described by its layers. */
export interface ArchitectureInput {
  /** The name that layers and `run({ … })` use. */
  readonly name: string;
  /** The shape of one row: `[14]` is 14 features. A number means one axis. */
  readonly shape: number | readonly number[];
  /** Default: the model's precision. Use `int64` or `int32` for ids. */
  readonly dtype?: DType;
  /**
   * Whether a row is any number of pairs of an id, from 0 to below the shape's one size, and a weight: see `RaggedRows`.
   * Only `bag` and `scatter` layers accept it.
   */
  readonly ragged?: boolean;
}

/** A network, described by its layers: for `define`, and for files that contain only parameters. */
export interface Architecture {
  /** Default: one input named `input`, with the width that the first layer requires. */
  readonly inputs?: readonly ArchitectureInput[];
  /**
   * The layers in the order in which they run. A layer takes the result of the one above it, unless `inputs` says
   * otherwise.
   */
  readonly layers: readonly Layer[];
  /** Names of layers (or inputs). Default: the last layer. */
  readonly outputs?: string | readonly string[];
  /** Labels of the first output: one per column, or two for one column. */
  readonly classes?: readonly (string | number)[];
  /** One per column of the first input. */
  readonly featureNames?: readonly string[];
  /** Tensors of the file, or prefixes of their names, to ignore. */
  readonly ignore?: readonly string[];
}
