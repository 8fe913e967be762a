/** From a file to a graph: its values, the outermost estimator, what that gives for a row. */
import type { Graph, GraphInput } from '../../graph/graph.ts';
import type { Limits } from '../../graph/limits.ts';
import type { PickleValue } from '../containers/pickle/values.ts';
import type { Source } from '../format.ts';
import { Cells } from './cells.ts';
import { Emitter } from './emitter.ts';
import { Estimator } from './estimator.ts';
import { featuresOf } from './features.ts';
import type { Row } from './outcome.ts';
import { type Outputs, output, outputsOf } from './outputs.ts';
import { predicts, readers } from './table.ts';
import { unusedColumns } from './unused.ts';

export async function readModel(source: Source, limits: Limits, isSkops: boolean): Promise<Graph> {
  return graphOf(await readValue(source, limits, isSkops), limits);
}

async function readValue(source: Source, limits: Limits, isSkops: boolean): Promise<PickleValue> {
  if (isSkops) return (await import('./skops.ts')).readSkops(source.main, limits);
  const { readPickledFile } = await import('../containers/joblib.ts');
  return (await readPickledFile(source, limits)).value;
}

export function graphOf(value: PickleValue, limits: Limits): Graph {
  const first = new Cells();
  const graph = graphWith(first, value, limits);
  const known = first.settle();
  if (known === undefined) return graph;
  const second = new Cells(known);
  const again = graphWith(second, value, limits);
  second.settle();
  return again;
}

function graphWith(cells: Cells, value: PickleValue, limits: Limits): Graph {
  const estimator = Estimator.of(value, '');
  const emitter = new Emitter(limits, readers, cells);
  // Whether the class is read at all is said before what it lacks.
  const isPredictor = predicts(estimator, limits.depth);
  const { width, names } = featuresOf(estimator, limits);
  const columns = Array.from({ length: width }, (_, i) => i);
  const x: Row = { operand: INPUT, width, columns, ...(names && { names }) };
  const outputs = isPredictor
    ? outputsOf(emitter.predict(estimator, x), emitter)
    : transformed(emitter, estimator, emitter.transform(estimator, x));
  return {
    format: 'sklearn',
    precision: emitter.precision,
    inputs: [inputOf(emitter, width, outputs.outputs)],
    nodes: emitter.nodes,
    ...outputs,
    ...(names && { featureNames: names }),
  };
}

const INPUT = 'X';

function transformed(emitter: Emitter, estimator: Estimator, row: Row): Outputs {
  const isWords = (column: number | undefined) => column !== undefined && emitter.cells.words.has(column);
  const at = row.columns?.findIndex(isWords) ?? -1;
  if (at >= 0) {
    const message = `gives words in column ${at}, and outputs are numbers; put an encoder behind it`;
    throw estimator.error('UNSUPPORTED_OP', message);
  }
  return { outputs: [output(emitter, 'transformed', row)] };
}

function inputOf(emitter: Emitter, width: number, outputs: Graph['outputs']): GraphInput {
  const { nodes, precision, cells } = emitter;
  const { words, takesMissing, nones } = cells;
  const isOutput = outputs.some(({ value }) => value === INPUT);
  for (const column of isOutput ? [] : unusedColumns(nodes, INPUT, width)) words.set(column, []);
  return {
    name: INPUT,
    shape: [width],
    dtype: precision === 'f64' ? 'float64' : 'float32',
    ...(words.size > 0 && { words }),
    ...(takesMissing && { missing: true }),
    ...(nones.size > 0 && { nones: [...nones] }),
  };
}
