/** From a file to a graph: its values, the outermost estimator, what that gives for a row. */

import { ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';
import type { Graph, GraphInput, Word } from '../../graph/graph.ts';
import type { PickleValue } from '../containers/pickle/values.ts';
import type { ReadOptions, Source } from '../format.ts';
import { type Choice, choose } from './bundle/choose.ts';
import { decoded, isLabelEncoder } from './bundle/labels.ts';
import { Cells, type Known } from './cells.ts';
import { Emitter } from './emitter.ts';
import type { Estimator } from './estimator.ts';
import { featuresOf } from './features.ts';
import type { Row } from './outcome.ts';
import { type Outputs, output, outputsOf } from './outputs.ts';
import { boostedIn, isKnown, ownFeatures, predicts, readers } from './table.ts';
import { unusedColumns } from './unused.ts';

/** What of the options the graph depends on. */
type AskedOfModel = Pick<ReadOptions, 'budget' | 'numIteration'>;

/** What is kept of each column while a model is read. */
const COLUMN_BYTES = 8;

export async function readModel(source: Source, options: ReadOptions, isSkops: boolean): Promise<Graph> {
  const { budget, member } = options;
  return graphOf(choose(await readValues(source, budget, isSkops), member, budget), options);
}

async function readValues(source: Source, budget: Budget, isSkops: boolean): Promise<readonly PickleValue[]> {
  if (isSkops) return [await (await import('./skops.ts')).readSkops(source.main, budget)];
  const { readPickledFile } = await import('../containers/joblib.ts');
  return (await readPickledFile(source, budget)).values;
}

export function graphOf(choice: Choice, options: AskedOfModel): Graph {
  // Each reading knows of more columns than the one before, and most files need no second.
  for (let known: Known | undefined; ; ) {
    const cells = new Cells(known);
    const graph = graphWith(cells, choice, options);
    known = cells.settle();
    if (known === undefined) return graph;
  }
}

function graphWith(cells: Cells, choice: Choice, { budget, numIteration }: AskedOfModel): Graph {
  const { steps, last, encoder } = chainOf(choice.estimators);
  // Whether the classes are read at all is said before what they lack.
  const [isPredictor] = [last, ...steps].map((estimator) => predicts(estimator, budget.limits.depth));
  const asked =
    numIteration === undefined ? undefined : { of: boostedIn(last, budget.limits.depth).object, numIteration };
  const emitter = new Emitter(budget, readers, cells, asked);
  const { width, names } = featuresOf([...steps, last], budget, isKnown, ownFeatures);
  budget.build(COLUMN_BYTES * width, 'the columns of a row');
  const columns = Array.from({ length: width }, (_, i) => i);
  const x = emitter.input({ operand: INPUT, width, columns, ...(names && { names }) });
  const row = steps.reduce((given, step) => emitter.transform(step, given), x);
  const outputs =
    isPredictor || encoder
      ? predicted(emitter, last, row, encoder)
      : transformed(emitter, last, emitter.transform(last, row));
  const featureNames = names ?? choice.names(width, outputs.classes ? [outputs.classes] : []);
  return {
    format: 'sklearn',
    precision: emitter.precision,
    inputs: [inputOf(emitter, width, outputs.outputs)],
    nodes: emitter.nodes,
    ...outputs,
    ...(emitter.boosting.length > 0 && { boosting: emitter.boosting }),
    ...(featureNames && { featureNames }),
  };
}

/** A row passes through the steps, the last, and where the classes were encoded, back through the encoder. */
function chainOf(estimators: readonly Estimator[]) {
  const encoder = estimators.length > 1 ? estimators.slice(-1).find(isLabelEncoder) : undefined;
  const chain = encoder === undefined ? estimators : estimators.slice(0, -1);
  return { steps: chain.slice(0, -1), last: chain[chain.length - 1], encoder };
}

function predicted(emitter: Emitter, last: Estimator, row: Row, encoder: Estimator | undefined): Outputs {
  const outcome = emitter.predict(last, row);
  return outputsOf(encoder === undefined ? outcome : decoded(encoder, outcome), emitter);
}

const INPUT = 'X';
/** Of a column that nothing takes; one list for all of them. */
const NO_WORDS: Word[] = [];

function transformed(emitter: Emitter, estimator: Estimator, row: Row): Outputs {
  const isNoNumber = (column: number | undefined) =>
    column !== undefined &&
    (emitter.cells.words.has(column) || emitter.cells.hashes.has(column) || emitter.holdsNone(row, column));
  const at = row.columns?.findIndex(isNoNumber) ?? -1;
  if (at >= 0) {
    const message = `gives words or None in column ${at}, and outputs are numbers; put an encoder behind it`;
    throw estimator.error('UNSUPPORTED_OP', message);
  }
  return { outputs: [output(emitter, 'transformed', row)] };
}

function inputOf(emitter: Emitter, width: number, outputs: Graph['outputs']): GraphInput {
  const { nodes, precision, cells } = emitter;
  const { words, hashes, takesMissing, nones } = cells;
  if (hashes.size > 0) checkCategories(emitter);
  const isOutput = outputs.some(({ value }) => value === INPUT);
  for (const column of isOutput ? [] : unusedColumns(nodes, INPUT, width)) words.set(column, NO_WORDS);
  const present = takesMissing ? presentColumns(emitter, width, outputs) : [];
  return {
    name: INPUT,
    shape: [width],
    dtype: precision === 'f64' ? 'float64' : 'float32',
    ...(words.size > 0 && { words }),
    ...(hashes.size > 0 && { hashes }),
    ...(takesMissing && { missing: true }),
    ...(nones.size > 0 && { nones }),
    ...(present.length > 0 && { present: new Set(present) }),
  };
}

/** The columns that are looked at for what is missing, and for nothing else. */
function presentColumns(emitter: Emitter, width: number, outputs: Graph['outputs']): readonly number[] {
  const { words, hashes, nones } = emitter.cells;
  const valued = emitter.valuedColumns(outputs.map(({ value }) => value));
  const isOther = (column: number) => [words, hashes, nones, valued].some((known) => known.has(column));
  return Array.from({ length: width }, (_, column) => column).filter((column) => !isOther(column));
}

/** Categories that are known by their hashes are nothing else to any other estimator. */
function checkCategories(emitter: Emitter): void {
  const { words, hashes, nones } = emitter.cells;
  const computed = emitter.computedColumns();
  const stray = [...hashes.keys()].find((column) => words.has(column) || nones.has(column) || computed.has(column));
  if (stray === undefined) return;
  const message = `column ${stray} holds categories to one estimator, and numbers or words of a list to another`;
  throw new ForwardpassError('UNSUPPORTED_OP', message, 'model');
}
