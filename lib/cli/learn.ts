/** `forwardpass learn`: a model goes on learning from a file of rows, block by block, and survives being killed. */
import { createHash } from 'node:crypto';
import { open, readFile, rm } from 'node:fs/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { withoutPlace } from '../error-text.ts';
import { ForwardpassError } from '../errors.ts';
import type { Learner, LearnOptions } from '../learn.ts';
import { describe, listNames, quote } from '../messages.ts';
import { parseDecimalComma, parseNumber } from './csv-cells.ts';
import { addCsvFlags, type CsvOptions } from './csv-options.ts';
import { DATA_FORMATS, type DataFormat } from './data-format.ts';
import type { Environment } from './environment.ts';
import { layoutOf } from './evaluate.ts';
import { addNetworkFlags, parseCount, readArchitecture } from './load-options.ts';
import { openInput } from './open-input.ts';
import { refuseOverwriting } from './overwriting.ts';
import { Progress } from './progress.ts';
import type { FloatArray, KeptValue, RowBlock } from './row-source.ts';

interface LearnFlags extends CsvOptions {
  readonly input: string;
  readonly inputFormat?: DataFormat;
  readonly target: string;
  readonly weight?: string;
  readonly output: string;
  readonly batch?: number;
  readonly checkpointEvery: number;
  readonly window: number;
  readonly drift?: 'adwin' | 'ddm' | 'page-hinkley';
  readonly restart?: boolean;
  readonly seed?: number;
  readonly loss?: NonNullable<LearnOptions['loss']>;
  readonly optimizer?: 'sgd' | 'adam' | 'adamw';
  readonly learningRate?: number;
  readonly train?: readonly string[];
  readonly activation?: LearnOptions['activation'];
  readonly outputActivation?: LearnOptions['outputActivation'];
  readonly architecture?: string;
  readonly member?: string;
}

const EXAMPLES = `
Rows are .csv, .json, .jsonl or .parquet, gzipped or not, with a column of targets. Each block of --batch rows is predicted
first, which is what the metrics are of, and then learned from in one fit. OUTPUT is a checkpoint that \`learn\` goes on
from, and a model that \`run\` and \`serve\` take.

Every --checkpoint-every rows all is written to OUTPUT.checkpoint. Where there is one of the same command, it goes on from
there, and ends with the same bytes as if it had never been stopped.

Examples:
  $ forwardpass learn spam.joblib --input rows.csv --target label -o next.safetensors
  $ forwardpass learn net.pt --activation relu --loss crossEntropy --input rows.csv --target y -o next.safetensors
  $ forwardpass learn next.safetensors --input today.jsonl --target y -o next.safetensors --drift adwin`;

export function addLearnCommand(program: Command, environment: Environment): void {
  const command = program
    .command('learn')
    .summary('go on training a model on rows of data')
    .description('Goes on training a model on rows of data, block by block, so that data may be larger than memory.')
    .argument('<model>', 'the model file')
    .requiredOption('-i, --input <file>', 'the rows')
    .requiredOption('--target <name>', 'the column of labels or numbers to learn')
    .requiredOption('-o, --output <file>', 'the .safetensors file to write')
    .option('--weight <name>', 'the column of row weights')
    .addOption(
      new Option('--input-format <format>', 'the format (default: detected by name or content)').choices(DATA_FORMATS),
    )
    .option('--batch <rows>', 'rows per fit (default: 32 for networks, otherwise 1000)', parseCount)
    .option('--checkpoint-every <rows>', 'rows between checkpoints', parseCount, 100_000)
    .option('--window <rows>', 'how many of the last rows metrics are computed over', parseCount, 10_000)
    .addOption(
      new Option('--drift <detector>', 'report when the error rate changes').choices(['adwin', 'ddm', 'page-hinkley']),
    )
    .option('--restart', 'start over even if there is a checkpoint')
    .option('--seed <number>', 'for estimators with random_state=None: shuffle the rows of a fit', parseSeed)
    .addOption(
      new Option('--loss <name>', 'for networks: the loss function').choices([
        'meanSquared',
        'huber',
        'binaryCrossEntropy',
        'crossEntropy',
      ]),
    )
    .addOption(new Option('--optimizer <name>', 'for networks: the optimizer').choices(['sgd', 'adam', 'adamw']))
    .option('--learning-rate <rate>', 'for networks: the learning rate', parseRate)
    .option('--train <names>', 'for networks: the parameters to train, separated by commas', parseNames);
  addNetworkFlags(command).option('--member <name>', 'for files with several models: which one');
  addCsvFlags(command)
    .addHelpText('after', EXAMPLES)
    .action((path: string, flags: LearnFlags) => learnRows(path, flags, environment));
}

function parseNames(text: string): string[] {
  return text.split(',').filter((name) => name !== '');
}

function parseRate(text: string): number {
  const rate = Number(text);
  if (rate > 0 && Number.isFinite(rate)) return rate;
  throw new InvalidArgumentError('expected a number above 0');
}

function parseSeed(text: string): number {
  const seed = Number(text);
  if (text.trim() !== '' && Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32) return seed;
  throw new InvalidArgumentError('expected an integer from 0 to 2^32 - 1');
}

/** What a checkpoint records about the run that wrote it. */
interface Notes {
  /** A digest of the model, the beginning of the rows and the options that affect the result. */
  readonly run: string;
  readonly rows: number;
}

async function learnRows(path: string, flags: LearnFlags, environment: Environment): Promise<void> {
  const checkpoint = `${flags.output}.checkpoint`;
  // The model itself may be replaced: its next version is written when all rows are learned.
  await refuseOverwriting([flags.output, checkpoint], undefined, [flags.input]);
  const run = await identityOf(path, flags);
  const begun = flags.restart ? undefined : await resume(checkpoint, run, flags, environment);
  const learner = begun?.learner ?? (await environment.learn(path, await optionsOf(flags)));
  try {
    const before = begun?.rows ?? 0;
    if (before > 0) environment.stderr.write(`continues after ${before} rows, from ${checkpoint}\n`);
    await new Lesson(learner, flags, environment).learn(before, (rows) =>
      learner.save(checkpoint, { notes: { run, rows } }),
    );
    await learner.save(flags.output);
    await rm(checkpoint, { force: true });
  } finally {
    learner.dispose();
  }
}

/** The learner from a checkpoint of the same run; undefined if there is no checkpoint. */
async function resume(path: string, run: string, flags: LearnFlags, environment: Environment) {
  if (!(await exists(path))) return undefined;
  const learner = await environment.learn(path, { metrics: metricsOf(flags) });
  const notes = learner.notes as Partial<Notes> | undefined;
  if (notes?.run === run && Number.isSafeInteger(notes.rows)) return { learner, rows: notes.rows as number };
  learner.dispose();
  const message =
    'is a checkpoint of another model, other rows or other options; --restart starts over and replaces it';
  throw new ForwardpassError('OPTION', message, path);
}

async function exists(path: string): Promise<boolean> {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new ForwardpassError('SOURCE', `cannot be read: ${error.message}`, path, { cause: error });
  });
  await file?.close();
  return file !== undefined;
}

const HEAD_BYTES = 2 ** 16;

/** A digest of the model, the first bytes of the rows (more may be added) and the options that affect the result. */
async function identityOf(path: string, flags: LearnFlags): Promise<string> {
  const { target, weight, batch, header, delimiter, decimal, seed, loss, optimizer, learningRate, train } = flags;
  const { activation, outputActivation, architecture, member, inputFormat } = flags;
  const decisive = { target, weight, batch, header, delimiter, decimal, seed, loss, optimizer, learningRate, train };
  const others = { activation, outputActivation, architecture, member, inputFormat };
  const hash = createHash('sha256').update(JSON.stringify([decisive, others]));
  hash.update(await readFile(path).catch((cause: Error) => unreadable(path, cause)));
  const file = await open(flags.input).catch((cause: Error) => unreadable(`--input ${flags.input}`, cause));
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    hash.update(buffer.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
  return hash.digest('hex');
}

function unreadable(place: string, cause: Error): never {
  throw new ForwardpassError('SOURCE', `cannot be read: ${cause.message}`, place, { cause });
}

function metricsOf({ window, drift }: LearnFlags): LearnOptions['metrics'] {
  return { window, ...(drift && { drift }) };
}

async function optionsOf(flags: LearnFlags): Promise<LearnOptions> {
  const { seed, loss, optimizer, learningRate, train, activation, outputActivation, member } = flags;
  const isChosen = optimizer !== undefined || learningRate !== undefined;
  return {
    metrics: metricsOf(flags),
    ...(seed !== undefined && { seed }),
    ...(loss && { loss }),
    ...(isChosen && { optimizer: { ...(optimizer && { name: optimizer }), ...(learningRate && { learningRate }) } }),
    ...(train && { train }),
    ...(activation && { activation }),
    ...(outputActivation && { outputActivation }),
    ...(member !== undefined && { member }),
    ...(flags.architecture && { architecture: await readArchitecture(flags.architecture) }),
  };
}

/** One pass over the rows. */
class Lesson {
  readonly #learner: Learner;
  readonly #flags: LearnFlags;
  readonly #environment: Environment;
  readonly #labels: ReadonlyMap<string, string | number> | undefined;
  readonly #parse: (cell: string) => number | undefined;
  #drifts = 0;

  constructor(learner: Learner, flags: LearnFlags, environment: Environment) {
    this.#learner = learner;
    this.#flags = flags;
    this.#environment = environment;
    const { classes } = learner;
    this.#labels = classes && new Map(classes.map((label) => [String(label), label]));
    this.#parse = flags.decimal === ',' ? parseDecimalComma : parseNumber;
  }

  /** `before` is the number of rows already learned from. `save` receives the new number. */
  async learn(before: number, save: (rows: number) => Promise<void>): Promise<void> {
    const { input, inputFormat: format, header, delimiter, decimal, target, weight } = this.#flags;
    const keep = [target, ...(weight === undefined ? [] : [weight])];
    const model = this.#learner.freeze();
    const options = { paths: [input], format, header, delimiter, decimal, keep };
    const layout = { ...layoutOf(model), others: keep };
    const { stdin, stderr } = this.#environment;
    const batch = this.#flags.batch ?? (this.#learner.estimator === 'network' ? 32 : 1000);
    const opened = await openInput(options, layout, stdin);
    const progress = new Progress(stderr);
    try {
      let rows = 0;
      let reported = 0;
      for await (const block of opened.rows.blocks(batch)) {
        rows += block.rowCount;
        // The same blocks as in the run that was stopped, which ended with one.
        if (rows <= before) {
          reported = rows;
          continue;
        }
        this.#take(block, rows - block.rowCount);
        progress.update(rows, opened.rows.fraction());
        if (rows - reported < this.#flags.checkpointEvery) continue;
        reported = rows;
        await save(rows);
        progress.clear();
        this.#report(rows);
      }
      progress.clear();
      if (rows < before) {
        throw new ForwardpassError(
          'INPUT',
          `ends after ${rows} rows, expected at least the ${before} rows of the checkpoint`,
          input,
        );
      }
      if (rows > reported || rows === 0) this.#report(rows);
    } catch (error) {
      // Targets and weights are read as kept columns, so the error names --keep.
      if (!(error instanceof ForwardpassError) || error.place !== '--keep') throw error;
      const option = error.message.includes(quote(target)) ? '--target' : '--weight';
      throw new ForwardpassError(error.code, withoutPlace(error), option, { cause: error });
    } finally {
      progress.clear();
      await opened.close();
      model.dispose();
    }
  }

  #take(block: RowBlock, before: number): void {
    const { target, weight } = this.#flags;
    const [targets, weights] = block.kept;
    const place = (row: number, name?: string) =>
      `${this.#flags.input} row ${before + row + 1}${name === undefined ? '' : `, column ${quote(name)}`}`;
    const each = targets.map((cell, row) => this.#target(cell, () => place(row, target)));
    const sampleWeight =
      weight === undefined ? undefined : weights.map((cell, row) => this.#number(cell, () => place(row, weight)));
    try {
      this.#learner.partialFit(block.inputs[0] as FloatArray, each, sampleWeight && { sampleWeight });
    } catch (error) {
      throw placed(error, block, place, target, before);
    }
    const drifts = this.#learner.drift?.count ?? 0;
    if (drifts > this.#drifts) {
      this.#drifts = drifts;
      this.#environment.stderr.write(`the error rate has changed at row ${before + block.rowCount}\n`);
    }
  }

  #target(cell: KeptValue, place: () => string): string | number {
    if (this.#labels === undefined) return this.#number(cell, place);
    const text = String(cell).trim();
    const number = this.#parse(text);
    const label = this.#labels.get(text) ?? (number === undefined ? undefined : this.#labels.get(String(number)));
    if (label !== undefined && cell !== null) return label;
    const message = `expected one of ${listNames([...this.#labels.keys()], 8)}, found ${found(cell)}`;
    throw new ForwardpassError('INPUT', message, place());
  }

  #number(cell: KeptValue, place: () => string): number {
    const number = typeof cell === 'string' ? this.#parse(cell) : Number(cell ?? Number.NaN);
    if (number !== undefined && Number.isFinite(number)) return number;
    throw new ForwardpassError('INPUT', `expected a finite number, found ${found(cell)}`, place());
  }

  /** Writes a line to standard output. */
  #report(rows: number): void {
    const { seen: _, rows: counted, ...values } = this.#learner.metrics ?? { seen: 0, rows: 0 };
    const parts = Object.entries(values).map(([name, value]) => `  ${name} ${value.toFixed(5)}`);
    const line = counted === 0 ? '' : `${parts.join('')}  of the last ${counted}`;
    this.#environment.stdout.write(`${rows} rows${line}\n`);
  }
}

function found(cell: KeptValue): string {
  return cell === null || cell === '' ? 'nothing' : describe(cell);
}

type PlaceOf = (row: number, name?: string) => string;

/** An error of a fit with the place of the cell or row that caused it, or the number of rows before. */
function placed(error: unknown, block: RowBlock, place: PlaceOf, target: string, before: number): unknown {
  if (!(error instanceof ForwardpassError)) return error;
  const options = { cause: error };
  // Errors of the prediction before the fit only name the row in their text.
  const [, asked, text] = /^(?:rows: )?row (\d+) (holds .*)$/s.exec(error.message) ?? [];
  if (asked !== undefined) return new ForwardpassError(error.code, text, place(Number(asked)), options);
  const [, kind, row, column] = /^(rows|targets)\[(\d+)\](?:\[(\d+)\])?$/.exec(error.place ?? '') ?? [];
  if (kind === 'rows' && column !== undefined) {
    const cell = block.cell(Number(row), 0, Number(column));
    return new ForwardpassError(error.code, withoutPlace(error), cell.place, options);
  }
  if (kind === 'targets') {
    return new ForwardpassError(error.code, withoutPlace(error), place(Number(row), target), options);
  }
  return new ForwardpassError(error.code, error.message, `after ${before} rows`, options);
}
