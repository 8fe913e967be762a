/** What a reader of data gives: blocks of rows, ready to run. */
import { ForwardpassError } from '../errors.ts';
import { least } from '../extremes.ts';

export type FloatArray = Float32Array | Float64Array;

/** A cell of a column that goes on to the results. */
export type KeptValue = string | number | bigint | boolean | null;

export interface RowBlock {
  readonly rowCount: number;
  /** One array for each input of the reader's layout, of exactly the rows. Valid until the next block is asked for. */
  readonly inputs: readonly FloatArray[];
  /** By slot that is a text, of each row what it is. */
  readonly texts?: ReadonlyMap<number, readonly unknown[]>;
  /** Of each column that is kept, its cells. */
  readonly kept: readonly (readonly KeptValue[])[];
  /** What the file has for an element of an input, and where: of a row of the block. */
  cell(row: number, input: number, element: number): { readonly value: unknown; readonly place: string };
}

export interface RowSource {
  /** Where it is known beforehand. */
  readonly rowCount?: number;
  /** Can be called once. Every block but the last has exactly `batch` rows; none is empty. */
  blocks(batch: number): AsyncGenerator<RowBlock>;
  /** How much has been read, from 0 to 1, where that is known. */
  fraction(): number | undefined;
}

/** A source for some of the model's inputs. */
export interface SourcePart {
  /** For messages. */
  readonly name: string;
  /** Which of the model's inputs each of the source's own is. */
  readonly inputIndices: readonly number[];
  readonly rows: RowSource;
}

/** Sources side by side, row by row; what is kept is the first's. Throws `INPUT` when one has more rows than another. */
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
          const message = `ends after ${rowsBefore + rowCount} rows, ${parts[longer].name} has more`;
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
