/** Rows of a model of texts, as file readers provide them: numbers of features, and texts beside them. */
import type { FloatArray } from '../buffers.ts';
import type { PeopleRows } from '../faults.ts';
import type { Port } from '../graph/lower.ts';
import type { Given } from '../ragged.ts';
import { Column } from './column.ts';
import type { Element, Features } from './features.ts';
import type { CreateScanner, TermColumn } from './term-column.ts';
import { texts } from './texts.ts';

/** Rows by feature. */
export interface ByFeature {
  readonly rows: number;
  /** Rows × features; unused for features that are texts. */
  readonly numbers: FloatArray;
  /** The texts (or other values) of each row, by feature. */
  readonly texts: ReadonlyMap<number, readonly unknown[]>;
  /** The value and the place of a feature in a row. */
  cell(row: number, feature: number): { readonly value: unknown; readonly place: string };
}

export class FeatureRows {
  /** All features, as if they were one input's elements. */
  readonly column: Column;
  /** Features that are not numbers. */
  readonly texts: ReadonlySet<number>;
  /** Whether a row is the single value that the model takes, of any type. */
  readonly isWholeRow: boolean;
  readonly #columns: readonly Column[];
  readonly #Floats: Float32ArrayConstructor | Float64ArrayConstructor;
  readonly #createScanner: CreateScanner | undefined;
  /** The readers of inputs that are made from texts. */
  readonly #terms = new Map<Port, TermColumn>();

  constructor(
    columns: readonly Column[],
    features: Features,
    Floats: Float32ArrayConstructor | Float64ArrayConstructor,
    createScanner: CreateScanner | undefined,
  ) {
    this.#columns = columns;
    this.#Floats = Floats;
    this.#createScanner = createScanner;
    this.column = new FeatureColumn(columns, features);
    this.texts = new Set(features.texts.keys());
    this.isWholeRow = features.isWholeRow;
  }

  /** The rows as the model takes them. @throws {ForwardpassError} INPUT, MEMORY. */
  read(given: ByFeature): PeopleRows & { readonly arrays: readonly Given[]; readonly isRecord: false } {
    const cell: PeopleRows['cell'] = (row, input, element) =>
      given.cell(row, this.#columns[input].port.features?.[element] ?? element);
    return { arrays: this.#columns.map(({ port }) => this.#arrayOf(port, given)), isRecord: false, cell };
  }

  #arrayOf(port: Port, { rows, numbers, texts: values, cell }: ByFeature): Given {
    const { terms, features = [], width } = port;
    if (terms !== undefined) {
      const column = this.#terms.get(port) ?? new (texts().TermColumn)(port, terms, this.#Floats, this.#createScanner);
      this.#terms.set(port, column);
      return column.readAll(
        rows,
        (row, feature) => values.get(feature)?.[row],
        (row, feature) => cell(row, feature).place,
      );
    }
    const all = this.column.port.width;
    const array = new (port.exact ? Float64Array : this.#Floats)(rows * width);
    for (let row = 0; row < rows; row++) {
      for (let at = 0; at < width; at++) array[row * width + at] = numbers[row * all + features[at]];
    }
    return array;
  }
}

/** The elements of several inputs, each as in its input. */
class FeatureColumn extends Column {
  readonly #columns: readonly Column[];
  readonly #features: Features;

  constructor(columns: readonly Column[], features: Features) {
    super(portOf(columns, features));
    this.#columns = columns;
    this.#features = features;
  }

  override isUnused(feature: number): boolean {
    return this.#of(feature, (column, at) => column.isUnused(at)) ?? !this.#features.texts.has(feature);
  }

  override isOptional(feature: number): boolean {
    return this.#of(feature, (column, at) => column.isOptional(at)) ?? !this.#features.texts.has(feature);
  }

  override kindOf(feature: number): string {
    return this.#of(feature, (column, at) => column.kindOf(at)) ?? 'a text';
  }

  override numberOf(value: unknown, feature: number, place: () => string): number {
    return this.#of(feature, (column, at) => column.numberOf(value, at, place)) ?? 0;
  }

  #of<T>(feature: number, ask: (column: Column, at: number) => T): T | undefined {
    const element = this.#features.element(feature);
    return element && ask(this.#columns[element.input], element.at);
  }
}

/** A port with the elements by the numbers of their features. */
function portOf(columns: readonly Column[], features: Features): Port {
  const { count } = features;
  const at = Array.from({ length: count }, (_, feature) => features.element(feature));
  const collected = <V>(of: (port: Port, element: Element) => V | undefined): ReadonlyMap<number, V> | undefined => {
    const found = at.flatMap((element, feature): [number, V][] => {
      const value = element && of(columns[element.input].port, element);
      return value === undefined ? [] : [[feature, value]];
    });
    return found.length > 0 ? new Map(found) : undefined;
  };
  const [only] = features.texts.keys();
  const isOne = count === 1 && only === 0;
  const own = columns.map(({ port }) => port).find(({ terms }) => terms === undefined);
  const present = collected(({ present }, element) => present?.has(element.at) || undefined);
  return {
    name: isOne ? features.nameOf(0) : (own?.name ?? 'X'),
    shape: isOne ? [] : [count],
    width: count,
    dtype: own?.dtype ?? 'float64',
    ...(own?.missing && { missing: true }),
    categories: collected(({ categories }, element) => categories?.get(element.at)),
    hashes: collected(({ hashes }, element) => hashes?.get(element.at)),
    nones: collected(({ nones }, element) => nones?.get(element.at)),
    fills: collected(({ fills }, element) => fills?.get(element.at)),
    ids: collected(({ ids }, element) => ids?.get(element.at)),
    ...(present && { present: new Set(present.keys()) }),
  };
}
