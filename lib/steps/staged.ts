/**
 * A model with custom steps: native stages, and functions of the caller between them. The last stage is the model
 * itself; this computes its inputs.
 */
import { type FloatArray, isTypedArray, lengthOf, pick, type TypedArray } from '../buffers.ts';
import { ForwardpassError } from '../errors.ts';
import type { GivenCell, OwnStep, Word } from '../graph/graph.ts';
import type { Port } from '../graph/lower.ts';
import { listNames, quote } from '../messages.ts';
import { type Given, isRaggedRows, type RaggedParts, raggedParts, rowsIn } from '../ragged.ts';
import { reading } from '../reading.ts';
import { Column } from '../rows/column.ts';
import type { TermColumn } from '../rows/term-column.ts';
import { texts } from '../rows/texts.ts';
import { type FlatRows, RowReader, type RowRecord, type Rows } from '../rows.ts';
import { type FieldSchema, type RowSchema, schemaOf } from '../schema.ts';
import { type TensorInfo, tensorInfo } from '../tensor-info.ts';
import { type Arguments, callStep, placeOf } from './call.ts';
import { columnOf } from './columns.ts';
import { type Frame, frameOf, keptFrame, positionsIn } from './frame.ts';
import type { StageModel } from './modules.ts';
import { refusedSteps } from './refused.ts';
import type { StepCell, StepColumn, StepFunction } from './types.ts';

/** A stage that runs before a function is called. */
export interface Stage {
  readonly model: StageModel;
  /** Its inputs, in order. */
  readonly inputs: readonly string[];
}

/** A step, its function, and the stage that computes its arguments. */
export interface StagedStep {
  readonly step: OwnStep;
  readonly run: StepFunction;
  readonly stage?: Stage;
  /** The modules that the function may call. */
  readonly modules?: ReadonlyMap<string, StageModel>;
}

export interface StagedParts {
  readonly steps: readonly StagedStep[];
  /** The inputs of the last stage, in order. */
  readonly last: readonly string[];
  /** All inputs of stages, by name. */
  readonly ports: ReadonlyMap<string, Port>;
  /** The inputs that are the caller's rows, and their layout. */
  readonly rows: readonly string[];
  readonly names: readonly string[] | undefined;
  readonly parameterCount: number;
}

/** A run of a stage, which returns its only output. */
interface Request {
  readonly stage: Stage;
  readonly given: FlatRows;
}

/** The caller's rows: for one input as a frame, and as arrays if a stage takes them. */
type ReadRows =
  | { readonly flat: FlatRows | undefined; readonly frame: Frame & { readonly isRecord: boolean } }
  | { readonly flat: FlatRows; readonly frame: undefined };

/** The layout of rows whose columns are not in the file. */
const OPEN = { shape: [], dtype: 'float64' as const, width: 0 };

export class Staged {
  readonly names: readonly string[] | undefined;
  readonly parameterCount: number;
  readonly #parts: StagedParts;
  readonly #columns: ReadonlyMap<string, Column>;
  readonly #reader: RowReader | undefined;
  /** The readers of inputs that are made from texts; each is created with the first row. */
  readonly #terms = new Map<string, TermColumn>();

  constructor(parts: StagedParts) {
    this.names = parts.names;
    this.parameterCount = parts.parameterCount;
    this.#parts = parts;
    this.#columns = new Map([...parts.ports].map(([name, port]) => [name, new Column(port)]));
    const { rows, names } = parts;
    const taken = [parts.last, ...parts.steps.map(({ stage }) => stage?.inputs ?? [])];
    const isRead = rows.length > 1 || taken.some((names) => names.includes(rows[0]));
    const inputs = this.#rowPorts;
    if (isRead && inputs.length > 0)
      this.#reader = new RowReader({ inputs, featureNames: names, Floats: Float64Array });
  }

  /** The ports of the rows that the model takes; none if the file does not say how many columns they have. */
  get #rowPorts(): readonly Port[] {
    const { rows, ports } = this.#parts;
    return rows.flatMap((name) => ports.get(name) ?? []);
  }

  /** The rows that the model takes. */
  get inputs(): readonly TensorInfo[] {
    const ports = this.#rowPorts;
    if (ports.length > 0) return ports.map((port) => tensorInfo(this.#used(port)));
    const [name] = this.#parts.rows;
    return [Object.freeze({ name, shape: Object.freeze([null, null]), dtype: 'float64' as const })];
  }

  /** The inputs of the last stage for rows of JavaScript values. */
  flatten(rows: Rows | RowRecord | string): FlatRows {
    return this.#finish(this.#work(this.#read(rows)));
  }

  /** The same for the input of `run`. */
  flattenInput(input: unknown): FlatRows {
    return { ...this.#finish(this.#work(this.#readInput(input, false))), isBare: this.#isAlone(input) };
  }

  #finish(work: Generator<Request, FlatRows, FloatArray>): FlatRows {
    let next = work.next();
    while (next.done !== true) {
      const { stage, given } = next.value;
      const [values] = stage.model.ask('run', given) as FloatArray[];
      next = work.next(values);
    }
    return next.value;
  }

  /** The same, off the event loop except for the functions. The input is read before waiting for anything. */
  async flattenInputAsync(input: unknown): Promise<FlatRows> {
    const work = this.#work(this.#readInput(input, true));
    const isBare = this.#isAlone(input);
    let next = work.next();
    while (next.done !== true) {
      const { stage, given } = next.value;
      const named = Object.fromEntries(stage.inputs.map((name, i) => [name, given.arrays[i]]));
      const [values] = Object.values(await stage.model.runAsync(named));
      next = work.next(values);
    }
    return { ...next.value, isBare };
  }

  /** Reads an array, arrays by name, or rows with texts or other values. */
  #readInput(input: unknown, isKept: boolean): ReadRows {
    if (Array.isArray(input)) return this.#read(input as Rows, isKept);
    const { rows } = this.#parts;
    const ports = rows.length > 1 ? this.#rowPorts : [this.#rowPorts[0] ?? { ...OPEN, name: rows[0] }];
    const arrays = (this.#isAlone(input) && ports.length === 1 ? [input] : pick(input, ports, 'input')).map(
      (array, i): Given => {
        if (ports[i].ragged) return raggedParts(array, ports[i]);
        if (isTypedArray(array)) return array as TypedArray;
        const message = 'expected a typed array, or an array of rows as the only input';
        throw new ForwardpassError('INPUT', message, `input ${quote(ports[i].name)}`);
      },
    );
    const kept = isKept ? arrays.map(copied) : arrays;
    const isOne = kept.length === 1 && !ports[0].ragged;
    return isOne ? this.#read(kept[0] as TypedArray) : { flat: sideBySide(kept, ports), frame: undefined };
  }

  /** Whether it is the rows themselves, and not arrays by name. */
  #isAlone(input: unknown): boolean {
    if (Array.isArray(input) || isTypedArray(input)) return true;
    return this.#parts.rows.length === 1 && this.#rowPorts[0]?.ragged === true && isRaggedRows(input);
  }

  #read(rows: Rows | RowRecord | string, isKept = false): ReadRows {
    const { rows: inputs, names, ports } = this.#parts;
    const flat = this.#reader?.read(rows);
    if (flat !== undefined && (inputs.length > 1 || this.#rowPorts[0].features !== undefined))
      return { flat, frame: undefined };
    const frame = reading('INPUT', 'rows', () => {
      const given = frameOf(rows, { width: ports.get(inputs[0])?.width, names });
      return isKept ? keptFrame(given) : given;
    });
    return { flat, frame };
  }

  *#work(read: ReadRows): Generator<Request, FlatRows, FloatArray> {
    const { flat, frame } = read;
    const { steps, last, ports, rows } = this.#parts;
    const frames = new Map<string, Frame>(frame && [[rows[0], frame]]);
    const { isRecord } = read.frame ?? read.flat;
    const count = read.frame?.rows ?? rowsIn(read.flat?.arrays[0], this.#rowPorts[0]);
    const placeIn = (name: string) => (flat === undefined ? -1 : rows.indexOf(name));
    const gather = (inputs: readonly string[]): FlatRows => ({
      arrays: inputs.map((name) => flat?.arrays[placeIn(name)] ?? this.#arrayOf(name, frames)),
      isRecord,
      cell: (row, at, element) => {
        const name = inputs[at];
        if (flat !== undefined && placeIn(name) >= 0) return flat.cell(row, placeIn(name), element);
        const cell = ports.get(name)?.cells?.[0] ?? { input: name, element };
        return (frames.get(cell.input) as Frame).cell(row, cell.element);
      },
    });
    for (const { step, run, stage, modules } of steps) {
      const values = stage && (yield { stage, given: gather(stage.inputs) });
      frames.set(step.gives, callStep(step, run, this.#taken(step, frames, count, values), modules));
    }
    return gather(last);
  }

  /** The result of a step as numbers for a stage's input; or the terms of texts from a step or the caller. */
  #arrayOf(name: string, frames: ReadonlyMap<string, Frame>): Given {
    const column = this.#columns.get(name) as Column;
    const { terms, cells = [], width } = column.port;
    if (terms !== undefined) {
      const made = this.#terms.get(name) ?? new (texts().TermColumn)(column.port, terms, Float64Array);
      this.#terms.set(name, made);
      return reading('INPUT', 'rows', () => this.#termsOf(made, cells, frames));
    }
    const frame = frames.get(name) as Frame;
    const array = new Float64Array(frame.rows * width);
    for (let at = 0; at < width; at++) {
      const values = frame.column(at);
      const isPlain = column.isPlain && values instanceof Float64Array;
      for (let row = 0; row < frame.rows; row++) {
        const value = values[row];
        array[row * width + at] = isPlain
          ? (value as number)
          : column.numberOf(value, at, () => frame.cell(row, at).place);
      }
    }
    return array;
  }

  #termsOf(column: TermColumn, cells: readonly GivenCell[], frames: ReadonlyMap<string, Frame>): Given {
    const given = cells.map((cell) => this.#frameWith(cell, frames));
    const cell = (row: number, feature: number) => given[feature].cell(row, cells[feature].element);
    return column.readAll(
      given[0].rows,
      (row, feature) => cell(row, feature).value,
      (row, feature) => cell(row, feature).place,
    );
  }

  /** The frame that has the column of a cell. */
  #frameWith({ input, element }: GivenCell, frames: ReadonlyMap<string, Frame>): Frame {
    const frame = frames.get(input) as Frame;
    const width = this.#parts.ports.get(input)?.width;
    if (frame.rows > 0 && width !== undefined && frame.width !== width) {
      const names = frame.names === undefined ? '' : `: ${listNames(frame.names, 8)}`;
      const message = `have ${frame.width} columns${names}; expected ${width}, without names in the file`;
      throw new ForwardpassError('INPUT', message, 'rows');
    }
    frame.check(element);
    return frame;
  }

  #taken(step: OwnStep, frames: ReadonlyMap<string, Frame>, rows: number, values: FloatArray | undefined): Arguments {
    const { takes, names } = step;
    if (typeof takes === 'string') {
      const frame = frames.get(takes) as Frame;
      const all = Array.from({ length: frame.width }, (_, at) => at);
      const positions = names === undefined ? all : positionsIn(frame, names, placeOf(step));
      const columns = reading('INPUT', 'rows', () => positions.map((at) => frame.column(at)));
      return { columns, names: names ?? frame.names, rows };
    }
    const width = values === undefined || rows === 0 ? 0 : values.length / rows;
    const columns = takes.map((column): StepColumn => {
      if ('input' in column)
        return reading('INPUT', 'rows', () => this.#frameWith(column, frames).column(column.element));
      const numbers = Float64Array.from({ length: rows }, (_, row) => values?.[row * width + column.element] ?? 0);
      return column.categoriesOf === undefined ? numbers : this.#wordsOf(numbers, column.categoriesOf, frames);
    });
    return { columns, names: names?.length === columns.length ? names : undefined, rows };
  }

  /** The strings of indices; unknown strings are those that were passed. */
  #wordsOf(indices: Float64Array, { input, element }: GivenCell, frames: ReadonlyMap<string, Frame>): StepColumn {
    const categories: readonly Word[] = this.#parts.ports.get(input)?.categories?.get(element) ?? [];
    const given = frames.get(input) as Frame;
    const cells = Array.from(indices, (index, row): StepCell => {
      if (Number.isNaN(index)) return null;
      return index >= 0 ? (categories[index] ?? null) : (given.cell(row, element).value as StepCell);
    });
    return columnOf(
      cells,
      (row, found) => new ForwardpassError('INPUT', `found ${found}`, given.cell(row, element).place),
    );
  }

  /** The port of the rows' input, without marking columns that steps take as unused. */
  #used(port: Port): Port {
    const taken = new Set([...this.#takenCells().keys(), ...this.#texts().keys()]);
    const categories = [...(port.categories ?? [])].filter(([element, list]) => list.length > 0 || !taken.has(element));
    return { ...port, categories: categories.length > 0 ? new Map(categories) : undefined };
  }

  /** The steps that take a column of the rows unchanged, by column. */
  #takenCells(): ReadonlyMap<number, readonly string[]> {
    const taken = new Map<number, string[]>();
    for (const { step } of this.#parts.steps) {
      if (typeof step.takes === 'string') continue;
      for (const column of step.takes) {
        if (!('input' in column) || column.input !== this.#parts.rows[0]) continue;
        taken.set(column.element, [...(taken.get(column.element) ?? []), step.name]);
      }
    }
    return taken;
  }

  /** The schemas of columns that are texts. */
  #texts(): ReadonlyMap<number, FieldSchema> {
    const { rows, ports } = this.#parts;
    const cells = [...ports.values()].flatMap((port) => port.cells ?? []).filter(({ input }) => input === rows[0]);
    return new Map(cells.map(({ element }) => [element, { type: 'string', description: 'a text' }]));
  }

  schema(): RowSchema {
    const { names } = this.#parts;
    const inputs = this.#rowPorts;
    const [port] = inputs;
    if (port === undefined) {
      const $schema = 'https://json-schema.org/draft/2020-12/schema';
      return { $schema, type: 'object', properties: {}, required: [], additionalProperties: true };
    }
    const asked = { inputs, answer: () => [0, 0, 0, 0, 0, 0, 0] as const };
    const schema = schemaOf(asked, names);
    const texts = this.#texts();
    if (names === undefined && texts.size > 0) {
      const { $schema } = schema;
      const anything: FieldSchema = {};
      const prefixItems = Array.from({ length: port.width }, (_, at) => texts.get(at) ?? anything);
      return { $schema, type: 'array', prefixItems, minItems: port.width, maxItems: port.width };
    }
    if (schema.properties === undefined || names === undefined || inputs.length > 1) return schema;
    const properties = { ...schema.properties };
    const required = new Set(schema.required);
    for (const [element, steps] of this.#takenCells()) {
      const name = names[element];
      if (port.categories?.get(element)?.length !== 0) continue;
      properties[name] = { description: `given to ${listNames(steps)}` };
      required.add(name);
    }
    for (const [element, text] of texts) {
      properties[names[element]] = text;
      required.add(names[element]);
    }
    return { ...schema, properties, required: names.filter((name) => required.has(name)) };
  }

  /** A description of the steps before the last stage. */
  summary(): string {
    const lines = this.#parts.steps.map(({ step }) => `${step.place}: ${quote(step.name)}, a function of the caller's`);
    return `before it:\n  ${lines.join('\n  ')}`;
  }

  refuse(what: string): never {
    throw refusedSteps(
      this.#parts.steps.map(({ step }) => step),
      what,
    );
  }

  dispose(): void {
    for (const step of this.#parts.steps) disposeStep(step);
  }
}

/** Arrays of several inputs, with the same number of rows each, or ragged rows. */
function sideBySide(arrays: readonly Given[], ports: readonly Port[]): FlatRows {
  const count = rowsIn(arrays[0], ports[0]);
  for (const [i, port] of ports.entries()) {
    const { name, width, ragged } = port;
    const rows = rowsIn(arrays[i], port);
    const isWhole = ragged || lengthOf(arrays[i] as TypedArray) === rows * width;
    if (isWhole && rows === count) continue;
    const found = isWhole ? `${rows}` : `${lengthOf(arrays[i] as TypedArray)} elements, of which ${width} are a row`;
    throw new ForwardpassError(
      'INPUT',
      `expected ${count} rows, like the other inputs, found ${found}`,
      `input ${quote(name)}`,
    );
  }
  const cell = (row: number, at: number, element: number) => ({
    value: ports[at].ragged ? undefined : (arrays[at] as TypedArray)[row * ports[at].width + element],
    place: `input ${quote(ports[at].name)}`,
  });
  return { arrays, isRecord: false, cell };
}

function copied(given: Given): Given {
  if (isTypedArray(given)) return (given as TypedArray).slice();
  const { ids, weights, offsets } = given as RaggedParts;
  return { ids: ids.slice(), ...(weights && { weights: weights.slice() }), offsets: offsets.slice() };
}

export function disposeStep({ stage, modules }: StagedStep): void {
  stage?.model.dispose();
  for (const model of modules?.values() ?? []) model.dispose();
}
