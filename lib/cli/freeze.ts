import { realpath } from 'node:fs/promises';
import { sep } from 'node:path';
import type { Command } from 'commander';
import { ForwardpassError } from '../errors.ts';
import { writeFile } from './byte-sink.ts';
import type { Environment } from './environment.ts';
import { addLoadFlags, type LoadFlags, toLoadOptions } from './load-options.ts';

const EXAMPLES = `
The file opens with \`load\` and every subcommand, to the same bits as the model does, and without what reading the
model's own format takes.

Examples:
  $ forwardpass freeze churn.joblib -o churn.safetensors
  $ forwardpass freeze saved_model/ -o ranker.safetensors
  $ forwardpass freeze weights.pt --activation relu -o net.safetensors`;

export function addFreezeCommand(program: Command, environment: Environment): void {
  const command = program
    .command('freeze')
    .summary('write a model as one safetensors file')
    .description('Writes a model of any format, as it would run, to one safetensors file.')
    .argument('<model>', 'the model file')
    .requiredOption('-o, --output <file>', 'the .safetensors file to write');
  addLoadFlags(command)
    .addHelpText('after', EXAMPLES)
    .action(async (path: string, flags: LoadFlags & { readonly output: string }) => {
      const parts = await environment.freeze(path, await toLoadOptions(flags));
      await refuseSource(path, flags.output);
      const bytes = await writeFile(flags.output, parts);
      environment.stdout.write(`${flags.output}: ${bytes} bytes\n`);
    });
}

/** The output must not overwrite the model or a file in its folder. */
async function refuseSource(path: string, output: string): Promise<void> {
  const [model, target] = await Promise.all([path, output].map((name) => realpath(name).catch(() => undefined)));
  if (model === undefined || target === undefined) return;
  if (target === model || target.startsWith(model + sep)) {
    throw new ForwardpassError(
      'OPTION',
      'is the model itself, which would be overwritten; choose another path',
      `--output ${output}`,
    );
  }
}
