import { type Command, Option } from 'commander';
import { columnsTable } from './columns-table.ts';
import type { CliModel, Environment } from './environment.ts';
import { addFunctionsFlag, addLoadFlags, type LoadFlags, toLoadOptions } from './load-options.ts';

const MOST_NAMES = 20;

interface InspectFlags extends LoadFlags {
  readonly json?: boolean;
  readonly schema?: boolean;
}

const EXAMPLES = `
Examples:
  $ forwardpass inspect churn.onnx
  $ forwardpass inspect churn.onnx --json | jq .inputs
  $ forwardpass inspect churn.onnx --schema > row.schema.json`;

export function addInspectCommand(program: Command, environment: Environment): void {
  const command = program
    .command('inspect')
    .summary('describe a model')
    .description('Describes a model: inputs, outputs, classes, layers, parameters, and how it runs on this machine.')
    .argument('<model>', 'the model file')
    .option('--json', 'as JSON, for programs')
    .addOption(new Option('--schema', 'the JSON Schema of one row').conflicts('json'));
  addFunctionsFlag(addLoadFlags(command))
    .addHelpText('after', EXAMPLES)
    .action(async (path: string, flags: InspectFlags) => {
      const model = await environment.load(path, await toLoadOptions(flags));
      try {
        const facts = flags.schema ? model.schema() : flags.json ? toJson(model) : undefined;
        environment.stdout.write(facts ? `${JSON.stringify(facts, null, 2)}\n` : describe(path, model));
      } finally {
        model.dispose();
      }
    });
}

function toJson(model: CliModel) {
  const { format, precision, isa, parameterCount, trees, inputs, outputs, classes, featureNames } = model;
  return { format, precision, isa, parameterCount, trees, inputs, outputs, classes, featureNames };
}

/**
 * The summary, followed by what it only counts: the columns of a model with feature names or several inputs, and the
 * classes.
 */
function describe(path: string, model: CliModel): string {
  const classes = model.classes ? `classes: ${listText(model.classes)}\n` : '';
  const schema = model.schema();
  const columns = schema.type === 'object' ? `\n${columnsTable(schema)}\n` : '';
  return `${path}\n\n${model.summary()}\n${classes}${columns}`;
}

function listText(names: readonly (string | number)[]): string {
  const shown = names.slice(0, MOST_NAMES).join(', ');
  return names.length > MOST_NAMES ? `${shown} and ${names.length - MOST_NAMES} more` : shown;
}
