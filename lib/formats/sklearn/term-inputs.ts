/** The inputs of a model whose rows are made from texts, and which of a model's columns the others use. */
import { ForwardpassError } from '../../errors.ts';
import type { Node } from '../../graph/graph.ts';
import type { TermRow } from './sparse.ts';

export class TermInputs {
  readonly #rows: TermRow[] = [];
  readonly #writtenOut = new Map<TermRow, string>();

  /** `scatter` converts an input's row to a dense one. */
  constructor(readonly scatter: (input: string, width: number) => string) {}

  /** The name of the input for the row. */
  inputOf(row: TermRow): string {
    const known = this.#rows.indexOf(row);
    return placeholder(known >= 0 ? known : this.#rows.push(row) - 1);
  }

  writtenOut(row: TermRow): string {
    const known = this.#writtenOut.get(row) ?? this.scatter(this.inputOf(row), row.width);
    this.#writtenOut.set(row, known);
    return known;
  }

  /** Whether any row of the model is made from texts. */
  get hasAny(): boolean {
    return this.#rows.length > 0;
  }

  /** The term rows that these nodes use, by index among all. */
  usedBy(nodes: readonly Node[]): ReadonlyMap<string, TermRow> {
    const names = new Map(this.#rows.map((row, i) => [placeholder(i), row]));
    const used = new Set(nodes.flatMap(({ inputs }) => inputs));
    return new Map([...names].filter(([name]) => used.has(name)));
  }
}

/** The name of an input before it is named after its text. */
function placeholder(at: number): string {
  return `terms#${at}`;
}

/**
 * The same nodes after the input has lost some columns. Nodes that take elements of it now take them at their new
 * positions.
 * @throws {ForwardpassError} UNSUPPORTED_OP if some node takes a removed column.
 */
export function withoutColumns(
  nodes: readonly Node[],
  input: string,
  places: ReadonlyMap<number, number>,
  nameOf: (column: number) => string,
): Node[] {
  /** Which elements of the input a row consists of. */
  const elements = new Map<string, readonly number[]>();
  return nodes.map((node) => {
    const [source] = node.inputs;
    const isOfInput = (operand: unknown) => operand === input || elements.has(operand as string);
    if (node.op !== 'gather' || typeof source !== 'string' || !isOfInput(source)) {
      const stray = node.inputs.find(isOfInput) as string | undefined;
      const lost = stray === input ? [0] : elements.get(stray ?? '')?.filter((column) => !places.has(column));
      if (lost !== undefined && (stray === input || lost.length > 0)) throw mixed(node, nameOf, lost, stray === input);
      return node;
    }
    const known = elements.get(source);
    const columns = Array.from(node.attributes.indices, (at) => known?.[at] ?? at);
    elements.set(node.output, columns);
    if (!columns.every((column) => places.has(column))) return node;
    const indices = Int32Array.from(columns, (column) => places.get(column) as number);
    return { ...node, inputs: [input], attributes: { ...node.attributes, indices } };
  });
}

function mixed(
  node: Node,
  nameOf: (column: number) => string,
  lost: readonly number[],
  all: boolean,
): ForwardpassError {
  const what = all ? 'all columns' : `the column ${nameOf(lost[0])}`;
  const message = `takes ${what}, of which a vectorizer takes texts; give each step its own columns with a ColumnTransformer`;
  return new ForwardpassError('UNSUPPORTED_OP', message, node.name);
}

/** A name for each input of terms: that of the texts it is made from. */
export function namesOf(
  rows: readonly TermRow[],
  featureNames: readonly string[] | undefined,
  taken: readonly string[],
): string[] {
  const known = new Set(taken);
  return rows.map(({ features }) => {
    const own = features.map((feature) => featureNames?.[feature]).filter((name) => name !== undefined);
    const wanted = own.length > 0 ? own.join('+') : 'text';
    let name = wanted;
    for (let number = 2; known.has(name); number++) name = `${wanted}_${number}`;
    known.add(name);
    return name;
  });
}
