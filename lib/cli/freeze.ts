import type { Command } from 'commander';
import { writeFile } from './byte-sink.ts';
import type { Environment } from './environment.ts';
import { addLoadFlags, type LoadFlags, toLoadOptions } from './load-options.ts';
import { refuseOverwriting } from './overwriting.ts';

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
      await refuseOverwriting([flags.output], path);
      const parts = await environment.freeze(path, await toLoadOptions(flags));
      const bytes = await writeFile(flags.output, parts);
      environment.stdout.write(`${flags.output}: ${bytes} bytes\n`);
    });
}
