/**
 * `forwardpass`: opens the model files of Python frameworks and runs the forward pass. See README.md.
 *
 *     import { load } from 'forwardpass';
 *     const model = await load('churn.joblib');
 *     const y = model.run(rows);
 *
 * @module forwardpass
 */
export type { BindOptions } from './bound-call.ts';
export type { ErrorCode, ErrorRecord } from './errors.ts';
export { ForwardpassError } from './errors.ts';
export type { Member } from './formats/format.ts';
export type { Format } from './formats/registry.ts';
export type {
  Activation,
  ActivationLayer,
  ActivationName,
  AffineLayer,
  Architecture,
  ArchitectureInput,
  BagLayer,
  BatchNormLayer,
  BinaryLayer,
  ColumnsLayer,
  ConcatLayer,
  DenseLayer,
  EmbeddingLayer,
  FlattenLayer,
  IdentityLayer,
  Layer,
  LayerNormLayer,
  NestedNumbers,
  NormalizeLayer,
  NumberArray,
  OneHotLayer,
  ReduceLayer,
  ReshapeLayer,
  RmsNormLayer,
  ScatterLayer,
  SliceLayer,
  SoftmaxLayer,
  Values,
} from './graph/architecture.ts';
export type { DType } from './graph/graph.ts';
export type { Limits } from './graph/limits.ts';
export type { WordSpread } from './graph/word-hash.ts';
export type { ModelHandle } from './handle.ts';
export type { Isa } from './isa.ts';
export type { Label } from './labels.ts';
export { define, load } from './load.ts';
export type {
  BoostingInfo,
  BoundBuffer,
  BoundCall,
  Classifier,
  FloatArray,
  Named,
  Precision,
  Prediction,
  Predictions,
  Probabilities,
  Probability,
  RaggedBuffers,
  RaggedRows,
  RowSchema,
  TensorInfo,
  TreesInfo,
  TypedArray,
} from './model.ts';
export { Model } from './model.ts';
export type { AttachOptions, LoadOptions, ModelOptions, RunOptions } from './options.ts';
export type { Cell, RowRecord, Rows } from './rows.ts';
export type { ModelSource } from './source.ts';
export type {
  StepCell,
  StepColumn,
  StepColumns,
  StepContext,
  StepFunction,
  StepFunctions,
  StepResult,
  StepValues,
  TextContext,
  TextFunction,
} from './steps/types.ts';
export type { LiveModel, LiveStatus, ModelVersion, WatchOptions } from './watch.ts';
export { watch } from './watch.ts';
