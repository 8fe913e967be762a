/** The options of every subcommand that reads rows from CSV. */
import { type Command, InvalidArgumentError, Option } from 'commander';

/**
 * What the first row is. `auto`: names, if any of its cells is not a number; `names`: names; `skip`: something to
 * leave out, columns go by position; `none`: already data.
 */
const HEADER_MODES = ['auto', 'names', 'skip', 'none'] as const;
export type HeaderMode = (typeof HEADER_MODES)[number];

export interface CsvOptions {
  readonly header?: HeaderMode;
  /** One character; found in the first line unless given. */
  readonly delimiter?: string;
  /** What numbers have before their fraction. */
  readonly decimal?: '.' | ',';
}

export function addCsvFlags(command: Command): Command {
  return command
    .addOption(
      new Option('--header <what>', "a CSV's first row: names, skip (columns go by position), none or auto")
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
