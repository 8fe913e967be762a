/** How much the results of two models differ. */
import type { Readable } from 'node:stream';
import { ForwardpassError } from '../errors.ts';
import { Column } from '../rows/column.ts';
import type { CsvOptions } from './csv-options.ts';
import type { CliModel } from './environment.ts';
import { defaultBatch, layoutOf, rowShape } from './evaluate.ts';
import { type InputOptions, openInput } from './open-input.ts';
import { elementCount, type LayoutParts, plainColumn } from './row-layout.ts';
import type { FloatArray } from './row-source.ts';

export interface Sample {
  readonly rowCount: number;
  /** For each block of rows, the inputs in the model's order. */
  readonly blocks: readonly (readonly FloatArray[])[];
  /** The right class of each row. */
  readonly labels?: Float64Array;
}

export interface Difference {
  readonly rows: number;
  /** The greatest absolute difference of all outputs. */
  readonly greatest: number;
  readonly mean: number;
  /** The greatest absolute output of the first model. */
  readonly magnitude: number;
  /** The number of rows where the greatest element of the first output is the same, if it has several elements. */
  readonly agreeing?: number;
}

/** The results of all rows, for each output. */
export interface Results {
  readonly rows: number;
  readonly outputs: readonly Float64Array[];
}

type Runnable = Pick<
  CliModel,
  'inputs' | 'outputs' | 'run' | 'ask' | 'rowReader' | 'hasSteps' | 'classes' | 'featureNames'
>;

export async function readSample(
  model: Runnable,
  paths: readonly string[],
  labelPath: string | undefined,
  options: CsvOptions,
  stdin: Readable,
): Promise<Sample> {
  if (model.rowReader.featureRows !== undefined) {
    throw new ForwardpassError(
      'UNSUPPORTED_OP',
      'the model takes texts, and samples of texts are not supported',
      '--sample',
    );
  }
  const batch = defaultBatch(model);
  const blocks = await readBlocks({ ...options, paths, flag: '--sample' }, layoutOf(model), batch, stdin);
  const width = elementCount(rowShape(model.inputs[0]));
  const rowCount = blocks.reduce((total, [first]) => total + first.length / width, 0);
  if (rowCount === 0) throw new ForwardpassError('INPUT', 'expected rows, found none', '--sample');
  if (labelPath === undefined) return { rowCount, blocks };

  const found = await readBlocks(
    { ...options, paths: [labelPath], flag: '--labels' },
    { columns: [labelColumn(model)] },
    batch,
    stdin,
  );
  const labels = Float64Array.from(found.flatMap(([block]) => [...block]));
  if (labels.length !== rowCount) {
    throw new ForwardpassError('INPUT', `expected ${rowCount} labels, one per row, found ${labels.length}`, '--labels');
  }
  return { rowCount, blocks, labels };
}

/** The column of labels: strings, which are mapped to the indices of their classes, or these indices themselves. */
function labelColumn({ classes }: Runnable): Column {
  const words = classes?.filter((label) => typeof label === 'string');
  if (classes === undefined || words?.length !== classes.length) return plainColumn('label', []);
  return new LabelColumn(words);
}

class LabelColumn extends Column {
  constructor(words: readonly string[]) {
    super({ name: 'label', shape: [], width: 1, dtype: 'string', categories: new Map([[0, words]]) });
  }

  override numberOf(value: unknown, element: number, place: () => string): number {
    if (typeof value === 'number') return value;
    const index = super.numberOf(value, element, place);
    if (index >= 0 || !/^\d+$/.test(String(value))) return index;
    return Number(value);
  }
}

async function readBlocks(
  options: InputOptions,
  layout: LayoutParts,
  batch: number,
  stdin: Readable,
): Promise<FloatArray[][]> {
  const opened = await openInput(options, layout, stdin);
  try {
    const blocks: FloatArray[][] = [];
    for await (const { inputs } of opened.rows.blocks(batch)) blocks.push(inputs.map((values) => values.slice()));
    return blocks;
  } finally {
    await opened.close();
  }
}

export function runSample(model: Runnable, { rowCount, blocks }: Sample): Results {
  const outputs = model.outputs.map((info) => new Float64Array(rowCount * elementCount(rowShape(info))));
  const filled = outputs.map(() => 0);
  for (const block of blocks) {
    const results = model.run(Object.fromEntries(model.inputs.map(({ name }, i) => [name, block[i]])));
    for (const [i, { name }] of model.outputs.entries()) {
      outputs[i].set(results[name], filled[i]);
      filled[i] += results[name].length;
    }
  }
  return { rows: rowCount, outputs };
}

export function compare(wanted: Results, found: Results): Difference {
  let [greatest, total, magnitude, count] = [0, 0, 0, 0];
  for (const [i, values] of wanted.outputs.entries()) {
    for (const [at, value] of values.entries()) {
      // Both may be the same infinity, or both NaN.
      const error = Object.is(value, found.outputs[i][at]) ? 0 : Math.abs(value - found.outputs[i][at]);
      greatest = Math.max(greatest, error);
      total += error;
      magnitude = Math.max(magnitude, Math.abs(value));
    }
    count += values.length;
  }
  const [before, after] = [topOf(wanted), topOf(found)];
  const agreeing = before && after && before.filter((top, row) => top === after[row]).length;
  return { rows: wanted.rows, greatest, mean: total / count, magnitude, agreeing };
}

/** The index of the greatest element in each row of the first output; undefined if it has only one element. */
function topOf({ rows, outputs: [values] }: Results): number[] | undefined {
  const width = values.length / rows;
  if (width < 2) return undefined;
  return Array.from({ length: rows }, (_, row) => {
    let top = row * width;
    for (let at = top + 1; at < (row + 1) * width; at++) if (values[at] > values[top]) top = at;
    return top - row * width;
  });
}

/** The index of the class that the model predicts for each row. */
export function answersOf(model: Runnable, results: Results, sample: Sample): number[] {
  const top = topOf(results);
  if (top !== undefined) return top;
  const { classes } = model;
  if (classes === undefined) {
    const message = 'the model gives one number per row and has no classes to compare labels with';
    throw new ForwardpassError('NOT_A_CLASSIFIER', message, '--labels');
  }
  const cell = () => ({ value: undefined, place: '--sample' });
  return sample.blocks.flatMap((arrays) => {
    const labels = model.ask('predict', { arrays, isRecord: false, cell }) as ArrayLike<string | number>;
    return Array.from(labels, (label) => classes.indexOf(label));
  });
}

/** How many answers match the sample's labels, which are indices of classes, or numeric class labels. */
export function rightOf(answers: readonly number[], { classes }: Runnable, { labels }: Sample): number {
  if (labels === undefined) return 0;
  const named = classes?.every((label) => typeof label === 'number') ? classes : undefined;
  return answers.filter((answer, row) => (named === undefined ? answer : named[answer]) === labels[row]).length;
}
