/** The options of every subcommand that opens a model. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { ForwardpassError } from '../errors.ts';
import type { Activation, Architecture } from '../graph/architecture.ts';
import { type LoadOptions, PRECISION_NAMES } from '../options.ts';
import { importFunctions } from '../steps/import-functions.ts';

export interface LoadFlags {
  readonly precision?: LoadOptions['precision'];
  readonly threads?: number;
  readonly activation?: Activation;
  readonly outputActivation?: Activation;
  /** A path. */
  readonly architecture?: string;
  readonly signature?: string;
  readonly member?: readonly string[];
  readonly numIteration?: number;
  readonly isa?: LoadOptions['isa'];
  /** A path. */
  readonly functions?: string;
}

export function addLoadFlags(command: Command): Command {
  const precision = new Option('--precision <precision>', 'instead of the precision that the model was saved in');
  return addSourceFlags(command.addOption(precision.choices(PRECISION_NAMES)));
}

/** Those that say what the file is and how to run it, without the precision. */
export function addSourceFlags(command: Command): Command {
  return addNetworkFlags(command)
    .option('--signature <name>', 'for a TensorFlow SavedModel: which of its signatures (default: serving_default)')
    .option('--member <names>', 'of a file that holds several things: which, or which one after the other', addNames)
    .option('--num-iteration <count>', 'of a boosted model: use its first iterations only (0: all)', parseInteger)
    .option('--threads <count>', 'threads to run on (default: 1)', parseCount)
    .option('--isa <name>', 'force an instruction set, such as scalar; results do not depend on it');
}

/** What files of parameters do not say. */
export function addNetworkFlags(command: Command): Command {
  return command
    .option(
      '--activation <name>',
      'for files that contain only parameters: the activation between layers',
      parseActivation,
    )
    .option(
      '--output-activation <name>',
      'for files that contain only parameters: the last activation',
      parseActivation,
    )
    .option('--architecture <file>', 'for files that contain only parameters: a JSON file that describes the layers');
}

export function addFunctionsFlag(command: Command): Command {
  return command.option(
    '--functions <module>',
    'for steps of your own: a script that exports what they do, by their names in Python',
  );
}

/** Only what was given, so that the defaults of `load` hold. */
export async function toLoadOptions(flags: LoadFlags): Promise<LoadOptions> {
  const { precision, threads, activation, outputActivation, signature, member, numIteration, isa } = flags;
  return {
    ...(precision && { precision }),
    ...(threads && { threads }),
    ...(activation && { activation }),
    ...(outputActivation && { outputActivation }),
    ...(signature && { signature }),
    ...(member && { member: member.length === 1 ? member[0] : member }),
    ...(numIteration !== undefined && { numIteration }),
    ...(isa && { isa }),
    ...(flags.functions && {
      functions: await importFunctions(pathToFileURL(resolve(flags.functions)), `--functions ${flags.functions}`),
    }),
    ...(flags.architecture && { architecture: await readArchitecture(flags.architecture) }),
  };
}

/** `scaler,model`, or the option twice. */
function addNames(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, ...text.split(',')];
}

function parseInteger(text: string): number {
  const number = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(number)) return number;
  throw new InvalidArgumentError('expected an integer');
}

export function parseCount(text: string): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 1) throw new InvalidArgumentError('expected an integer of at least 1');
  return count;
}

export function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (!(seconds > 0 && seconds <= 3600)) throw new InvalidArgumentError('expected a number above 0, up to 3600');
  return seconds;
}

/** `relu`, or with settings `{"name":"leaky_relu","alpha":0.2}`. */
function parseActivation(text: string): Activation {
  if (!text.startsWith('{')) return text;
  try {
    return JSON.parse(text) as Activation;
  } catch (cause) {
    throw new InvalidArgumentError(`is not JSON: ${(cause as Error).message}`);
  }
}

export async function readArchitecture(path: string): Promise<Architecture> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Architecture;
  } catch (cause) {
    throw new ForwardpassError('OPTION', (cause as Error).message, `--architecture ${path}`, { cause });
  }
}
