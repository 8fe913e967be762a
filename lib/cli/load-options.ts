/** The options of every subcommand that opens a model. */
import { readFile } from 'node:fs/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { ForwardpassError } from '../errors.ts';
import type { Activation, Architecture } from '../graph/architecture.ts';
import type { LoadOptions } from '../options.ts';

export interface LoadFlags {
  readonly precision?: LoadOptions['precision'];
  readonly threads?: number;
  readonly activation?: Activation;
  readonly outputActivation?: Activation;
  /** A path. */
  readonly architecture?: string;
  readonly isa?: LoadOptions['isa'];
}

export function addLoadFlags(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--precision <precision>',
        'compute in it instead of the precision that the model was saved in',
      ).choices(['auto', 'f32', 'f64']),
    )
    .option('--activation <name>', 'for files of parameters alone: the activation between layers', parseActivation)
    .option('--output-activation <name>', 'for files of parameters alone: the last activation', parseActivation)
    .option('--architecture <file>', 'for files of parameters alone: a JSON file that describes the layers')
    .option('--threads <count>', 'threads to run on (default: 1)', parseCount)
    .option('--isa <name>', 'force an instruction set, such as scalar; results do not depend on it');
}

/** Only what was given, so that the defaults of `load` hold. */
export async function toLoadOptions(flags: LoadFlags): Promise<LoadOptions> {
  const { precision, threads, activation, outputActivation, isa } = flags;
  return {
    ...(precision && { precision }),
    ...(threads && { threads }),
    ...(activation && { activation }),
    ...(outputActivation && { outputActivation }),
    ...(isa && { isa }),
    ...(flags.architecture && { architecture: await readArchitecture(flags.architecture) }),
  };
}

export function parseCount(text: string): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 1)
    throw new InvalidArgumentError('expected a whole number of at least 1');
  return count;
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

async function readArchitecture(path: string): Promise<Architecture> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Architecture;
  } catch (cause) {
    throw new ForwardpassError('OPTION', (cause as Error).message, `--architecture ${path}`, { cause });
  }
}
