import type { Command } from 'commander';
import type { Environment } from './environment.ts';
import { addLoadFlags, type LoadFlags, parseCount, parseSeconds, toLoadOptions } from './load-options.ts';
import { duration, type Timing, time } from './timing.ts';

interface BenchFlags extends LoadFlags {
  readonly batch?: readonly number[];
  readonly seconds: number;
  readonly json?: boolean;
}

const BATCHES = [1, 8, 64, 256];

const EXAMPLES = `
Times are of bound calls (model.bind) over random features; loading is not counted.

Examples:
  $ forwardpass bench churn.onnx
  $ forwardpass bench churn.onnx --batch 1 --batch 1000 --precision f64
  $ forwardpass bench churn.onnx --isa avx2 --json`;

export function addBenchCommand(program: Command, environment: Environment): void {
  const command = program
    .command('bench')
    .summary('measure how fast a model runs here')
    .description('Measures how fast a model runs on this machine, for calls of one row and of several.')
    .argument('<model>', 'the model file')
    .option('--batch <rows>', `rows per call; may be repeated (default: ${BATCHES.join(', ')})`, collectCount)
    .option('--seconds <time>', 'how long to measure each batch size', parseSeconds, 1)
    .option('--json', 'as JSON, for programs');
  addLoadFlags(command)
    .addHelpText('after', EXAMPLES)
    .action(async (path: string, flags: BenchFlags) => {
      const { stdout } = environment;
      const model = await environment.load(path, await toLoadOptions(flags));
      try {
        const { parameterCount, precision, isa } = model;
        const timings: Timing[] = [];
        if (!flags.json) {
          stdout.write(`${path}  ${parameterCount.toLocaleString('en')} parameters, ${precision}, ${isa}\n\n`);
          stdout.write(tableLine(['rows a call', 'median', 'p99', 'rows/s']));
        }
        for (const batch of flags.batch ?? BATCHES) {
          const timing = time(model, batch, flags.seconds * 1e9);
          if (!flags.json) stdout.write(timingLine(timing));
          timings.push(timing);
        }
        if (flags.json) stdout.write(`${JSON.stringify({ parameterCount, precision, isa, timings }, null, 2)}\n`);
      } finally {
        model.dispose();
      }
    });
}

function collectCount(value: string, previous: readonly number[] = []): number[] {
  return [...previous, parseCount(value)];
}

function timingLine({ batch, median, p99, rowsPerSecond, callsPerSample }: Timing): string {
  const cells = [batch.toLocaleString('en'), duration(median), duration(p99)];
  const note = callsPerSample > 1 ? `  p99 of means of ${callsPerSample} calls` : '';
  return tableLine([...cells, Math.round(rowsPerSecond).toLocaleString('en')], note);
}

function tableLine(cells: readonly string[], note = ''): string {
  return `${cells.map((cell) => cell.padStart(14)).join('')}${note}\n`;
}
