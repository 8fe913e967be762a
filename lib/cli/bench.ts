import { type Command, InvalidArgumentError } from 'commander';
import type { CliModel, Environment } from './environment.ts';
import { addLoadFlags, type LoadFlags, parseCount, toLoadOptions } from './load-options.ts';

interface BenchFlags extends LoadFlags {
  readonly batch?: readonly number[];
  readonly seconds: number;
  readonly json?: boolean;
}

/** Times are nanoseconds of one call. */
interface Timing {
  readonly batch: number;
  readonly median: number;
  readonly p99: number;
  readonly rowsPerSecond: number;
  /** More than 1 where a call is too short for the clock; p99 is then of means of so many. */
  readonly callsPerSample: number;
}

const BATCHES = [1, 8, 64, 256];
/** Reading the clock takes some 50 ns. */
const SHORTEST_SAMPLE = 5_000;
const WARM_UP_SHARE = 0.25;

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
    .option('--batch <rows>', `rows of a call; may be repeated (default: ${BATCHES.join(', ')})`, collectCount)
    .option('--seconds <time>', 'how long to measure each', parseSeconds, 1)
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

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (!(seconds > 0 && seconds <= 3600)) throw new InvalidArgumentError('expected a number above 0, up to 3600');
  return seconds;
}

function time(model: CliModel, batch: number, nanoseconds: number): Timing {
  const call = model.bind({ batch });
  // Ids stay 0, which every table has.
  for (const { name } of model.inputs) {
    const input = call.inputs[name];
    if (input instanceof Int32Array) continue;
    for (let i = 0; i < input.length; i++) input[i] = Math.random() * 2 - 1;
  }
  let callsPerSample = 1;
  const sample = () => {
    const start = process.hrtime.bigint();
    for (let i = 0; i < callsPerSample; i++) call.run();
    return Number(process.hrtime.bigint() - start);
  };
  for (let spent = 0; spent < nanoseconds * WARM_UP_SHARE; ) {
    const elapsed = sample();
    spent += elapsed;
    if (elapsed < SHORTEST_SAMPLE) callsPerSample *= 2;
  }
  const samples: number[] = [];
  for (let spent = 0; spent < nanoseconds; ) {
    const elapsed = sample();
    spent += elapsed;
    samples.push(elapsed / callsPerSample);
  }
  samples.sort((a, b) => a - b);
  const quantile = (q: number) => samples[Math.ceil(q * samples.length) - 1];
  const median = quantile(0.5);
  return { batch, median, p99: quantile(0.99), rowsPerSecond: (batch * 1e9) / median, callsPerSample };
}

function timingLine({ batch, median, p99, rowsPerSecond, callsPerSample }: Timing): string {
  const cells = [batch.toLocaleString('en'), duration(median), duration(p99)];
  const note = callsPerSample > 1 ? `  p99 of means of ${callsPerSample} calls` : '';
  return tableLine([...cells, Math.round(rowsPerSecond).toLocaleString('en')], note);
}

function tableLine(cells: readonly string[], note = ''): string {
  return `${cells.map((cell) => cell.padStart(14)).join('')}${note}\n`;
}

function duration(nanoseconds: number): string {
  const [size, unit] = nanoseconds < 1e3 ? [1, 'ns'] : nanoseconds < 1e6 ? [1e3, 'µs'] : [1e6, 'ms'];
  const value = nanoseconds / size;
  return `${value < 100 ? value.toPrecision(3) : value.toFixed(0)} ${unit}`;
}
