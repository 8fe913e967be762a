/** From the values of --input to one source of rows for all inputs of a model. */
import type { Readable } from 'node:stream';
import { ForwardpassError } from '../errors.ts';
import { listNames } from '../words.ts';
import { ByteSource } from './byte-source.ts';
import { type DataFormat, formatOfName, sniffFormat } from './data-format.ts';
import { assignPaths, type NamedPath } from './named-paths.ts';
import { type HeaderMode, readCsv } from './read-csv.ts';
import { readJson, readJsonLines } from './read-json.ts';
import { readNpy } from './read-npy.ts';
import { type LayoutInput, RowLayout } from './row-layout.ts';
import { type RowSource, type SourcePart, zipSources } from './row-source.ts';

export interface InputOptions {
  /** `-`, a path, or `name=path` for one of several inputs. */
  readonly paths: readonly string[];
  /** By name, otherwise by content, unless given. */
  readonly format?: DataFormat;
  readonly header?: HeaderMode;
}

export interface OpenInput {
  readonly rows: RowSource;
  /** Of the first source. */
  readonly format: DataFormat;
  close(): void;
}

export async function openInput(
  options: InputOptions,
  model: { readonly inputs: readonly LayoutInput[]; readonly featureNames?: readonly string[] },
  stdin: Readable,
): Promise<OpenInput> {
  const targets = assignInputs(options.paths, model.inputs);
  const sources: ByteSource[] = [];
  const close = () => {
    for (const source of sources) source.close();
  };
  try {
    const parts: SourcePart[] = [];
    let format: DataFormat | undefined;
    for (const { path, indices } of targets) {
      const source = path === '-' ? new ByteSource('standard input', stdin) : await ByteSource.open(path);
      sources.push(source);
      const partFormat = options.format ?? formatOfName(path) ?? (await sniffFormat(source));
      const featureNames = indices.includes(0) ? model.featureNames : undefined;
      const layout = new RowLayout(
        indices.map((i) => model.inputs[i]),
        featureNames,
      );
      const rows = await read(source, layout, partFormat, options.header);
      parts.push({ name: source.name, inputIndices: indices, rows });
      format ??= partFormat;
    }
    return { rows: zipSources(parts), format: format ?? 'csv', close };
  } catch (error) {
    close();
    throw error;
  }
}

async function read(
  source: ByteSource,
  layout: RowLayout,
  format: DataFormat,
  header: HeaderMode | undefined,
): Promise<RowSource> {
  switch (format) {
    case 'npy':
      return readNpy(source, layout);
    case 'csv':
      return readCsv(source, layout, header);
    case 'json':
      return readJson(source, layout);
    case 'jsonl':
      return readJsonLines(source, layout);
  }
}

/** One path for all inputs, or one for each by name. Throws `OPTION` when an input is left out or given twice. */
function assignInputs(paths: readonly string[], inputs: readonly LayoutInput[]): NamedPath[] {
  const assigned = assignPaths('--input', paths, inputs);
  const missing = inputs.filter((_, i) => !assigned.some(({ indices }) => indices.includes(i)));
  if (missing.length > 0) {
    const names = listNames(missing.map(({ name }) => name));
    throw new ForwardpassError('OPTION', `expected a file for each input, found none for ${names}`, '--input');
  }
  return assigned;
}
