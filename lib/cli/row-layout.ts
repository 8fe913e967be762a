/** Maps the columns of a table, or the fields of a record, to the inputs of a model. */
import { ForwardpassError } from '../errors.ts';
import { listNames, quote } from '../messages.ts';
import { Column } from '../rows/column.ts';
import type { RecordReader } from '../rows/records.ts';
import type { KeptValue, RowBlock } from './row-source.ts';

/** The most names in one message. */
const MOST_NAMES = 5;

/** The most values of a block: 2 GB. */
const MOST_VALUES = 1 << 28;

/** Adjacent slots. Slots number a row's elements across all inputs, one after the other. */
export interface Span {
  readonly slot: number;
  readonly width: number;
}

/** What rows are read into: all inputs of a model, some of them, or what is compared with its outputs. */
export interface LayoutParts {
  readonly columns: readonly Column[];
  /** The names of features, across all columns. */
  readonly featureNames?: readonly string[];
  /** Slots that are texts, for models that take texts. The features are then the elements of one column. */
  readonly texts?: ReadonlySet<number>;
  /** Whether a row is a single value of any type. */
  readonly isWholeRow?: boolean;
  /** Reports missing fields, if the names are those of a model. */
  readonly records?: RecordReader;
  /** Columns used for something else, which must not be counted when columns are assigned by position. */
  readonly others?: readonly string[];
}

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** A column that holds only numbers. */
export function plainColumn(name: string, shape: readonly number[]): Column {
  return new Column({ name, shape, width: elementCount(shape), dtype: 'float64', missing: true });
}

export class RowLayout {
  /** The number of elements of one row. */
  readonly width: number;
  readonly columns: readonly Column[];
  readonly featureNames: readonly string[];
  /** The input of each slot. */
  readonly slotInput: Uint32Array;
  readonly slotElement: Uint32Array;
  readonly texts: ReadonlySet<number>;
  readonly isWholeRow: boolean;
  private readonly records: RecordReader | undefined;
  private readonly others: ReadonlySet<string>;
  private readonly spans = new Map<string, Span>();

  constructor({
    columns,
    featureNames = [],
    texts = new Set(),
    isWholeRow = false,
    records,
    others = [],
  }: LayoutParts) {
    this.texts = texts;
    this.isWholeRow = isWholeRow;
    this.columns = columns;
    this.featureNames = featureNames;
    this.records = records;
    this.others = new Set(others);
    this.width = columns.reduce((sum, { port }) => sum + port.width, 0);
    this.slotInput = new Uint32Array(this.width);
    this.slotElement = new Uint32Array(this.width);
    for (let input = 0, start = 0; input < columns.length; start += columns[input++].port.width) {
      const { name, width } = columns[input].port;
      for (let element = 0; element < width; element++) {
        this.slotInput[start + element] = input;
        this.slotElement[start + element] = element;
        this.spans.set(`${name}[${element}]`, { slot: start + element, width: 1 });
      }
      this.spans.set(name, { slot: start, width });
    }
    for (const [slot, name] of featureNames.entries()) this.spans.set(name, { slot, width: 1 });
  }

  /** The slots of a feature, an input, or an element of an input, written `name[3]`. */
  find(name: string): Span | undefined {
    return this.spans.get(name);
  }

  /** Whether the name refers to a single value, and not an array of one. */
  isScalar(name: string): boolean {
    const span = this.find(name);
    if (span?.width !== 1) return false;
    const { port } = this.column(span.slot);
    return port.name !== name || port.shape.length === 0;
  }

  column(slot: number): Column {
    return this.columns[this.slotInput[slot]];
  }

  /** Whether the slot takes strings, which are converted to numbers. */
  isWord(slot: number): boolean {
    const { categories, hashes, present } = this.column(slot).port;
    const element = this.slotElement[slot];
    return [categories, hashes, present].some((known) => known?.has(element));
  }

  isText(slot: number): boolean {
    return this.texts.has(slot);
  }

  /** Throws `INPUT` if a row is a single value that is not a text, for formats that cannot contain it. */
  refuseWholeRows(place: string): void {
    if (!this.isWholeRow) return;
    const message = 'this model takes records with any keys, or arrays; pass rows as JSON or JSON Lines';
    throw new ForwardpassError('INPUT', message, place);
  }

  /** Whether the model only uses whether the slot is missing. */
  isPresent(slot: number): boolean {
    return this.column(slot).port.present?.has(this.slotElement[slot]) === true;
  }

  isUnused(slot: number): boolean {
    return this.column(slot).isUnused(this.slotElement[slot]);
  }

  numberOf(slot: number, value: unknown, place: () => string): number {
    return this.column(slot).numberOf(value, this.slotElement[slot], place);
  }

  /** Whether the slot takes integers that must be exact: ids, and keys of lookups. */
  isInteger(slot: number): boolean {
    const { dtype, ids } = this.column(slot).port;
    return /^u?int/.test(dtype) || ids?.has(this.slotElement[slot]) === true;
  }

  slotName(slot: number): string {
    if (slot < this.featureNames.length) return this.featureNames[slot];
    const { name, width } = this.column(slot).port;
    return width === 1 ? name : `${name}[${this.slotElement[slot]}]`;
  }

  /**
   * The slot of each column of a table, −1 for columns that no input has. By name if the names are known, otherwise by
   * position. Throws `INPUT` if a column is missing or given twice, `SHAPE` if the count is wrong.
   */
  placeColumns(names: readonly string[], place: string): Int32Array {
    const slots = new Int32Array(names.length).fill(-1);
    const columnOfSlot = new Map<number, string>();
    for (const [column, name] of names.entries()) {
      const span = this.find(name);
      if (span?.width !== 1) continue;
      if (columnOfSlot.has(span.slot)) {
        throw new ForwardpassError('INPUT', `the column ${quote(name)} is given twice`, place);
      }
      columnOfSlot.set(span.slot, name);
      slots[column] = span.slot;
    }
    if (columnOfSlot.size === 0 && this.featureNames.length === 0) return this.placeByPosition(names, place);
    this.requireAll((slot) => columnOfSlot.has(slot), names, place);
    return slots;
  }

  /** Whether the first column is the unnamed index that pandas and R write. */
  isIndexed(names: readonly string[]): boolean {
    return names.length === this.width + 1 && names[0] === '';
  }

  /** `names` are those of a header, or the cells of a row. An index column is skipped. */
  placeByPosition(names: readonly string[], place: string): Int32Array {
    const isIndexed = this.isIndexed(names);
    if (names.length === this.width || isIndexed) {
      return Int32Array.from(names, (_, column) => (isIndexed ? column - 1 : column));
    }
    const own = names.filter((name) => !this.others.has(name));
    if (this.others.size > 0 && own.length === this.width) {
      let slot = 0;
      return Int32Array.from(names, (name) => (this.others.has(name) ? -1 : slot++));
    }
    const parts = this.columns.map(({ port: { name, width } }) => `${width} of ${quote(name)}`).join(' + ');
    const remedy = names.length > this.width ? '; columns are assigned by position, so remove the others' : '';
    const message = `expected ${this.width} columns (${parts}), found ${names.length}${remedy}`;
    throw new ForwardpassError('SHAPE', message, place);
  }

  /** Throws `INPUT` if the fields of these names leave a required slot unfilled. */
  requireAll(isFilled: (slot: number) => boolean, names: readonly string[], place: string): void {
    const missing: string[] = [];
    let isLacking = false;
    for (let slot = 0; slot < this.width; slot++) {
      if (isFilled(slot)) continue;
      isLacking = true;
      if (!this.column(slot).isOptional(this.slotElement[slot])) missing.push(this.slotName(slot));
    }
    if (isLacking && this.featureNames.length > 0) this.records?.checkNames(names, place);
    if (missing.length === 0) return;
    const found = listNames(names, MOST_NAMES);
    const isNameless = this.featureNames.length === 0 && !names.some((name) => this.find(name));
    const inputs = listNames(this.columns.map(({ port }) => port.name));
    const remedy = isNameless
      ? `; the model has no feature names: pass rows as arrays, or as records with ${inputs}`
      : '';
    throw new ForwardpassError('INPUT', `lacks ${listNames(missing, MOST_NAMES)}; found ${found}${remedy}`, place);
  }
}

/** The value and the place of a cell, for error messages. */
export type CellOf = (row: number, slot: number) => { readonly value: unknown; readonly place: string };

/** Collects a block of rows, slot by slot. Its arrays are allocated once. */
export class BlockBuilder {
  rowCount = 0;
  private readonly inputs: readonly Float64Array[];
  private readonly widths: readonly number[];
  private readonly firstSlots: readonly number[];
  private readonly kept: KeptValue[][];
  private texts: ReadonlyMap<number, unknown[]>;

  constructor(
    private readonly layout: RowLayout,
    private readonly batch: number,
    private readonly cellOf: CellOf,
    keptCount = 0,
  ) {
    this.widths = layout.columns.map(({ port }) => port.width);
    if (layout.width * batch > MOST_VALUES) {
      throw new ForwardpassError('OPTION', `a block of ${batch} rows does not fit in memory`, '--batch');
    }
    this.firstSlots = this.widths.map((_, i) => this.widths.slice(0, i).reduce((sum, width) => sum + width, 0));
    this.inputs = this.widths.map((width) => new Float64Array(width * batch));
    this.kept = Array.from({ length: keptCount }, () => []);
    this.texts = this.noTexts();
  }

  /** Sets an element of the current row. */
  set(slot: number, value: number): void {
    const input = this.layout.slotInput[slot];
    this.inputs[input][this.rowCount * this.widths[input] + this.layout.slotElement[slot]] = value;
  }

  /** Sets a text of the current row. */
  setText(slot: number, value: unknown): void {
    const values = this.texts.get(slot);
    if (values !== undefined) values[this.rowCount] = value;
  }

  textOf(row: number, slot: number): unknown {
    return this.texts.get(slot)?.[row];
  }

  private noTexts(): ReadonlyMap<number, unknown[]> {
    return new Map([...this.layout.texts].map((slot) => [slot, []]));
  }

  /** An element of a row of the block. */
  valueOf(row: number, slot: number): number {
    const input = this.layout.slotInput[slot];
    return this.inputs[input][row * this.widths[input] + this.layout.slotElement[slot]];
  }

  /** Sets an element to the same value in all rows. `set` must not be called for it. */
  fill(slot: number, value: number, rowCount: number): void {
    const input = this.layout.slotInput[slot];
    const width = this.widths[input];
    const values = this.inputs[input];
    for (let at = this.layout.slotElement[slot]; at < rowCount * width; at += width) values[at] = value;
  }

  keep(at: number, value: KeptValue): void {
    this.kept[at].push(value);
  }

  /** Ends the current row; returns whether the block is now full and must be taken. */
  endRow(): boolean {
    return ++this.rowCount === this.batch;
  }

  take(): RowBlock {
    const { rowCount } = this;
    this.rowCount = 0;
    const kept = this.kept.map((values) => values.splice(0));
    const inputs = this.inputs.map((array, i) => array.subarray(0, rowCount * this.widths[i]));
    const { texts } = this;
    this.texts = this.noTexts();
    return {
      rowCount,
      inputs,
      texts,
      kept,
      cell: (row, input, element) => this.cellOf(row, this.firstSlots[input] + element),
    };
  }
}

/** The number for null, which is NaN if the model does not define one; the run then decides what happens. */
export function missingNumber(layout: RowLayout, slot: number, place: () => string): number {
  return layout.column(slot).isPlain ? Number.NaN : layout.numberOf(slot, null, place);
}

/**
 * Throws `INPUT` for an integer in text that float64 cannot represent, because its neighbours would be the same number.
 */
export function checkExact(value: number, text: string, place: () => string): void {
  if (!Number.isInteger(value) || Number.isSafeInteger(value)) return;
  throw new ForwardpassError('INPUT', `expected an integer within ±(2^53 − 1), found ${text}`, place());
}
