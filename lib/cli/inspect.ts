import type { Command } from 'commander';
import type { CliModel, Environment } from './environment.ts';
import { addLoadFlags, type LoadFlags, toLoadOptions } from './load-options.ts';

const MOST_NAMES = 20;

const EXAMPLES = `
Examples:
  $ forwardpass inspect churn.onnx
  $ forwardpass inspect churn.onnx --json | jq .inputs`;

export function addInspectCommand(program: Command, environment: Environment): void {
  const command = program
    .command('inspect')
    .summary('say what a model holds')
    .description('Says what a model holds: inputs, outputs, classes, layers, parameters, and how it would run here.')
    .argument('<model>', 'the model file')
    .option('--json', 'as JSON, for programs');
  addLoadFlags(command)
    .addHelpText('after', EXAMPLES)
    .action(async (path: string, flags: LoadFlags & { readonly json?: boolean }) => {
      const model = await environment.load(path, await toLoadOptions(flags));
      try {
        environment.stdout.write(flags.json ? `${JSON.stringify(toJson(model), null, 2)}\n` : describe(path, model));
      } finally {
        model.dispose();
      }
    });
}

function toJson(model: CliModel) {
  const { format, precision, isa, parameterCount, inputs, outputs, classes, featureNames } = model;
  return { format, precision, isa, parameterCount, inputs, outputs, classes, featureNames };
}

/** The summary, and the names that it only counts. */
function describe(path: string, model: CliModel): string {
  const classes = model.classes ? `classes: ${listText(model.classes)}\n` : '';
  const features = model.featureNames ? `features: ${listText(model.featureNames)}\n` : '';
  return `${path}\n\n${model.summary()}\n${classes}${features}`;
}

function listText(names: readonly (string | number)[]): string {
  const shown = names.slice(0, MOST_NAMES).join(', ');
  return names.length > MOST_NAMES ? `${shown} and ${names.length - MOST_NAMES} more` : shown;
}
