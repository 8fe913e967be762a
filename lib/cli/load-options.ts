/** The options of all subcommands that open a model. */
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
  /** The path of a file. */
  readonly architecture?: string;
  readonly signature?: string;
  readonly member?: readonly string[];
  readonly numIteration?: number;
  readonly isa?: LoadOptions['isa'];
  /** The path of a file. */
  readonly functions?: string;
}

export function addLoadFlags(command: Command): Command {
  const precision = new Option('--precision <precision>', 'the precision to run in (default: that of the file)');
  return addSourceFlags(command.addOption(precision.choices(PRECISION_NAMES)));
}

/** The options that say what the file is and how to run it, except the precision. */
export function addSourceFlags(command: Command): Command {
  return addNetworkFlags(command)
    .option('--signature <name>', 'for TensorFlow SavedModels: the signature (default: serving_default)')
    .option('--member <names>', 'for files with several models: which one, or several to run in sequence', addNames)
    .option('--num-iteration <count>', 'for boosted models: use only the first iterations (0: all)', parseInteger)
    .option('--threads <count>', 'threads to run on (default: 1)', parseCount)
    .option('--isa <name>', 'force an instruction set, such as scalar; results do not depend on it');
}

/** The options for what files of parameters do not contain. */
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
    'for custom steps: a script that exports their functions, by their names in Python',
  );
}

/** Only the options that were given, so that the defaults of `load` apply. */
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

/** Parses `scaler,model`, or the option given twice. */
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

/** Parses `relu`, or, with settings, `{"name":"leaky_relu","alpha":0.2}`. */
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
