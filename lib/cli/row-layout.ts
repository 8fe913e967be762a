/** Where the columns of a table, or the fields of a record, go in the inputs of a model. */
import { ForwardpassError } from '../errors.ts';
import { listNames, quote } from '../words.ts';
import type { RowBlock } from './row-source.ts';

/** In one message. */
const MOST_NAMES = 5;

export interface LayoutInput {
  readonly name: string;
  /** Of one row. */
  readonly shape: readonly number[];
}

/** Adjacent slots: a row's elements are numbered through all inputs, one after the other. */
export interface Span {
  readonly slot: number;
  readonly width: number;
}

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

export class RowLayout {
  /** Elements of one row. */
  readonly width: number;
  /** The input of each slot, and the element in it. */
  readonly slotInput: Uint32Array;
  readonly slotElement: Uint32Array;
  private readonly spans = new Map<string, Span>();

  /** Feature names are those of the first input's columns. */
  constructor(
    readonly inputs: readonly LayoutInput[],
    readonly featureNames: readonly string[] = [],
  ) {
    const widths = inputs.map(({ shape }) => elementCount(shape));
    this.width = widths.reduce((sum, width) => sum + width, 0);
    this.slotInput = new Uint32Array(this.width);
    this.slotElement = new Uint32Array(this.width);
    for (let input = 0, start = 0; input < inputs.length; start += widths[input++]) {
      const { name } = inputs[input];
      for (let element = 0; element < widths[input]; element++) {
        this.slotInput[start + element] = input;
        this.slotElement[start + element] = element;
        this.spans.set(`${name}[${element}]`, { slot: start + element, width: 1 });
      }
      this.spans.set(name, { slot: start, width: widths[input] });
    }
    for (const [slot, name] of featureNames.entries()) this.spans.set(name, { slot, width: 1 });
  }

  /** The place of a feature, an input, or an element of an input as `name[3]`. */
  find(name: string): Span | undefined {
    return this.spans.get(name);
  }

  slotName(slot: number): string {
    if (slot < this.featureNames.length) return this.featureNames[slot];
    const { name, shape } = this.inputs[this.slotInput[slot]];
    return elementCount(shape) === 1 ? name : `${name}[${this.slotElement[slot]}]`;
  }

  /**
   * The slot of each column of a table, −1 for columns that no input has. By name where the names are known,
   * otherwise by position. Throws `INPUT` when one is missing or given twice, `SHAPE` when the count is wrong.
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
    if (columnOfSlot.size === 0 && this.featureNames.length === 0) return this.placeByPosition(names.length, place);
    this.requireAll((slot) => columnOfSlot.has(slot), `columns ${listNames(names, MOST_NAMES)}`, place);
    return slots;
  }

  placeByPosition(count: number, place: string): Int32Array {
    if (count !== this.width) {
      const parts = this.inputs.map(({ name, shape }) => `${elementCount(shape)} of ${quote(name)}`).join(' + ');
      throw new ForwardpassError('SHAPE', `expected ${this.width} columns (${parts}), found ${count}`, place);
    }
    return Int32Array.from({ length: count }, (_, slot) => slot);
  }

  requireAll(isFilled: (slot: number) => boolean, found: string, place: string): void {
    const missing: string[] = [];
    for (let slot = 0; slot < this.width; slot++) if (!isFilled(slot)) missing.push(this.slotName(slot));
    if (missing.length > 0) {
      throw new ForwardpassError('INPUT', `expected ${listNames(missing, MOST_NAMES)}, missing among ${found}`, place);
    }
  }
}

/** Collects a block of rows, slot by slot. Its arrays are made once. */
export class BlockBuilder {
  rowCount = 0;
  private readonly inputs: readonly Float64Array[];
  private readonly widths: readonly number[];

  constructor(
    private readonly layout: RowLayout,
    private readonly batch: number,
  ) {
    this.widths = layout.inputs.map(({ shape }) => elementCount(shape));
    this.inputs = this.widths.map((width) => new Float64Array(width * batch));
  }

  /** An element of the row that is being filled. */
  set(slot: number, value: number): void {
    const input = this.layout.slotInput[slot];
    this.inputs[input][this.rowCount * this.widths[input] + this.layout.slotElement[slot]] = value;
  }

  /** Whether that made the block full, so that it must be taken. */
  endRow(): boolean {
    return ++this.rowCount === this.batch;
  }

  take(): RowBlock {
    const { rowCount } = this;
    this.rowCount = 0;
    return { rowCount, inputs: this.inputs.map((array, i) => array.subarray(0, rowCount * this.widths[i])) };
  }
}
