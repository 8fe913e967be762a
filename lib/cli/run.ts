import { type Command, Option } from 'commander';
import { addCsvFlags, type CsvOptions } from './csv-options.ts';
import { DATA_FORMATS, type DataFormat } from './data-format.ts';
import type { CliModel, Environment } from './environment.ts';
import { createEvaluate, defaultBatch, evaluateAfter, type Question, resultColumns, rowShape } from './evaluate.ts';
import { addLoadFlags, type LoadFlags, parseCount, toLoadOptions } from './load-options.ts';
import { type OpenInput, openInput } from './open-input.ts';
import { openOutput } from './open-output.ts';
import { Progress } from './progress.ts';

interface RunFlags extends LoadFlags, CsvOptions {
  readonly input?: readonly string[];
  readonly inputFormat?: DataFormat;
  readonly output?: readonly string[];
  readonly outputFormat?: DataFormat;
  readonly predict?: boolean;
  readonly proba?: boolean;
  readonly batch?: number;
}

const EXAMPLES = `
Data is .npy, .csv, .json, .jsonl or .parquet, gzipped or not, by its name or, on standard input, by how it begins. Columns are matched by the
names in a CSV's first row or a JSON record where the model knows them, otherwise they go by position.

Examples:
  $ forwardpass run churn.onnx --input customers.csv
  $ forwardpass run churn.onnx --input customers.npy --output scores.npy
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
    .option('-o, --output <file>', 'where results go (default: standard output); NAME=FILE for one of several', collect)
    .addOption(new Option('--input-format <format>', 'instead of what the name or content says').choices(DATA_FORMATS))
    .addOption(new Option('--output-format <format>', 'instead of what the name says').choices(DATA_FORMATS))
    .addOption(new Option('--predict', 'labels, or values, as an estimator predicts them').conflicts('proba'))
    .option('--proba', 'class probabilities')
    .option('--batch <rows>', 'rows per block (default: as many as fit in cache, up to 4096)', parseCount);
  addLoadFlags(addCsvFlags(command))
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

async function run(path: string, flags: RunFlags, environment: Environment): Promise<void> {
  const model = await environment.load(path, await toLoadOptions(flags));
  try {
    const layout = {
      inputs: model.inputs.map((info) => ({ name: info.name, shape: rowShape(info) })),
      featureNames: model.featureNames,
    };
    const { input = ['-'], inputFormat: format, header, delimiter, decimal } = flags;
    const opened = await openInput({ paths: input, format, header, delimiter, decimal }, layout, environment.stdin);
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
  const question: Question = flags.predict ? 'predict' : flags.proba ? 'proba' : 'run';
  const batch = flags.batch ?? defaultBatch(model);
  const evaluate = createEvaluate(model, question, batch);
  const paths = flags.output ?? ['-'];
  const defaultFormat = input.format === 'npy' || input.format === 'parquet' ? 'csv' : input.format;
  const { rowCount } = input.rows;
  const writer = await openOutput(
    { paths, format: flags.outputFormat, defaultFormat, rowCount },
    resultColumns(model, question),
    stdout,
  );
  // Rows that appear on the terminal are progress enough.
  const isOnTerminal = stdout.isTTY && paths.some((path) => path === '-' || path.endsWith('=-'));
  const progress = new Progress(stderr, !isOnTerminal);
  let rowsDone = 0;
  try {
    for await (const block of input.rows.blocks(batch)) {
      await writer.write(evaluateAfter(rowsDone, evaluate, block), block.rowCount);
      rowsDone += block.rowCount;
      progress.update(rowsDone, input.rows.fraction());
    }
    await writer.end();
  } catch (error) {
    await writer.discard();
    throw error;
  } finally {
    progress.clear();
  }
}
