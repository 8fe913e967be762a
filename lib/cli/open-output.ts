/** Turns the values of --output into one writer for all results. */
import type { Writable } from 'node:stream';
import { ForwardpassError } from '../errors.ts';
import { listNames } from '../messages.ts';
import { type ByteSink, GzipSink, openFileSink, StreamSink } from './byte-sink.ts';
import { type DataFormat, formatOfName, isGzipName } from './data-format.ts';
import { assignPaths } from './named-paths.ts';
import type { ResultColumn, RowWriter } from './row-writer.ts';
import { NpyWriter } from './write-npy.ts';
import { csvFormat, jsonFormat, jsonLinesFormat, TextWriter } from './write-text.ts';

export interface OutputOptions {
  /** `-`, a path, or `name=path` for one of several outputs. */
  readonly paths: readonly string[];
  /** Detected by name unless given. */
  readonly format?: DataFormat;
  /** Used if neither the option nor the name gives a format. */
  readonly defaultFormat: DataFormat;
  /** The number of rows, if known in advance. */
  readonly rowCount?: number;
}

export async function openOutput(
  options: OutputOptions,
  columns: readonly ResultColumn[],
  stdout: Writable,
): Promise<RowWriter> {
  const parts: Part[] = [];
  try {
    for (const { path, indices } of assignPaths('--output', options.paths, columns)) {
      const format = options.format ?? (path === '-' ? options.defaultFormat : formatOfOutput(path));
      const chosen = indices.map((i) => columns[i]);
      if (format === 'npy' && chosen.length > 1) {
        const names = listNames(chosen.map(({ name }) => name));
        const message = `a .npy file contains one output, but the model has ${names}: pass --output NAME=FILE for each`;
        throw new ForwardpassError('OPTION', message, `--output ${path}`);
      }
      const sink = path === '-' ? new StreamSink(stdout, false) : await openNamedSink(path);
      parts.push({ columnIndices: indices, writer: await createWriter(format, sink, chosen, options.rowCount) });
    }
  } catch (error) {
    await Promise.all(parts.map(({ writer }) => writer.discard()));
    throw error;
  }
  return parts.length === 1 && parts[0].columnIndices.length === columns.length ? parts[0].writer : split(parts);
}

interface Part {
  readonly columnIndices: readonly number[];
  readonly writer: RowWriter;
}

/** A writer that distributes columns to several writers. */
function split(parts: readonly Part[]): RowWriter {
  return {
    async write(values, rowCount) {
      for (const { writer, columnIndices } of parts) {
        await writer.write(
          columnIndices.map((i) => values[i]),
          rowCount,
        );
      }
    },
    async end() {
      for (const { writer } of parts) await writer.end();
    },
    async discard() {
      for (const { writer } of parts) await writer.discard();
    },
  };
}

async function createWriter(
  format: DataFormat,
  sink: ByteSink,
  columns: readonly ResultColumn[],
  rowCount: number | undefined,
): Promise<RowWriter> {
  switch (format) {
    case 'npy':
      return new NpyWriter(sink, columns[0], rowCount);
    case 'csv':
      return new TextWriter(sink, csvFormat(columns));
    case 'json':
      return new TextWriter(sink, jsonFormat(columns));
    case 'jsonl':
      return new TextWriter(sink, jsonLinesFormat(columns));
    case 'parquet':
      return (await import('./write-parquet.ts')).ParquetRowWriter.create(sink, columns);
  }
}

async function openNamedSink(path: string): Promise<ByteSink> {
  const sink = await openFileSink(path);
  return isGzipName(path) ? new GzipSink(sink) : sink;
}

function formatOfOutput(path: string): DataFormat {
  const format = formatOfName(path);
  if (format) return format;
  const message = 'expected a name that ends in .npy, .csv, .json, .jsonl or .parquet, or --output-format';
  throw new ForwardpassError('OPTION', message, `--output ${path}`);
}
