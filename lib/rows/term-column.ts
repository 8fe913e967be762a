/** An input that is made from texts: turns the rows of a batch into the pairs that a model takes. */
import type { FloatArray } from '../buffers.ts';
import type { Scan, Scanning } from '../engine/engine.ts';
import { ForwardpassError } from '../errors.ts';
import type { Port } from '../graph/lower.ts';
import type { TermProgram } from '../graph/terms.ts';
import { quote } from '../messages.ts';
import type { RaggedParts } from '../ragged.ts';
import { Pattern } from '../text/pattern/pattern.ts';
import { scanningOf } from '../text/scanning.ts';
import { type TermCells, TermReader } from '../text/term-reader.ts';
import { Tokenizer } from '../text/tokenizer.ts';

/** The initial capacity in pairs. */
const FEW = 1024;

/** @throws {ForwardpassError} MALFORMED, UNSUPPORTED_OP, LIMIT for an invalid or unsupported pattern. */
export function checkPatterns(program: TermProgram, place: string): void {
  for (const step of program) {
    const analysis = 'analysis' in step ? step.analysis : undefined;
    if (step.op === 'tokens') new Tokenizer(step.tokenizing, place);
    if (analysis?.unit === 'word') new Pattern(analysis.pattern, `${place}.token_pattern`);
  }
}

/** Creates a scanner; undefined if it does not support such programs. */
export type CreateScanner = (scanning: Scanning) => Scan | undefined;

/** The number of successive texts that are collected and read together. */
const TOGETHER = 1024;

export class TermColumn {
  readonly #program: TermProgram;
  readonly #place: string;
  readonly #Floats: Float32ArrayConstructor | Float64ArrayConstructor;
  /** The addon's scanner; undefined if it does not support the program. */
  readonly #scan: Scan | undefined;
  readonly #feature: number;
  /** The reader for rows that the addon does not read; created on first use, because it has its own table of terms. */
  #reader: TermReader | undefined;
  #ids = new Int32Array(FEW);
  #weights: FloatArray;
  #offsets = new Int32Array(2);
  #row = 0;
  #count = 0;
  /** Texts that wait for the addon, with their places. */
  #texts: string[] = [];
  #cells: TermCells[] = [];

  /** @throws {ForwardpassError} errors of patterns, MEMORY. */
  constructor(
    port: Port,
    program: TermProgram,
    Floats: Float32ArrayConstructor | Float64ArrayConstructor,
    createScanner?: CreateScanner,
  ) {
    this.#program = program;
    this.#place = `input ${quote(port.name)}`;
    this.#Floats = Floats;
    this.#weights = new Floats(FEW);
    const scanning = createScanner && scanningOf(program, this.#place);
    this.#scan = scanning && createScanner(scanning);
    this.#feature = scanning?.feature ?? 0;
  }

  begin(rows: number): void {
    this.#offsets = this.#made(() => new Int32Array(rows + 1));
    this.#row = 0;
    this.#count = 0;
    this.#forget();
  }

  /** Reads the next row. @throws {ForwardpassError} INPUT, MEMORY. */
  read(cells: TermCells): void {
    const text = this.#scan && cells.value(this.#feature);
    if (typeof text !== 'string') {
      this.#scanWaiting();
      this.#readByItself(text === undefined ? cells : { ...cells, value: () => text });
      return;
    }
    this.#texts.push(text);
    this.#cells.push(cells);
    if (this.#texts.length === TOGETHER) this.#scanWaiting();
  }

  #forget(): void {
    this.#texts.length = 0;
    this.#cells.length = 0;
  }

  #scanWaiting(): void {
    const texts = this.#texts;
    for (let at = 0; at < texts.length; ) {
      const next = (this.#scan as Scan)(texts, at, this.#ids, this.#weights, this.#offsets, this.#row);
      if (next < 0) {
        this.#grow(this.#count - next);
        continue;
      }
      this.#row += next - at;
      this.#count = this.#offsets[this.#row];
      if (next < texts.length && next === at) {
        const text = texts[at];
        this.#readByItself({ ...this.#cells[at], value: () => text });
        at++;
      } else at = next;
    }
    this.#forget();
  }

  #readByItself(cells: TermCells): void {
    this.#reader ??= new TermReader(this.#program, this.#place);
    const { count, ids, weights } = this.#reader.read(cells);
    const end = this.#count + count;
    if (end > this.#ids.length) this.#grow(end);
    for (let i = 0; i < count; i++) {
      this.#ids[this.#count + i] = ids[i];
      this.#weights[this.#count + i] = weights[i];
    }
    this.#count = end;
    this.#offsets[++this.#row] = end;
  }

  /**
   * Reads all rows of a batch, by functions for each feature's value and place. @throws {ForwardpassError} INPUT,
   * MEMORY.
   */
  readAll(
    rows: number,
    value: (row: number, feature: number) => unknown,
    place: (row: number, feature: number) => string,
  ): RaggedParts {
    this.begin(rows);
    for (let row = 0; row < rows; row++) {
      this.read({ value: (feature) => value(row, feature), place: (feature) => place(row, feature) });
    }
    return this.finish();
  }

  /**
   * Ends the batch and returns its rows; with `lends`, in arrays that the next batch overwrites. @throws
   * {ForwardpassError} INPUT, MEMORY.
   */
  finish(lends = false): RaggedParts {
    this.#scanWaiting();
    const count = this.#count;
    const [ids, weights] = [this.#ids, this.#weights];
    return {
      ids: lends ? ids.subarray(0, count) : this.#made(() => ids.slice(0, count)),
      weights: lends ? weights.subarray(0, count) : this.#made(() => weights.slice(0, count)),
      offsets: this.#offsets,
    };
  }

  #grow(needed: number): void {
    const [ids, weights] = [this.#ids, this.#weights];
    this.#ids = this.#made(() => new Int32Array(2 * needed));
    this.#weights = this.#made(() => new this.#Floats(2 * needed));
    this.#ids.set(ids);
    this.#weights.set(weights);
  }

  #made<A>(make: () => A): A {
    try {
      return make();
    } catch (cause) {
      throw new ForwardpassError('MEMORY', 'not enough memory for the terms of the texts', this.#place, { cause });
    }
  }
}
