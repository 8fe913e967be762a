/** Turns blocks of rows into blocks of results. */
import { withoutPlace } from '../error-text.ts';
import { ForwardpassError } from '../errors.ts';
import { greatest } from '../extremes.ts';
import { quote } from '../messages.ts';
import type { TensorInfo } from '../model.ts';
import type { FlatRows } from '../rows.ts';
import type { CliModel } from './environment.ts';
import { elementCount, type LayoutParts } from './row-layout.ts';
import type { FloatArray, RowBlock } from './row-source.ts';
import type { ResultColumn, ResultValues } from './row-writer.ts';

/**
 * What to compute: the raw outputs, what an estimator's predict or predict_proba returns, or labels and probabilities
 * side by side.
 */
export type Question = 'run' | 'predict' | 'proba' | 'both';

/** The parts of the answer for a block, in column order. */
export type Answer = readonly AnswerPart[];

export interface AnswerPart {
  readonly column: ResultColumn;
  readonly values: ResultValues;
}

/** Results are valid until the next block. */
export type Evaluate = (block: RowBlock) => Answer;

/** The layout into which rows for the model are read. */
export function layoutOf(model: Pick<CliModel, 'rowReader' | 'featureNames' | 'hasSteps'>): LayoutParts {
  if (model.hasSteps) {
    const message = 'has custom steps between its layers, and the command cannot read rows for those';
    throw new ForwardpassError('UNSUPPORTED_OP', `${message}; use \`predict\` in Node, or serve it`, 'model');
  }
  const { rowReader, featureNames } = model;
  const pairs = rowReader.columns.find(({ port }) => port.ragged && port.terms === undefined);
  if (pairs !== undefined) {
    const message = 'takes pairs of an id and a weight, which the command cannot read; use `run` in Node';
    throw new ForwardpassError('UNSUPPORTED_OP', message, `input ${quote(pairs.port.name)}`);
  }
  const { columns, records, featureRows } = rowReader;
  if (featureRows === undefined) return { columns, featureNames, records };
  const { column, texts, isWholeRow } = featureRows;
  return { columns: [column], featureNames, records, texts, isWholeRow };
}

export function rowShape({ shape }: Pick<TensorInfo, 'shape'>): number[] {
  return shape.slice(1).map((size) => size ?? 1);
}

/** The number of rows of a block that fits in cache for the width of the model. */
export function defaultBatch(model: Pick<CliModel, 'inputs' | 'outputs'>): number {
  const dense = [...model.inputs, ...model.outputs].filter(({ ragged }) => ragged !== true);
  const widths = dense.map((info) => elementCount(rowShape(info)));
  const widest = greatest(widths, 1);
  return Math.max(1, Math.min(4096, Math.floor(2 ** 18 / widest)));
}

type Asked = Pick<CliModel, 'ask' | 'inputs' | 'outputs' | 'classes' | 'rowReader'>;

/** Must be called with blocks in order, because error messages count the rows. */
export function createEvaluate(model: Asked, question: Question): Evaluate {
  const outputs = outputColumns(model);
  let rowsBefore = 0;
  return (block) => {
    const before = rowsBefore;
    rowsBefore += block.rowCount;
    const ask: Ask = (asked) => askAbout(model, asked, block, before);
    if (question === 'run') return (ask('run') as ResultValues[]).map((values, i) => ({ column: outputs[i], values }));
    if (question === 'predict') return predictions(model, block, ask, 'prediction');
    if (question === 'proba') return probabilities(model, block, ask);
    return [...predictions(model, block, ask, 'label'), ...probabilities(model, block, ask, true)];
  };
}

/** The columns of the answer if there are no rows to take them from. */
export function emptyColumns(model: Asked, question: Question): ResultColumn[] {
  if (question === 'run') return outputColumns(model);
  const { classes, outputs } = model;
  const predicted = classes ? [] : rowShape(outputs[0]);
  const label: ResultColumn = { name: question === 'both' ? 'label' : 'prediction', shape: predicted };
  const proba: ResultColumn = { name: 'probability', shape: [classes?.length ?? 1], labels: classes };
  return question === 'predict' ? [label] : question === 'proba' ? [proba] : [label, proba];
}

function outputColumns({ outputs, classes }: Pick<CliModel, 'outputs' | 'classes'>): ResultColumn[] {
  return outputs.map((info, i) => {
    const shape = rowShape(info);
    const labels = i === 0 && elementCount(shape) === classes?.length ? classes : undefined;
    return { name: info.name, shape, labels };
  });
}

/** One column, which is as wide as there are targets; with several outputs, one for each. */
function predictions({ outputs, classes }: Asked, block: RowBlock, ask: Ask, name: string): AnswerPart[] {
  const found = ask('predict') as Said;
  if (!isValues(found)) return byOutput(outputs, found);
  const width = found.length / block.rowCount;
  if (ArrayBuffer.isView(found)) {
    const shape = rowShape(outputs[0]);
    return [{ column: { name, shape: elementCount(shape) === width ? shape : [width] }, values: found }];
  }
  const kind = kindOf(classes ?? found);
  if (width === 1) return [{ column: { name, shape: [], kind }, values: found }];
  const labels = outputs.length === width ? outputs.map((output) => output.name) : undefined;
  return [{ column: { name, shape: [width], labels, kind: classes && kind }, values: found }];
}

function probabilities({ outputs, classes }: Asked, block: RowBlock, ask: Ask, byLabel = false): AnswerPart[] {
  const found = ask('proba') as Said;
  if (!isValues(found)) return byOutput(outputs, found);
  const width = found.length / block.rowCount;
  const labels = classes?.length === width ? classes : undefined;
  return [{ column: { name: 'probability', shape: [width], labels, byLabel }, values: found }];
}

/** Only the outputs that the answer contains; outputs of a list have their own names. */
function byOutput(outputs: CliModel['outputs'], found: SaidByName): AnswerPart[] {
  const said = new Map(
    Object.entries(found).flatMap(([name, values]): [string, ResultValues][] =>
      Array.isArray(values) ? values.map((item, i) => [`${name}[${i}]`, item]) : [[name, values]],
    ),
  );
  return outputs.flatMap((info) => {
    const values = said.get(info.name);
    return values === undefined ? [] : [{ column: { name: info.name, shape: rowShape(info) }, values }];
  });
}

function isValues(found: Said): found is Exclude<Said, SaidByName> {
  return Array.isArray(found) || ArrayBuffer.isView(found);
}

function kindOf(labels: readonly (string | number)[]): ResultColumn['kind'] {
  if (labels.every((label) => typeof label === 'string')) return 'text';
  return labels.every((label) => Number.isInteger(label)) ? 'integer' : 'double';
}

/** The results of `predict` and `predictProba`. */
type Said = (string | number)[] | FloatArray | SaidByName;
type SaidByName = Readonly<Record<string, FloatArray | FloatArray[]>>;
type Ask = (asked: 'run' | 'predict' | 'proba') => ReturnType<CliModel['ask']>;

/** The rows of a block as the model takes them, with texts already converted. */
function rowsOf({ rowReader: { featureRows } }: Asked, { rowCount, inputs, texts, cell }: RowBlock): FlatRows {
  if (featureRows === undefined) return { arrays: inputs, isRecord: false, cell };
  return featureRows.read({
    rows: rowCount,
    numbers: inputs[0],
    texts: texts ?? new Map(),
    cell: (row, feature) => cell(row, 0, feature),
  });
}

/** The model's results for a block. An error names the row's place in the file, or how many rows came before. */
function askAbout(model: Asked, asked: 'run' | 'predict' | 'proba', block: RowBlock, before: number): ReturnType<Ask> {
  let isPlaced = false;
  const cell: RowBlock['cell'] = (row, input, element) => {
    isPlaced = true;
    return block.cell(row, input, element);
  };
  try {
    return model.ask(asked, rowsOf(model, { ...block, cell }));
  } catch (error) {
    if (!(error instanceof ForwardpassError)) throw error;
    if (isPlaced) {
      // The model counts rows within the block, so the row is replaced by its place in the file.
      const text = withoutPlace(error).replace(/^row \d+ holds /, 'holds ');
      throw new ForwardpassError(error.code, text, error.place, { cause: error });
    }
    if (before === 0) throw error;
    throw new ForwardpassError(error.code, error.message, `after ${before} rows`, { cause: error });
  }
}
