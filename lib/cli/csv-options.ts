/** The options of all subcommands that read rows from CSV. */
import { type Command, InvalidArgumentError, Option } from 'commander';

/**
 * What the first row is. `auto`: names, if any of its cells is not a number; `names`: names; `skip`: a row to ignore,
 * with columns assigned by position; `none`: data.
 */
const HEADER_MODES = ['auto', 'names', 'skip', 'none'] as const;
export type HeaderMode = (typeof HEADER_MODES)[number];

export interface CsvOptions {
  readonly header?: HeaderMode;
  /** One character; detected from the first line by default. */
  readonly delimiter?: string;
  /** The decimal separator of numbers. */
  readonly decimal?: '.' | ',';
}

export function addCsvFlags(command: Command): Command {
  return command
    .addOption(
      new Option('--header <what>', "a CSV's first row: names, skip (columns are assigned by position), none or auto")
        .choices(HEADER_MODES)
        .default('auto'),
    )
    .option('--delimiter <character>', "the separator of a CSV's cells, such as ; or tab", parseDelimiter)
    .addOption(new Option('--decimal <character>', "a CSV's decimal point or comma").choices(['.', ',']));
}

function parseDelimiter(text: string): string {
  const delimiter = text === 'tab' || text === '\\t' ? '\t' : text === 'space' ? ' ' : text;
  if (delimiter.length === 1 && !'"\r\n'.includes(delimiter)) return delimiter;
  throw new InvalidArgumentError('expected one character, or tab or space');
}
