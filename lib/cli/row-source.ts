/** The interface of readers of data: blocks of rows, ready to run. */
import { ForwardpassError } from '../errors.ts';
import { least } from '../extremes.ts';

export type FloatArray = Float32Array | Float64Array;

/** A cell of a column that is copied to the results. */
export type KeptValue = string | number | bigint | boolean | null;

export interface RowBlock {
  readonly rowCount: number;
  /** One array for each input of the reader's layout, of exactly the rows. Valid until the next block is asked for. */
  readonly inputs: readonly FloatArray[];
  /** The texts of each row, by slot. */
  readonly texts?: ReadonlyMap<number, readonly unknown[]>;
  /** The cells of each column that is kept. */
  readonly kept: readonly (readonly KeptValue[])[];
  /** The value and the place in the file of an input's element, in a row of the block. */
  cell(row: number, input: number, element: number): { readonly value: unknown; readonly place: string };
}

export interface RowSource {
  /** The number of rows, if known in advance. */
  readonly rowCount?: number;
  /** Can only be called once. Every block except the last has exactly `batch` rows; no block is empty. */
  blocks(batch: number): AsyncGenerator<RowBlock>;
  /** The fraction that has been read, from 0 to 1, if known. */
  fraction(): number | undefined;
}

/** A source for some of the model's inputs. */
export interface SourcePart {
  /** The name for error messages. */
  readonly name: string;
  /** The index of the model's input for each of the source's inputs. */
  readonly inputIndices: readonly number[];
  readonly rows: RowSource;
}

/** Combines sources row by row; kept columns come from the first. Throws `INPUT` if one has more rows than another. */
export function zipSources(parts: readonly SourcePart[]): RowSource {
  if (parts.length === 1) return parts[0].rows;
  return {
    rowCount: parts.find(({ rows }) => rows.rowCount !== undefined)?.rows.rowCount,
    fraction: () => parts.map(({ rows }) => rows.fraction()).find((fraction) => fraction !== undefined),
    async *blocks(batch) {
      const iterators = parts.map(({ rows }) => rows.blocks(batch));
      for (let rowsBefore = 0; ; ) {
        const results = await Promise.all(iterators.map((iterator) => iterator.next()));
        const counts = results.map(({ done, value }) => (done ? 0 : value.rowCount));
        const rowCount = least(counts);
        const [shorter, longer] = [counts.indexOf(rowCount), counts.findIndex((count) => count > rowCount)];
        if (longer >= 0) {
          const message = `ends after ${rowsBefore + rowCount} rows, but ${parts[longer].name} has more`;
          throw new ForwardpassError('INPUT', message, parts[shorter].name);
        }
        if (rowCount === 0) return;
        yield side(
          parts,
          results.map(({ value }) => value as RowBlock),
        );
        rowsBefore += rowCount;
      }
    },
  };
}

function side(parts: readonly SourcePart[], blocks: readonly RowBlock[]): RowBlock {
  const inputs: FloatArray[] = [];
  const own: { block: RowBlock; input: number }[] = [];
  for (const [p, block] of blocks.entries()) {
    for (const [i, index] of parts[p].inputIndices.entries()) {
      inputs[index] = block.inputs[i];
      own[index] = { block, input: i };
    }
  }
  const [{ rowCount, kept }] = blocks;
  const cell: RowBlock['cell'] = (row, input, element) => own[input].block.cell(row, own[input].input, element);
  return { rowCount, inputs, kept, cell };
}
