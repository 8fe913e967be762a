import { type Command, InvalidArgumentError } from 'commander';
import { ForwardpassError } from '../errors.ts';
import { addCsvFlags, type CsvOptions } from './csv-options.ts';
import type { CliModel, Environment } from './environment.ts';
import { createEvaluate, defaultBatch, emptyColumns, layoutOf, type Question } from './evaluate.ts';
import { addFunctionsFlag, addLoadFlags, type LoadFlags, toLoadOptions } from './load-options.ts';
import { shortestText } from './number-text.ts';
import { openInput } from './open-input.ts';
import { elementCount, type LayoutParts, plainColumn } from './row-layout.ts';
import type { RowBlock } from './row-source.ts';
import type { ResultColumn, ResultValues } from './row-writer.ts';

interface VerifyFlags extends LoadFlags, CsvOptions {
  readonly input: readonly string[];
  readonly expect: readonly string[];
  readonly proba?: boolean;
  readonly rtol?: number;
  readonly atol?: number;
  readonly json?: boolean;
}

/** |found − expected| ≤ atol + rtol·|expected|, as in numpy.allclose. */
interface Tolerance {
  readonly rtol: number;
  readonly atol: number;
}

interface Difference {
  /** The row, counted from 0. */
  readonly row: number;
  /** The name of the element, such as `probabilities[2]`. */
  readonly element: string;
  readonly expected: number;
  readonly found: number;
}

interface Report {
  readonly rows: number;
  readonly differingRows: number;
  readonly tolerance: Tolerance;
  /** The greatest difference, within the tolerance or not; absent if all values are equal. */
  readonly greatest?: Difference;
  /** The first difference of each row that differs, for a limited number of rows. */
  readonly differences: readonly Difference[];
}

const MOST_SHOWN = 10;

/** The differences that summing in another order may cause. */
const TOLERANCES = { f64: { rtol: 1e-9, atol: 1e-12 }, f32: { rtol: 1e-5, atol: 1e-6 } } as const;

/** The results differ from the expected ones. The report has already been printed. */
export class Differs extends Error {}

const EXAMPLES = `
Rows and results are .npy, .csv, .json, .jsonl or .parquet, as for \`run\`. The status is 0 when all rows agree and 1 when not.

Examples:
  $ forwardpass verify churn.onnx --input rows.npy --expect scores.npy
  $ forwardpass verify iris.joblib --input rows.csv --expect probabilities.npy --rtol 1e-12
  $ forwardpass verify towers.onnx --input user=u.npy --input item=i.npy --expect score=s.npy`;

export function addVerifyCommand(program: Command, environment: Environment): void {
  const command = program
    .command('verify')
    .summary('compare results with the expected ones')
    .description('Runs a model on rows and compares its results, row by row, with those of its framework.')
    .argument('<model>', 'the model file')
    .requiredOption('-i, --input <file>', 'the rows; NAME=FILE, repeated, for several inputs', collect)
    .requiredOption('-e, --expect <file>', 'the results; NAME=FILE, repeated, for some of several outputs', collect)
    .option('--rtol <number>', 'relative tolerance (default: 1e-5, in f64 1e-9)', parseTolerance)
    .option('--atol <number>', 'absolute tolerance (default: 1e-6, in f64 1e-12)', parseTolerance)
    .option('--proba', 'compare class probabilities')
    .option('--json', 'as JSON, for programs');
  addFunctionsFlag(addLoadFlags(addCsvFlags(command)))
    .addHelpText('after', EXAMPLES)
    .action(async (path: string, flags: VerifyFlags) => {
      const model = await environment.load(path, await toLoadOptions(flags));
      try {
        const report = await verify(model, flags, environment);
        environment.stdout.write(flags.json ? `${JSON.stringify(report, null, 2)}\n` : describe(path, report, model));
        if (report.differingRows > 0) throw new Differs();
      } finally {
        model.dispose();
      }
    });
}

function collect(value: string, previous: readonly string[] = []): string[] {
  return [...previous, value];
}

function parseTolerance(text: string): number {
  const tolerance = Number(text);
  if (text.trim() === '' || !(tolerance >= 0)) throw new InvalidArgumentError('expected a number of at least 0');
  return tolerance;
}

async function verify(model: CliModel, flags: VerifyFlags, { stdin }: Environment): Promise<Report> {
  const { header, delimiter, decimal } = flags;
  const read = (paths: readonly string[], parts: LayoutParts) =>
    openInput({ paths, header, delimiter, decimal }, parts, stdin);
  const question: Question = flags.proba ? 'proba' : 'run';
  const batch = defaultBatch(model);
  const evaluate = createEvaluate(model, question);
  const rows = await read(flags.input, layoutOf(model));
  try {
    const given = rows.rows.blocks(batch);
    let block: RowBlock | undefined = (await given.next()).value;
    let found = block && evaluate(block);
    // The first answer determines the columns of the results.
    const columns = found?.map(({ column }) => column) ?? emptyColumns(model, question);
    const compared = comparedColumns(columns, flags.expect);
    const results = compared.map((at) => columns[at]);
    const expected = await read(flags.expect, { columns: results.map(({ name, shape }) => plainColumn(name, shape)) });
    try {
      const comparison = new Comparison(results, toleranceOf(model, flags));
      const wanted = expected.rows.blocks(batch);
      for (;;) {
        const expectedBlock: RowBlock | undefined = (await wanted.next()).value;
        checkCounts(comparison.rows, block, expectedBlock);
        if (block === undefined || expectedBlock === undefined || found === undefined) return comparison.report();
        const values = found.map((part) => part.values);
        comparison.add(
          expectedBlock.inputs,
          compared.map((at) => values[at]),
          block.rowCount,
        );
        block = (await given.next()).value;
        found = block && evaluate(block);
      }
    } finally {
      await expected.close();
    }
  } finally {
    await rows.close();
  }
}

/** All outputs, or those named by `name=path`. */
function comparedColumns(columns: readonly ResultColumn[], paths: readonly string[]): number[] {
  const named = columns.flatMap(({ name }, at) => (paths.some((path) => path.startsWith(`${name}=`)) ? [at] : []));
  return named.length > 0 ? named : columns.map((_, at) => at);
}

function toleranceOf({ precision }: CliModel, { rtol, atol }: VerifyFlags): Tolerance {
  const usual = TOLERANCES[precision === 'f64' ? 'f64' : 'f32'];
  return { rtol: rtol ?? usual.rtol, atol: atol ?? usual.atol };
}

function checkCounts(before: number, block: RowBlock | undefined, results: RowBlock | undefined): void {
  const [rows, expected] = [block?.rowCount ?? 0, results?.rowCount ?? 0];
  if (rows === expected) return;
  const [more, fewer] = rows > expected ? ['--input', '--expect'] : ['--expect', '--input'];
  const message = `ends after ${before + Math.min(rows, expected)} rows, but ${more} has more`;
  throw new ForwardpassError('INPUT', message, fewer);
}

class Comparison {
  rows = 0;
  #differingRows = 0;
  #greatest: Difference | undefined;
  readonly #differences: Difference[] = [];

  constructor(
    private readonly columns: readonly ResultColumn[],
    private readonly tolerance: Tolerance,
  ) {}

  add(expected: readonly ResultValues[], found: readonly ResultValues[], rowCount: number): void {
    for (let row = 0; row < rowCount; row++) {
      const first = this.#firstOf(expected, found, row);
      if (first === undefined) continue;
      this.#differingRows++;
      if (this.#differences.length < MOST_SHOWN) this.#differences.push(first);
    }
    this.rows += rowCount;
  }

  /** The first element of a row that differs. */
  #firstOf(expected: readonly ResultValues[], found: readonly ResultValues[], row: number): Difference | undefined {
    let first: Difference | undefined;
    for (const [at, { name, shape, labels }] of this.columns.entries()) {
      const width = elementCount(shape);
      for (let i = 0; i < width; i++) {
        const [wanted, value] = [Number(expected[at][row * width + i]), Number(found[at][row * width + i])];
        if (Object.is(wanted, value) || wanted === value) continue;
        const element = width === 1 ? name : `${name}[${labels?.[i] ?? i}]`;
        const difference = { row: this.rows + row, element, expected: wanted, found: value };
        if (this.#greatest === undefined || sizeOf(difference) > sizeOf(this.#greatest)) this.#greatest = difference;
        if (first === undefined && !this.#isWithin(wanted, value)) first = difference;
      }
    }
    return first;
  }

  #isWithin(expected: number, found: number): boolean {
    const { rtol, atol } = this.tolerance;
    return Number.isFinite(expected) && Math.abs(found - expected) <= atol + rtol * Math.abs(expected);
  }

  report(): Report {
    if (this.rows === 0) throw new ForwardpassError('INPUT', 'expected rows, found none', '--input');
    const { rows, tolerance } = this;
    return {
      rows,
      differingRows: this.#differingRows,
      tolerance,
      greatest: this.#greatest,
      differences: this.#differences,
    };
  }
}

/** The size of a difference. NaN on one side only is a greater difference than any number. */
function sizeOf({ expected, found }: Difference): number {
  const size = Math.abs(expected - found);
  return Number.isNaN(size) ? Number.POSITIVE_INFINITY : size;
}

function describe(path: string, report: Report, { precision }: CliModel): string {
  const { rows, differingRows, tolerance, greatest, differences } = report;
  const text = (value: number) => shortestText(value, precision !== 'f64');
  const words = ({ row, element, expected, found }: Difference) =>
    `row ${row}: ${element} is ${text(found)}, expected ${text(expected)}`;
  const within = `within rtol ${tolerance.rtol}, atol ${tolerance.atol}`;
  const count = `${rows} row${rows === 1 ? '' : 's'}`;
  const head = differingRows === 0 ? `${count} agree ${within}` : `${differingRows} of ${count} differ, not ${within}`;
  const farthest = greatest === undefined ? 'every value is equal' : `greatest difference in ${words(greatest)}`;
  const more = differingRows - differences.length;
  const lines = [
    ...differences.map((difference) => `  ${words(difference)}`),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ];
  return `${path}: ${head}; ${farthest}\n${lines.map((line) => `${line}\n`).join('')}`;
}
