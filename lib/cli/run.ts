import { type Command, Option } from 'commander';
import { ForwardpassError } from '../errors.ts';
import { quote } from '../messages.ts';
import { addCsvFlags, type CsvOptions } from './csv-options.ts';
import { DATA_FORMATS, type DataFormat } from './data-format.ts';
import type { CliModel, Environment } from './environment.ts';
import { createEvaluate, defaultBatch, emptyColumns, layoutOf, type Question } from './evaluate.ts';
import { addFunctionsFlag, addLoadFlags, type LoadFlags, parseCount, toLoadOptions } from './load-options.ts';
import { type OpenInput, openInput } from './open-input.ts';
import { openOutput } from './open-output.ts';
import { refuseOverwriting } from './overwriting.ts';
import { Progress } from './progress.ts';
import type { ResultColumn, RowWriter } from './row-writer.ts';

interface RunFlags extends LoadFlags, CsvOptions {
  readonly input?: readonly string[];
  readonly inputFormat?: DataFormat;
  readonly output?: readonly string[];
  readonly outputFormat?: DataFormat;
  readonly predict?: boolean;
  readonly proba?: boolean;
  readonly keep?: readonly string[];
  readonly batch?: number;
}

const EXAMPLES = `
Data is .npy, .csv, .json, .jsonl or .parquet, gzipped or not, by its name or, on standard input, by how it begins. Columns are matched by the
names in a CSV's first row or a JSON record where the model knows them, otherwise they go by position.

Examples:
  $ forwardpass run churn.onnx --input customers.csv
  $ forwardpass run churn.onnx --input customers.npy --output scores.npy
  $ forwardpass run churn.joblib --input customers.csv --predict --proba --keep id,name
  $ forwardpass run churn.onnx --predict < customers.jsonl
  $ echo '[5.1, 3.5, 1.4, 0.2]' | forwardpass run iris.onnx
  $ forwardpass run towers.onnx --input user=users.npy --input item=items.npy
  $ forwardpass run mlp.safetensors --activation relu --output-activation softmax --input rows.csv`;

export function addRunCommand(program: Command, environment: Environment): void {
  const command = program
    .command('run')
    .summary('run a model on rows of data')
    .description('Runs a model on rows of data, block by block, so that data may be larger than memory.')
    .argument('<model>', 'the model file')
    .option('-i, --input <file>', 'the rows; - is standard input; NAME=FILE, repeated, for several inputs', collect)
    .option(
      '-o, --output <file>',
      'where to write results (default: standard output); NAME=FILE for one of several',
      collect,
    )
    .addOption(
      new Option('--input-format <format>', 'the format (default: detected by name or content)').choices(DATA_FORMATS),
    )
    .addOption(new Option('--output-format <format>', 'the format (default: detected by name)').choices(DATA_FORMATS))
    .option('--predict', 'write predictions: labels, or values of a regressor')
    .option('--proba', 'write class probabilities; with --predict, beside the labels')
    .option(
      '--keep <names>',
      'columns of the rows to copy to the results, separated by commas; may be repeated',
      collectNames,
    )
    .option('--batch <rows>', 'rows per block (default: as many as fit in cache, up to 4096)', parseCount);
  addFunctionsFlag(addLoadFlags(addCsvFlags(command)))
    .addHelpText('after', EXAMPLES)
    .action(async (path: string, flags: RunFlags) => {
      if (!flags.input && environment.stdin.isTTY) {
        command.error('expected --input FILE, or rows on standard input', { exitCode: 2 });
      }
      await run(path, flags, environment);
    });
}

function collect(value: string, previous: readonly string[] = []): string[] {
  return [...previous, value];
}

function collectNames(value: string, previous: readonly string[] = []): string[] {
  return [...previous, ...value.split(',').filter((name) => name !== '')];
}

async function run(path: string, flags: RunFlags, environment: Environment): Promise<void> {
  await refuseOverwriting(flags.output ?? [], path, flags.input);
  const model = await environment.load(path, await toLoadOptions(flags));
  try {
    const { input: paths = ['-'], inputFormat: format, header, delimiter, decimal, keep } = flags;
    const options = { paths, format, header, delimiter, decimal, keep };
    const opened = await openInput(options, layoutOf(model), environment.stdin);
    try {
      await runRows(model, opened, flags, environment);
    } finally {
      await opened.close();
    }
  } finally {
    model.dispose();
  }
}

async function runRows(model: CliModel, input: OpenInput, flags: RunFlags, environment: Environment): Promise<void> {
  const { stdout, stderr } = environment;
  const question = questionOf(flags);
  const evaluate = createEvaluate(model, question);
  const paths = flags.output ?? ['-'];
  const open = (columns: readonly ResultColumn[]) => {
    const defaultFormat = input.format === 'npy' || input.format === 'parquet' ? 'csv' : input.format;
    const all = [...keptColumns(flags.keep ?? [], columns), ...columns];
    return openOutput({ paths, format: flags.outputFormat, defaultFormat, rowCount: input.rows.rowCount }, all, stdout);
  };
  // No progress line if the results themselves are printed on the terminal.
  const isOnTerminal = stdout.isTTY && paths.some((path) => path === '-' || path.endsWith('=-'));
  const progress = new Progress(stderr, !isOnTerminal);
  let writer: RowWriter | undefined;
  let rowsDone = 0;
  try {
    for await (const block of input.rows.blocks(flags.batch ?? defaultBatch(model))) {
      const answer = evaluate(block);
      // The first answer determines the columns of the results.
      writer ??= await open(answer.map(({ column }) => column));
      await writer.write([...block.kept, ...answer.map(({ values }) => values)], block.rowCount);
      rowsDone += block.rowCount;
      progress.update(rowsDone, input.rows.fraction());
    }
    writer ??= await open(emptyColumns(model, question));
    await writer.end();
  } catch (error) {
    await writer?.discard();
    throw error;
  } finally {
    progress.clear();
  }
}

function questionOf({ predict, proba }: RunFlags): Question {
  if (predict && proba) return 'both';
  return predict ? 'predict' : proba ? 'proba' : 'run';
}

function keptColumns(keep: readonly string[], columns: readonly ResultColumn[]): ResultColumn[] {
  const taken = keep.find((name, at) => columns.some((column) => column.name === name) || keep.indexOf(name) < at);
  if (taken !== undefined) {
    throw new ForwardpassError('OPTION', `the results already have a column ${quote(taken)}`, '--keep');
  }
  return keep.map((name) => ({ name, shape: [], isKept: true }));
}
