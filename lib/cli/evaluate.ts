/** From blocks of rows to blocks of results. */
import { ForwardpassError } from '../errors.ts';
import type { TensorInfo } from '../model.ts';
import type { CliModel } from './environment.ts';
import { elementCount } from './row-layout.ts';
import type { RowBlock } from './row-source.ts';
import type { ResultColumn, ResultValues } from './row-writer.ts';

/** What is asked of the model: its outputs as they are, or as an estimator's predict or predict_proba says them. */
export type Question = 'run' | 'predict' | 'proba';

export type Evaluate = (block: RowBlock) => readonly ResultValues[];

/** A failure of the model names a row of its block, counted from 0: `rowsBefore` tells where that is. */
export function evaluateAfter(rowsBefore: number, evaluate: Evaluate, block: RowBlock): readonly ResultValues[] {
  try {
    return evaluate(block);
  } catch (error) {
    if (!(error instanceof ForwardpassError) || rowsBefore === 0) throw error;
    throw new ForwardpassError(error.code, error.message, `after ${rowsBefore} rows`, { cause: error });
  }
}

export function rowShape({ shape }: TensorInfo): number[] {
  return shape.slice(1).map((size) => size ?? 1);
}

/** Rows for a block that fits in cache memory, whatever the width of the model. */
export function defaultBatch(model: Pick<CliModel, 'inputs' | 'outputs'>): number {
  const widths = [...model.inputs, ...model.outputs].map((info) => elementCount(rowShape(info)));
  const widest = Math.max(1, ...widths);
  return Math.max(1, Math.min(4096, Math.floor(2 ** 18 / widest)));
}

export function resultColumns(model: CliModel, question: Question): ResultColumn[] {
  const { inputs, outputs, classes } = model;
  if (question === 'run') {
    return outputs.map((info, i) => {
      const shape = rowShape(info);
      const labels = i === 0 && elementCount(shape) === classes?.length ? classes : undefined;
      return { name: info.name, shape, labels };
    });
  }
  // A row of zeros tells what the answers look like.
  const row = new Float64Array(elementCount(rowShape(inputs[0])));
  if (question === 'predict') {
    return [{ name: 'prediction', shape: Array.isArray(model.predict(row)) ? [] : rowShape(outputs[0]) }];
  }
  return [{ name: 'probability', shape: [model.predictProba(row).length], labels: classes }];
}
/** Full blocks go through a bound call, whose buffers are made once; results are valid until the next block. */
export function createEvaluate(model: CliModel, question: Question, batch: number): Evaluate {
  if (question === 'predict') return ({ inputs }) => [model.predict(inputs[0])];
  if (question === 'proba') return ({ inputs }) => [model.predictProba(inputs[0])];
  const runAny: Evaluate = ({ inputs }) => {
    const outputs = model.run(Object.fromEntries(model.inputs.map(({ name }, i) => [name, inputs[i]])));
    return model.outputs.map(({ name }) => outputs[name]);
  };
  let runFull: Evaluate | undefined;
  return (block) => {
    if (block.rowCount < batch) return runAny(block);
    runFull ??= bindFull(model, batch) ?? runAny;
    return runFull(block);
  };
}

/** Undefined where an input holds ids: a run checks that they are whole numbers, writing into its buffer would not. */
function bindFull(model: CliModel, batch: number): Evaluate | undefined {
  const call = model.bind({ batch });
  const inputs = model.inputs.map(({ name }) => call.inputs[name]);
  const outputs = model.outputs.map(({ name }) => call.outputs[name]);
  if (inputs.some((input) => input instanceof Int32Array)) return undefined;
  return (block) => {
    for (const [i, input] of inputs.entries()) input.set(block.inputs[i]);
    call.run();
    return outputs;
  };
}
