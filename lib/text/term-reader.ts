/** Runs a program of terms, from the values of a row to a sparse row. */
import { ForwardpassError } from '../errors.ts';
import { widthOf } from '../graph/check-terms.ts';
import type { NormName } from '../graph/operations/choices.ts';
import type { Analysis, HashedKind, TermProgram, TermStep, WeightFunction } from '../graph/terms.ts';
import { crossedWith, crossingStart, fingerprint64, placeOfHash, spreadOf } from '../graph/word-hash.ts';
import { describe } from '../messages.ts';
import { Analyzer } from './analyzer.ts';
import { AsciiTerms, type AsciiWords, type TermSeen } from './ascii-words.ts';
import { murmur, murmurOfBytes } from './murmur.ts';
import { SparseRow, Tally } from './sparse-row.ts';
import { Tokenizer } from './tokenizer.ts';
import { Units } from './units.ts';
import { Vocabulary } from './vocabulary.ts';

type StepOf<O extends TermStep['op']> = Extract<TermStep, { op: O }>;

/** The values of a row, and their places for messages. */
export interface TermCells {
  value(feature: number): unknown;
  place(feature: number): string;
}

/** Computes the row of one step from those before it. */
type Maker = (cells: TermCells, rows: readonly SparseRow[]) => void;

/** The most units of a text's terms that are hashed, counted with repetition. */
const MOST_HASHED = 2 ** 26;

/** There is one for each model and thread; returned rows are overwritten by the next call. */
export class TermReader {
  readonly width: number;
  readonly #rows: readonly SparseRow[];
  readonly #makers: readonly Maker[];

  /** @throws {ForwardpassError} errors of patterns, at `place`. */
  constructor(program: TermProgram, place: string) {
    const widths: number[] = [];
    for (const step of program) widths.push(widthOf(step, widths));
    this.width = widths[widths.length - 1];
    this.#rows = program.map(() => new SparseRow());
    this.#makers = program.map((step, i) => makerOf(step, this.#rows[i], widths, place));
  }

  /** @throws {ForwardpassError} INPUT if a value is not a text, or takes too long. */
  read(cells: TermCells): SparseRow {
    for (const make of this.#makers) make(cells, this.#rows);
    return this.#rows[this.#rows.length - 1];
  }
}

function makerOf(step: TermStep, row: SparseRow, widths: readonly number[], place: string): Maker {
  switch (step.op) {
    case 'count':
      return counter(step, row, place);
    case 'hash':
      return hasher(step, row, place);
    case 'tokens':
      return tokens(step, row, place);
    case 'place':
      return placer(step, row);
    case 'map':
      return mapper(step, row);
    case 'above':
      return (_, rows) => {
        row.clear();
        const { count, ids, weights } = rows[step.of];
        for (let i = 0; i < count; i++) if (weights[i] > step.threshold) row.push(ids[i], 1);
      };
    case 'scale':
      return scaler(step, row);
    case 'norm':
      return normer(step, row);
    case 'select':
      return selector(step, row, widths[step.of]);
    case 'join':
      return joiner(step, row, widths);
  }
}

/** A value that must be a text, or with `any` any value except null and undefined, for custom functions. */
function textOf(cells: TermCells, feature: number, any = false): string {
  const value = cells.value(feature);
  if (typeof value === 'string' || (any && value !== null && value !== undefined)) return value as string;
  const hint = value instanceof Uint8Array ? '; decode bytes with a TextDecoder' : '';
  throw new ForwardpassError('INPUT', `expected a string, found ${describe(value)}${hint}`, cells.place(feature));
}

// Terms

function counter({ feature, analysis, terms, binary }: StepOf<'count'>, row: SparseRow, place: string): Maker {
  const analyzer = new Analyzer(analysis, place);
  const most = longestOf(terms, analysis.unit);
  const tally = new Tally(terms.length);
  const count = asciiCounter(analyzer, analysis, terms, most, tally);
  // Both have their own tables of terms: the second is created when a text comes that the first cannot read.
  let seen: TermSeen | undefined;
  return (cells) => {
    tally.clear();
    const text = textOf(cells, feature, analyzer.takesAny);
    if (count?.(text) !== true) {
      seen ??= whereFound(analyzer.text, new Vocabulary(terms), tally);
      analyzer.forEach(text, seen, most);
    }
    tally.into(row);
    if (binary) row.weights.fill(1, 0, row.count);
  };
}

function whereFound(text: Units, vocabulary: Vocabulary, tally: Tally): TermSeen {
  return (from, to) => {
    const id = vocabulary.find(text, from, to);
    if (id >= 0) tally.add(id, 1);
  };
}

/** A counter of terms of ASCII texts; it returns false for other texts without counting. */
function asciiCounter(
  { ascii }: Analyzer,
  { least, most: longest }: Analysis,
  terms: readonly string[],
  most: number,
  tally: Tally,
): ((text: string) => boolean) | undefined {
  const known = ascii === undefined ? undefined : AsciiTerms.of(terms);
  if (ascii === undefined || known === undefined) return undefined;
  return (text) => {
    const words = ascii.split(text);
    const last = Math.min(longest, most, words);
    for (let units = least; units <= last; units++) {
      tally.addEach(known.findAll(ascii, words, units), words - units + 1);
    }
    return words >= 0;
  };
}

/** The most units of a term: for words, one more than its spaces, although spaces may also be part of a word. */
export function longestOf(terms: readonly string[], unit: string): number {
  let longest = 0;
  for (const term of terms) {
    let units = 0;
    if (unit === 'word') {
      units = 1;
      for (let at = term.indexOf(' '); at >= 0; at = term.indexOf(' ', at + 1)) units++;
    } else units = term.length;
    if (units > longest) longest = units;
  }
  return longest;
}

function hasher(step: StepOf<'hash'>, row: SparseRow, place: string): Maker {
  const { feature, value, analysis, size, binary, single } = step;
  const tally = new Tally(size);
  const add = (hash: number, weight: number) => {
    // −2^31 has no positive counterpart.
    const id = hash === -(2 ** 31) ? (2 ** 31 - 1 - (size - 1)) % size : Math.abs(hash) % size;
    tally.add(id, step.signed && hash < 0 ? -weight : weight);
  };
  const finish = () => {
    tally.into(row);
    if (binary) row.weights.fill(1, 0, row.count);
    if (single) roundAll(row);
  };
  if (analysis === undefined) {
    const written = new Units();
    return (cells) => {
      tally.clear();
      for (const [name, weight] of entriesOf(value, cells, feature)) {
        written.clear();
        written.write(name);
        add(murmur(written.data, 0, written.length), weight);
      }
      finish();
    };
  }
  const analyzer = new Analyzer(analysis, place);
  const { text, ascii } = analyzer;
  let left = 0;
  let read: TermCells | undefined;
  const spend = (units: number) => {
    left -= units;
    if (left >= 0) return;
    const message = `has too many terms of up to ${analysis.most} units; pass a shorter text`;
    throw new ForwardpassError('INPUT', message, read?.place(feature));
  };
  const seen: TermSeen = (from, to) => {
    spend(to - from);
    add(murmur(text.data, from, to), 1);
  };
  const seenOfAscii: TermSeen = (from, to) => {
    spend(to - from);
    add(murmurOfBytes((ascii as AsciiWords).bytes, from, to), 1);
  };
  return (cells) => {
    tally.clear();
    left = MOST_HASHED;
    read = cells;
    const given = textOf(cells, feature, analyzer.takesAny);
    if (ascii?.forEach(given, seenOfAscii) !== true) analyzer.forEach(given, seen);
    finish();
  };
}

/** Names to hash, with their weights: a string value becomes the name `key=string` with weight 1. Zeros are skipped. */
function* entriesOf(kind: string, cells: TermCells, feature: number): Generator<[name: string, weight: number]> {
  const value = cells.value(feature);
  const place = cells.place(feature);
  const entries = kind === 'record' ? recordEntries(value, place) : arrayOf(value, kind, place);
  for (let i = 0; i < entries.length; i++) {
    const entry: unknown = entries[i];
    const [name, own] = kind === 'strings' ? [entry, 1] : Array.isArray(entry) && entry.length === 2 ? entry : [];
    if (typeof name !== 'string') {
      const expected = kind === 'strings' ? 'a string' : 'a pair of a name and a number or string';
      throw new ForwardpassError('INPUT', `expected ${expected}, found ${describe(entry)}`, `${place}[${i}]`);
    }
    if (typeof own === 'string') yield [`${name}=${own}`, 1];
    else if (typeof own === 'boolean' || (typeof own === 'number' && Number.isFinite(own))) {
      if (Number(own) !== 0) yield [name, Number(own)];
    } else
      throw new ForwardpassError('INPUT', `expected a number or a string, found ${describe(own)}`, `${place}.${name}`);
  }
}

function recordEntries(value: unknown, place: string): readonly (readonly [string, unknown])[] {
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value)) {
    return Object.entries(value);
  }
  throw new ForwardpassError('INPUT', `expected a record, found ${describe(value)}`, place);
}

function arrayOf(value: unknown, kind: string, place: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new ForwardpassError('INPUT', `expected an array of ${kind}, found ${describe(value)}`, place);
}

function tokens(step: StepOf<'tokens'>, row: SparseRow, place: string): Maker {
  const { feature, tokenizing, terms, unknown, width } = step;
  const tokenizer = new Tokenizer(tokenizing, place);
  const numbers = new Map(terms.map((term, i) => [term, step.numbers[i]]));
  const numberOf = (token: string) => numbers.get(token) ?? unknown;
  if (step.row === 'places') {
    const seen = (token: string) => {
      row.push(row.count, numberOf(token));
      return row.count < width;
    };
    return (cells) => {
      row.clear();
      tokenizer.forEach(textOf(cells, feature), seen);
    };
  }
  const tally = new Tally(width);
  const seen = (token: string) => {
    const number = numberOf(token);
    if (number >= 0 && number < width) tally.add(number, 1);
    return true;
  };
  return (cells) => {
    tally.clear();
    tokenizer.forEach(textOf(cells, feature), seen);
    tally.into(row);
    if (step.row === 'hits') row.weights.fill(1, 0, row.count);
  };
}

/** A string or an integer, possibly in an array of one. */
function hashedAt(cells: TermCells, feature: number, kind: HashedKind): string | number {
  const given = cells.value(feature);
  const value = Array.isArray(given) && given.length === 1 ? (given[0] as unknown) : given;
  if (kind === 'word' ? typeof value === 'string' : Number.isSafeInteger(value)) return value as string | number;
  const expected = kind === 'word' ? 'a string' : 'an integer within ±2^53';
  throw new ForwardpassError('INPUT', `expected ${expected}, found ${describe(value)}`, cells.place(feature));
}

const UTF8 = new TextEncoder();

function placer({ features, kinds, count, key, mask, start }: StepOf<'place'>, row: SparseRow): Maker {
  const [first, second] = key ?? [];
  const way = {
    count: mask === undefined ? count : count - 1,
    stride: 1,
    ...(key && { key: [first, second] as const }),
  };
  // Integers have no −0.
  const spelled = (value: string | number) => (Object.is(value, -0) ? '0' : `${value}`);
  const own = (value: string | number) => {
    if (mask === undefined) return spreadOf(spelled(value), [way]);
    return value === mask ? 0 : 1 + spreadOf(spelled(value), [way]);
  };
  return (cells) => {
    row.clear();
    if (start === undefined) {
      row.push(0, own(hashedAt(cells, features[0], kinds[0])));
      return;
    }
    let hash = crossingStart(start);
    for (const [i, feature] of features.entries()) {
      const value = hashedAt(cells, feature, kinds[i]);
      const next = typeof value === 'string' ? fingerprint64(UTF8.encode(value)) : BigInt.asUintN(64, BigInt(value));
      hash = crossedWith(hash, next);
    }
    row.push(0, placeOfHash(hash, count));
  };
}

// Weights

const FUNCTIONS: Readonly<Record<WeightFunction, (weight: number) => number>> = {
  sublinear: (weight) => Math.log(weight) + 1,
  abs: Math.abs,
  sign: Math.sign,
  sqrt: Math.sqrt,
  square: (weight) => weight * weight,
  log1p: Math.log1p,
  expm1: Math.expm1,
  float32: Math.fround,
  keep_zeros: (weight) => (weight === 0 ? Number.MIN_VALUE : weight),
};

function roundAll({ count, weights }: SparseRow): void {
  for (let i = 0; i < count; i++) weights[i] = Math.fround(weights[i]);
}

function mapper({ of, fn, single }: StepOf<'map'>, row: SparseRow): Maker {
  const apply = FUNCTIONS[fn];
  return (_, rows) => {
    const { count, weights } = rows[of];
    const written = row.like(rows[of]);
    for (let i = 0; i < count; i++) written[i] = apply(weights[i]);
    if (single) roundAll(row);
  };
}

function scaler({ of, by, divides, single }: StepOf<'scale'>, row: SparseRow): Maker {
  const isOne = by.length === 1;
  return (_, rows) => {
    const { count, ids, weights } = rows[of];
    const written = row.like(rows[of]);
    if (isOne || divides) {
      for (let i = 0; i < count; i++) {
        const factor = by[isOne ? 0 : ids[i]];
        written[i] = divides ? weights[i] / factor : weights[i] * factor;
      }
    } else for (let i = 0; i < count; i++) written[i] = weights[i] * by[ids[i]];
    if (single) roundAll(row);
  };
}

function normer({ of, norm, single }: StepOf<'norm'>, row: SparseRow): Maker {
  return (_, rows) => {
    const { count, weights } = rows[of];
    const length = normOf(norm, single, count, weights) || 1;
    const written = row.like(rows[of]);
    for (let i = 0; i < count; i++) written[i] = weights[i] / length;
    if (single) roundAll(row);
  };
}

function normOf(norm: NormName, single: boolean, count: number, weights: Float64Array): number {
  let total = 0;
  if (norm === 'l2' && !single) {
    for (let i = 0; i < count; i++) total += weights[i] * weights[i];
    return Math.sqrt(total);
  }
  for (let i = 0; i < count; i++) {
    const weight = weights[i];
    if (norm === 'max') total = Math.max(total, Math.abs(weight));
    else if (norm === 'l1') total += Math.abs(weight);
    else total += Math.fround(weight * weight);
  }
  return norm === 'l2' ? Math.sqrt(total) : total;
}

function selector({ of, ids: kept }: StepOf<'select'>, row: SparseRow, width: number): Maker {
  const places = new Int32Array(width).fill(-1);
  let rises = true;
  for (let i = 0; i < kept.length; i++) {
    if (i > 0 && kept[i] <= kept[i - 1]) rises = false;
    places[kept[i]] = i;
  }
  const tally = rises ? undefined : new Tally(kept.length);
  return (_, rows) => {
    const { count, ids, weights } = rows[of];
    row.clear();
    for (let i = 0; i < count; i++) {
      const id = places[ids[i]];
      if (id < 0) continue;
      if (tally === undefined) row.push(id, weights[i]);
      else tally.add(id, weights[i]);
    }
    tally?.into(row);
  };
}

function joiner({ of }: StepOf<'join'>, row: SparseRow, widths: readonly number[]): Maker {
  return (_, rows) => {
    row.clear();
    let first = 0;
    for (const part of of) {
      const { count, ids, weights } = rows[part];
      for (let i = 0; i < count; i++) row.push(first + ids[i], weights[i]);
      first += widths[part];
    }
  };
}
