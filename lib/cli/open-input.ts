/** Turns the values of --input into one source of rows for all inputs of a model. */
import type { Readable } from 'node:stream';
import { ForwardpassError } from '../errors.ts';
import { listNames } from '../messages.ts';
import { ByteSource } from './byte-source.ts';
import type { CsvOptions } from './csv-options.ts';
import { type DataFormat, formatOfContent, formatOfInput } from './data-format.ts';
import { assignPaths, type NamedPath } from './named-paths.ts';
import { readJson, readJsonLines } from './read-json.ts';
import { readNpy } from './read-npy.ts';
import { type LayoutParts, RowLayout } from './row-layout.ts';
import { type RowSource, type SourcePart, zipSources } from './row-source.ts';

export interface InputOptions extends CsvOptions {
  /** `-`, a path, or `name=path` for one of several inputs. */
  readonly paths: readonly string[];
  /** The option that gave the paths, for errors: `--input` if not given. */
  readonly flag?: string;
  /** Detected by name, then by content, unless given. */
  readonly format?: DataFormat;
  /** Columns of the first path that are copied to the results. */
  readonly keep?: readonly string[];
}

export interface OpenInput {
  readonly rows: RowSource;
  /** The format of the first source. */
  readonly format: DataFormat;
  close(): Promise<void>;
}

export async function openInput(options: InputOptions, parts: LayoutParts, stdin: Readable): Promise<OpenInput> {
  const { paths, flag = '--input' } = options;
  const targets = assignInputs(
    flag,
    paths,
    parts.columns.map(({ port }) => port),
  );
  const sources: ByteSource[] = [];
  const close = async () => {
    for (const source of sources) await source.close();
  };
  try {
    const read: SourcePart[] = [];
    let format: DataFormat | undefined;
    for (const { path, indices } of targets) {
      const named = options.format ?? (path === '-' ? undefined : formatOfInput(path, flag));
      const source = await (path === '-' ? ByteSource.ofStream('standard input', stdin) : ByteSource.open(path, flag));
      sources.push(source);
      const partFormat = await formatOfContent(source, named);
      const keep = read.length === 0 ? options.keep : undefined;
      const rows = await openRows(source, layoutOf(parts, indices), partFormat, { ...options, keep });
      read.push({ name: source.name, inputIndices: indices, rows });
      format ??= partFormat;
    }
    return { rows: zipSources(read), format: format ?? 'csv', close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The layout of some of the columns. Feature names are those of all columns. */
function layoutOf(parts: LayoutParts, indices: readonly number[]): RowLayout {
  const { columns, featureNames } = parts;
  if (indices.length === columns.length) return new RowLayout(parts);
  let first = 0;
  const names = columns.map(({ port: { width } }) => {
    first += width;
    return featureNames?.slice(first - width, first) ?? [];
  });
  return new RowLayout({ columns: indices.map((i) => columns[i]), featureNames: indices.flatMap((i) => names[i]) });
}

async function openRows(
  source: ByteSource,
  layout: RowLayout,
  format: DataFormat,
  options: CsvOptions & Pick<InputOptions, 'keep'>,
): Promise<RowSource> {
  const { keep } = options;
  switch (format) {
    case 'npy':
      return readNpy(source, layout, keep);
    case 'csv':
      return (await import('./read-csv.ts')).readCsv(await source.text(), layout, options, keep);
    case 'json':
      return readJson(await source.text(), layout, keep);
    case 'jsonl':
      return readJsonLines(await source.text(), layout, keep);
    case 'parquet':
      return (await import('./read-parquet.ts')).readParquet(source, layout, keep);
  }
}

/** One path for all inputs, or one for each by name. Throws `OPTION` if an input is missing or given twice. */
function assignInputs(
  flag: string,
  paths: readonly string[],
  inputs: readonly { readonly name: string }[],
): NamedPath[] {
  const assigned = assignPaths(flag, paths, inputs);
  const missing = inputs.filter((_, i) => !assigned.some(({ indices }) => indices.includes(i)));
  if (missing.length > 0) {
    const names = listNames(missing.map(({ name }) => name));
    throw new ForwardpassError('OPTION', `expected a file for each input, found none for ${names}`, flag);
  }
  return assigned;
}
