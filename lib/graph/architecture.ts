/**
 * What users write to describe a network: to {@link define} one from parameters they hold, or to say how the
 * tensors of a file that contains only parameters belong together. docs/define.md explains every layer.
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
  /** What other layers, outputs and messages call it. The layer's own result has this name. */
  readonly name?: string;
  /** Names of inputs or of layers above. The layer before, unless given; the model's input for the first one. */
  readonly inputs?: string | readonly string[];
  /** Applied to the layer's result. */
  readonly activation?: Activation;
}

interface FromFile {
  /** A prefix of tensor names in the file: `fc1` stands for `fc1.weight`, `fc1.bias` and so on. */
  readonly tensor?: string;
}

/** y = x·W + b over the last axis. */
export interface DenseLayer extends LayerBase, FromFile {
  readonly type?: 'dense';
  /** [out, in], as torch has it. */
  readonly weight?: Values;
  /** [in, out], as Keras and scikit-learn's MLP have it; instead of `weight`. */
  readonly kernel?: Values;
  /** [out] */
  readonly bias?: Values;
  /** out, where a flat array does not tell it. */
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
  /** 1 unless given. */
  readonly scale?: Values;
  /** 0 unless given. */
  readonly shift?: Values;
}

/** y = (x − mean)/√(variance + epsilon)·weight + bias over the last axis. */
export interface BatchNormLayer extends LayerBase, FromFile {
  readonly type: 'batch_norm';
  /** [width], or of the last axis' size. */
  readonly mean?: Values;
  /** As `mean`. */
  readonly variance?: Values;
  /** Also called gamma. */
  readonly weight?: Values;
  /** Also called beta. */
  readonly bias?: Values;
  /** Keras' name of `weight`. */
  readonly gamma?: Values;
  /** Keras' name of `bias`. */
  readonly beta?: Values;
  /** 1e-5, as in torch and ONNX, unless given. Keras' own default is 1e-3. */
  readonly epsilon?: number;
}

/** Mean 0 and variance 1 over the last axes, as many as `weight` has (one without), then ·weight + bias. */
export interface LayerNormLayer extends LayerBase, FromFile {
  readonly type: 'layer_norm';
  /** Also called gamma. */
  readonly weight?: Values;
  /** Also called beta. */
  readonly bias?: Values;
  /** Keras' name of `weight`. */
  readonly gamma?: Values;
  /** Keras' name of `bias`. */
  readonly beta?: Values;
  /** 1e-5, as in torch and ONNX, unless given. Keras' own default is 1e-3. */
  readonly epsilon?: number;
}

/** x/√(mean(x²) + epsilon)·weight over the last axes, as many as `weight` has (one without). */
export interface RmsNormLayer extends LayerBase, FromFile {
  readonly type: 'rms_norm';
  /** 1 unless given. */
  readonly weight?: Values;
  /** 1e-5, as in ONNX, unless given. */
  readonly epsilon?: number;
}

/** x divided by its norm along the axis. */
export interface NormalizeLayer extends LayerBase {
  readonly type: 'normalize';
  /** `l2` unless given. */
  readonly norm?: NormName;
  /** The last unless given; negative axes count from the end. */
  readonly axis?: number;
  /** Smaller norms are taken as this (torch: 1e-12). Without it a row of zeros stays as it is (scikit-learn). */
  readonly epsilon?: number;
}

/** Softmax, or its logarithm, along one axis. */
export interface SoftmaxLayer extends LayerBase {
  readonly type: SoftmaxName;
  /** The last unless given. */
  readonly axis?: number;
}

/** Rows of a table, by integers: [...ids] becomes [...ids, width]. */
export interface EmbeddingLayer extends LayerBase, FromFile {
  readonly type: 'embedding';
  /** [ids, width] */
  readonly weight?: Values;
}

/**
 * For a ragged input: Σ weight·row over the row's pairs, in their order, then + bias; a dense layer over a sparse row. A row
 * without pairs gives the bias.
 */
export interface BagLayer extends LayerBase, FromFile {
  readonly type: 'bag';
  /** [ids, width] */
  readonly weight?: Values;
  /** [width] */
  readonly bias?: Values;
  /** `mean` divides the sum by the number of pairs, `max` takes the greatest weight·row of each column. `sum` unless given. */
  readonly mode?: BagMode;
}

/** For a ragged input: the row of all ids, each with the sum of its weights. */
export interface ScatterLayer extends LayerBase {
  readonly type: 'scatter';
}

/** [...ids] becomes [...ids, depth]: 1 at the id, 0 elsewhere. */
export interface OneHotLayer extends LayerBase {
  readonly type: 'one_hot';
  /** How many ids there are. */
  readonly depth: number;
  /** 1 unless given. */
  readonly on?: number;
  /** 0 unless given. */
  readonly off?: number;
}

/** Two or more inputs side by side. */
export interface ConcatLayer extends LayerBase {
  readonly type: 'concat';
  readonly inputs: readonly string[];
  /** The last unless given. */
  readonly axis?: number;
}

/** Two inputs, or one input and `value`, element by element, broadcast as NumPy does. */
export interface BinaryLayer extends LayerBase {
  readonly type: BinaryName;
  /** The second operand, where there is one input. */
  readonly value?: Values;
}

/** The given positions along the axis, in that order. */
export interface ColumnsLayer extends LayerBase {
  readonly type: 'columns';
  /** Positions along the axis; negative ones count from the end. */
  readonly columns: readonly number[] | Int32Array;
  /** The last unless given. */
  readonly axis?: number;
}

/** From `start` to before `end`, as NumPy slices: negative positions count from the end. */
export interface SliceLayer extends LayerBase {
  readonly type: 'slice';
  /** The first position: 0 unless given, the last where `step` is negative. */
  readonly start?: number;
  /** The position before which it ends: after the last unless given. */
  readonly end?: number;
  /** 1 unless given; not 0. */
  readonly step?: number;
  /** The last unless given. */
  readonly axis?: number;
}

/** One axis: the row's elements in their order. */
export interface FlattenLayer extends LayerBase {
  readonly type: 'flatten';
}

/** The same elements in another shape of the row; −1 stands for what is left. */
export interface ReshapeLayer extends LayerBase {
  readonly type: 'reshape';
  /** Of the row, without the batch. */
  readonly shape: readonly number[];
}

/** A sum, mean, maximum and so on along axes of the row. */
export interface ReduceLayer extends LayerBase {
  readonly type: 'reduce';
  /** Such as `sum`, `mean` or `max`. */
  readonly reduce: ReduceName;
  /** The last unless given. */
  readonly axes?: number | readonly number[];
  /** Whether reduced axes stay, with the size 1: false unless given. */
  readonly keepDims?: boolean;
}

/** Nothing at inference; `rate` is accepted and ignored. */
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
  /** What layers and `run({ … })` call it. */
  readonly name: string;
  /** For one row: `[14]` is 14 features. A number stands for one axis. */
  readonly shape: number | readonly number[];
  /** The model's own precision unless given; `int64` or `int32` for ids. */
  readonly dtype?: DType;
  /**
   * Whether a row is any number of pairs of an id, from 0 to below the shape's one size, and a weight: see `RaggedRows`.
   * Only layers `bag` and `scatter` take it.
   */
  readonly ragged?: boolean;
}

/** A network, described by its layers: for `define`, and for files that contain only parameters. */
export interface Architecture {
  /** One input called `input`, as wide as the first layer says, unless given. */
  readonly inputs?: readonly ArchitectureInput[];
  /** In the order in which they run; a layer takes the result of the one above it, unless `inputs` says otherwise. */
  readonly layers: readonly Layer[];
  /** Names of layers (or inputs). The last layer unless given. */
  readonly outputs?: string | readonly string[];
  /** Labels of the first output: one per column, or two for one column. */
  readonly classes?: readonly (string | number)[];
  /** One per column of the first input. */
  readonly featureNames?: readonly string[];
  /** Tensors of the file, or prefixes of their names, that are left out on purpose. */
  readonly ignore?: readonly string[];
}
