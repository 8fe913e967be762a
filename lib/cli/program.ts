import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { ForwardpassError } from '../errors.ts';
import { addBenchCommand } from './bench.ts';
import { addBuildCommand } from './build.ts';
import type { Environment } from './environment.ts';
import { addFreezeCommand } from './freeze.ts';
import { addInspectCommand } from './inspect.ts';
import { addLearnCommand } from './learn.ts';
import { addQuantizeCommand } from './quantize.ts';
import { addRunCommand } from './run.ts';
import { addServeCommand } from './serve.ts';
import { addVerifyCommand, Differs } from './verify.ts';

const SUCCESS = 0;
const FAILURE = 1;
const USAGE = 2;

const GUIDE = `
Start with:
  $ forwardpass inspect model.onnx                  what it expects and gives
  $ forwardpass run model.onnx --input rows.csv     what it says of each row
  $ forwardpass serve model.onnx                    the same over HTTP, at http://127.0.0.1:8080
  $ forwardpass verify model.onnx --input rows.npy --expect results.npy     whether that is right

\`forwardpass help run\` lists every option. A failure ends with status 1, wrong usage with 2.`;

/** Runs the command with the arguments after its name; returns the exit status. */
export async function main(args: readonly string[], environment: Environment): Promise<number> {
  try {
    await createProgram(environment).parseAsync(args, { from: 'user' });
    return SUCCESS;
  } catch (error) {
    // Help and version have exit code 0. All other errors of commander are about usage and already printed.
    if (error instanceof CommanderError) return error.exitCode === 0 ? SUCCESS : USAGE;
    if (isClosedPipe(error)) return SUCCESS;
    if (error instanceof Differs) return FAILURE;
    environment.stderr.write(`forwardpass: ${describe(error)}\n`);
    return FAILURE;
  }
}

function createProgram(environment: Environment): Command {
  const { stdout, stderr } = environment;
  const program = new Command('forwardpass')
    .description('Runs the forward pass of trained models on rows of data.')
    .version(packageVersion())
    .exitOverride()
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      outputError: (text, write) => write(`forwardpass: ${text.replace(/^error: /, '')}`),
    })
    .showHelpAfterError('Try --help.')
    .addHelpText('after', GUIDE);
  addRunCommand(program, environment);
  addInspectCommand(program, environment);
  addServeCommand(program, environment);
  addVerifyCommand(program, environment);
  addFreezeCommand(program, environment);
  addBenchCommand(program, environment);
  addLearnCommand(program, environment);
  addQuantizeCommand(program, environment);
  addBuildCommand(program, environment);
  return program;
}

function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}

/** The reader of the output has closed the pipe, as `head` does. */
function isClosedPipe(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EPIPE';
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (process.env.FORWARDPASS_DEBUG) return error.stack ?? error.message;
  return error instanceof ForwardpassError ? error.message : `${error.name}: ${error.message}`;
}
