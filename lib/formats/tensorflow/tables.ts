/** The content of each lookup table of a graph: constants, restored tensors, or a file of the model. */
import { ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';
import { quote } from '../../messages.ts';
import type { Reader, Source } from '../format.ts';
import { decodeText } from '../tensors/raw-elements.ts';
import { type Constant, constant } from '../tensors/value.ts';
import type { Bundle } from './bundle/bundle.ts';
import type { Evaluator } from './evaluate.ts';
import type { NodeDef } from './proto.ts';
import { restoredKey } from './restored.ts';
import { dataInputs, type Output, placeOf, type Scope } from './scope.ts';
import { countElements } from './tensor.ts';
import { elementType } from './types.ts';
import type { Contents, Result } from './value.ts';

const IMPORTS: ReadonlySet<string> = new Set([
  ...['LookupTableImport', 'LookupTableImportV2', 'InitializeTable', 'InitializeTableV2'],
]);
const FILES: ReadonlySet<string> = new Set(['InitializeTableFromTextFile', 'InitializeTableFromTextFileV2']);

/** Sources of tables outside of the graph. */
export interface Beside {
  readonly source: Source;
  readonly bundle: Bundle;
  /** The files in the folder `assets`, by the nodes that represent their paths. */
  readonly assets: ReadonlyMap<string, string>;
  readonly budget: Budget;
}

interface Filling {
  /** Restored content is the table's content when it was saved, whatever its initial content was. */
  readonly isRestored: boolean;
  /** Read when the table is used: an optimizer's, or one of a training step, is not. */
  contents(): Promise<Contents>;
}

export class Tables {
  readonly #fillings = new Map<NodeDef, Filling>();
  /** By variable name, the names of the nodes that are assigned to it. */
  #values: Map<string, string> | undefined;

  /** Without `beside` there are only constants. */
  constructor(
    private readonly evaluator: Evaluator,
    private readonly main: Scope,
    private readonly beside: Beside | undefined,
  ) {}

  /** Records the content with which the node fills a table, if it does. */
  async note(scope: Scope, node: NodeDef): Promise<void> {
    const isFile = FILES.has(node.op);
    if (!isFile && !IMPORTS.has(node.op)) return;
    const [table, ...given] = dataInputs(node);
    const target = this.evaluator.output(scope, table ?? '', placeOf(node)).node;
    const filling = isFile
      ? this.#ofFile(scope, node, target, given[0] ?? '')
      : await this.#ofTensors(scope, node, given);
    if (this.#fillings.get(target)?.isRestored !== true) this.#fillings.set(target, filling);
  }

  contents(node: NodeDef): Promise<Contents> {
    const filling = this.#fillings.get(node);
    if (filling !== undefined) return filling.contents();
    const message = 'nothing in the file fills this lookup table';
    throw new ForwardpassError('UNSUPPORTED_OP', message, placeOf(node));
  }

  async #ofTensors(scope: Scope, node: NodeDef, given: readonly string[]): Promise<Filling> {
    const place = placeOf(node);
    const { evaluator, beside } = this;
    const outputs = given.slice(0, 2).map((input) => evaluator.output(scope, input, place));
    const keys: string[] = [];
    for (const output of outputs) {
      const { key } = (await restoredKey(evaluator, output)) ?? {};
      if (key !== undefined) keys.push(key);
    }
    if (keys.length === 2 && beside !== undefined) {
      const read = (key: string) => beside.bundle.tensor(key, (words) => evaluator.words(words));
      return {
        isRestored: true,
        contents: async () => checked(await read(keys[0]), await read(keys[1]), place),
      };
    }
    const [found, values] = [
      await this.#resolved(scope, given[0], place),
      await this.#resolved(scope, given[1], place),
    ];
    return { isRestored: false, contents: async () => checked(found, values, place) };
  }

  /** An unused table may be filled with anything. */
  async #resolved(scope: Scope, reference: string | undefined, place: string): Promise<Result> {
    try {
      return await this.evaluator.resolve(scope, reference ?? '', place);
    } catch (error) {
      if (error instanceof ForwardpassError) return { kind: 'refused', error };
      throw error;
    }
  }

  #ofFile(scope: Scope, node: NodeDef, table: NodeDef, path: string): Filling {
    const place = placeOf(node);
    const asset = this.#asset(this.evaluator.output(scope, path, place));
    const contents = async () => {
      const { beside } = this;
      if (asset === undefined || beside === undefined) {
        const message = "is filled from a text file that is not among the model's assets; load the SavedModel's folder";
        throw new ForwardpassError('UNSUPPORTED_OP', message, placeOf(table));
      }
      const reader = await openAsset(beside.source, asset, placeOf(table));
      const lines = linesOf(
        decodeText(await reader.read(0, reader.size)),
        node.attributes.get('vocab_size')?.integer ?? -1,
        reader.name,
      );
      countElements([lines.length], reader.name, beside.budget);
      const columns = [
        ['key_index', 'key_dtype'],
        ['value_index', 'value_dtype'],
      ].map(([index, type]) => {
        const column = node.attributes.get(index)?.integer ?? WHOLE_LINE;
        return this.#column(lines, column, table.attributes.get(type)?.type ?? 0, node, reader.name);
      });
      return checked(columns[0], columns[1], reader.name);
    };
    return { isRestored: false, contents };
  }

  /** The asset that a path refers to: a node of the main graph, or a variable that it is assigned to. */
  #asset(path: Output): string | undefined {
    let { node } = path;
    for (let steps = 0; steps < MOST_STEPS; steps++) {
      const asset = this.beside?.assets.get(node.name);
      if (asset !== undefined) return asset;
      const source = node.op === 'VarHandleOp' ? this.#assigned(node) : this.main.nodes.get(nodeOf(node.inputs[0]));
      if (source === undefined) return undefined;
      node = source;
    }
    return undefined;
  }

  #assigned(variable: NodeDef): NodeDef | undefined {
    if (this.#values === undefined) {
      this.#values = new Map();
      for (const { op, inputs } of this.main.nodes.values()) {
        const name = nodeOf(inputs[0]);
        if (op === 'AssignVariableOp' && !this.#values.has(name)) this.#values.set(name, nodeOf(inputs[1]));
      }
    }
    return this.main.nodes.get(this.#values.get(variable.name) ?? '');
  }

  #column(lines: readonly string[], index: number, dtype: number, node: NodeDef, place: string): Constant {
    const type = elementType(dtype, place);
    if (index === LINE_NUMBER) {
      const first = node.attributes.get('offset')?.integer ?? 0;
      const numbers = Float64Array.from(lines, (_, i) => i + first);
      return constant('int64', [lines.length], numbers);
    }
    const delimiter = decodeText(node.attributes.get('delimiter')?.bytes ?? new Uint8Array()) || '\t';
    const cells = index === WHOLE_LINE ? lines : lines.map((line) => line.split(delimiter)[index]);
    const missing = cells.indexOf(undefined as never);
    if (missing >= 0) {
      throw new ForwardpassError('MALFORMED', `line ${missing + 1} has no column ${index}`, place);
    }
    if (type === 'string') return this.evaluator.words(cells);
    const numbers = Float64Array.from(cells, (cell) => (cell.trim() === '' ? Number.NaN : Number(cell)));
    const at = numbers.findIndex((value) => !Number.isFinite(value));
    if (at < 0) return constant(type, [lines.length], numbers);
    throw new ForwardpassError('MALFORMED', `line ${at + 1}: expected a number, found ${quote(cells[at])}`, place);
  }
}

async function openAsset(source: Source, asset: string, place: string): Promise<Reader> {
  try {
    return await source.sibling(`assets/${asset}`);
  } catch (error) {
    if (!(error instanceof ForwardpassError) || error.code !== 'SOURCE') throw error;
    const message = `this lookup table is filled from a file of the model's folder: ${error.message}`;
    throw new ForwardpassError('SOURCE', message, place, { cause: error });
  }
}

/** TensorFlow's marker in place of a column's number. */
const WHOLE_LINE = -2;
const LINE_NUMBER = -1;
const MOST_STEPS = 8;

function nodeOf(reference: string | undefined): string {
  return (reference ?? '').split(':')[0];
}

/** Lines as TensorFlow reads them: without carriage returns, up to the declared number. */
function linesOf(text: string, size: number, place: string): string[] {
  const lines = text.replaceAll('\r', '').split('\n');
  if (lines.at(-1) === '') lines.pop();
  if (size < 0 || size === lines.length) return lines;
  if (size < lines.length) return lines.slice(0, size);
  throw new ForwardpassError('MALFORMED', `expected ${size} lines, found ${lines.length}`, place);
}

/** Throws unless each key has exactly one value. */
function checked(keys: Result, values: Result, place: string): Contents {
  for (const found of [keys, values]) if (found.kind === 'refused') throw found.error;
  if (!isPlain(keys) || !isPlain(values) || keys.data.length !== values.data.length) {
    throw new ForwardpassError('MALFORMED', 'a table is not filled with equally many constant keys and values', place);
  }
  const known = new Map<number, number>();
  for (const [i, key] of keys.data.entries()) {
    if ((known.get(key) ?? values.data[i]) !== values.data[i]) {
      throw new ForwardpassError('MALFORMED', `a table has two values for the key at ${i}`, place);
    }
    known.set(key, values.data[i]);
  }
  return { kind: 'contents', keys, values };
}

function isPlain(found: Result): found is Constant {
  return found.kind === 'constant' && !found.batch;
}
