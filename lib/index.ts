export type { ErrorCode, ErrorRecord } from './errors.ts';
export { ForwardpassError } from './errors.ts';
export type { Format } from './formats/registry.ts';
export type {
  Activation,
  ActivationName,
  Architecture,
  ArchitectureInput,
  Layer,
  Values,
} from './graph/architecture.ts';
export type { DType } from './graph/graph.ts';
export type { Limits } from './graph/limits.ts';
export type { ModelHandle } from './handle.ts';
export type { Isa } from './isa.ts';
export { define, load } from './load.ts';
export type {
  BoostingInfo,
  BoundBuffer,
  BoundCall,
  Classifier,
  FloatArray,
  Named,
  Prediction,
  Predictions,
  Probabilities,
  Probability,
  RaggedBuffers,
  RaggedRows,
  RowSchema,
  TensorInfo,
  TreesInfo,
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
