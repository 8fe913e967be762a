/**
 * Encodes a program of terms for the addon, which reads ASCII texts (native/text/scanner.cc) with the same results as
 * {@link TermReader}.
 */
import type { Scanning } from '../engine/engine.ts';
import { widthOf } from '../graph/check-terms.ts';
import { NORM } from '../graph/operations/choices.ts';
import { type Analysis, TERM_UNITS, type TermProgram, type TermStep } from '../graph/terms.ts';
import { Pattern } from './pattern/pattern.ts';
import { longestOf } from './term-reader.ts';
import { isAscii } from './unicode.ts';

/** The encoding of a program for one text. */
export interface TextScanning extends Scanning {
  /** The feature with the text. */
  readonly feature: number;
}

/** In the order of native/text/scanner.h. */
const OPS = ['count', 'hash', 'map', 'above', 'scale', 'norm', 'select', 'join'];
const MAPS = ['sublinear', 'abs', 'sign', 'sqrt', 'square', 'float32', 'keep_zeros'];
const FLAGS = { binary: 1, single: 2, signed: 4, divides: 8, lowercase: 16 } as const;

/** Limits on ids, for which sums are kept, and on the size of vocabularies. */
const [MOST_IDS, MOST_TERMS] = [2 ** 22, 2 ** 22];
/** The most units of counted terms that are looked up, because each term is hashed separately. */
const [MOST_WORDS, MOST_CHARACTERS] = [8, 24];
/** Logarithms of integers below this are in a table. */
const LOGARITHMS = 1024;

/**
 * Undefined if the addon does not support the program. @throws {ForwardpassError} what {@link Pattern} throws, at
 * `place`.
 */
export function scanningOf(program: TermProgram, place: string): TextScanning | undefined {
  const writer = new Writer();
  const widths: number[] = [];
  const features = new Set<number>();
  for (const step of program) {
    if (!writer.write(step, widths, place)) return undefined;
    widths.push(widthOf(step, widths));
    if ('feature' in step) features.add(step.feature);
  }
  const [feature] = features;
  return features.size === 1 ? { feature, ...writer.finish(program.length) } : undefined;
}

class Writer {
  readonly #words: number[] = [];
  readonly #terms: string[] = [];
  readonly #numbers: number[] = [];

  finish(steps: number): Scanning {
    // Random seeds of the hash of terms, against crafted collisions.
    const seeds = crypto.getRandomValues(new Int32Array(4));
    return {
      words: Int32Array.from([[...seeds, steps], this.#words].flat()),
      bytes: new TextEncoder().encode(this.#terms.join('')),
      numbers: Float64Array.from(this.#numbers),
    };
  }

  /** Returns false if the addon does not support the step. */
  write(step: TermStep, widths: readonly number[], place: string): boolean {
    const width = widthOf(step, widths);
    switch (step.op) {
      case 'count': {
        const { analysis, terms } = step;
        const longest = Math.min(analysis.most, longestOf(terms, analysis.unit));
        const isFit =
          longest <= (analysis.unit === 'word' ? MOST_WORDS : MOST_CHARACTERS) && terms.length <= MOST_TERMS;
        return isFit && this.#reads(step, analysis, longest, terms, width, place);
      }
      case 'hash': {
        const { analysis } = step;
        const most = Math.min(analysis?.most ?? 0, 2 ** 31 - 1);
        return analysis !== undefined && width <= MOST_IDS && this.#reads(step, analysis, most, [], width, place);
      }
      case 'map': {
        if (!MAPS.includes(step.fn)) return false;
        const numbers = step.fn === 'sublinear' ? Array.from({ length: LOGARITHMS }, (_, n) => Math.log(n) + 1) : [];
        this.#step(step, MAPS.indexOf(step.fn), width, numbers);
        return true;
      }
      case 'above':
        this.#step(step, 0, width, [step.threshold]);
        return true;
      case 'scale':
        this.#step(step, 0, width, step.by);
        return true;
      case 'norm':
        this.#step(step, NORM[step.norm].number, width);
        return true;
      case 'select': {
        const places = new Array<number>(widths[step.of]).fill(-1);
        for (const [at, id] of step.ids.entries()) places[id] = at;
        this.#step(step, 0, width, [], places);
        return step.ids.every((id, at) => at === 0 || id > step.ids[at - 1]);
      }
      case 'join':
        this.#step(step, 0, width);
        return true;
      default:
        return false;
    }
  }

  /** Writes the words of a step, with its true flags. */
  #step(
    step: TermStep & { readonly of?: number | readonly number[] },
    kind: number,
    width: number,
    numbers: ArrayLike<number> = [],
    places: readonly number[] = [],
    lowercase = false,
  ): void {
    const flags = Object.entries(FLAGS).reduce((sum, [name, flag]) => {
      const isSet = name === 'lowercase' ? lowercase : (step as unknown as Record<string, unknown>)[name] === true;
      return isSet ? sum + flag : sum;
    }, 0);
    const of = step.of === undefined ? [] : [step.of].flat();
    this.#words.push(OPS.indexOf(step.op), flags, kind, width, of.length);
    for (const each of of) this.#words.push(each);
    this.#words.push(numbers.length);
    for (let i = 0; i < numbers.length; i++) this.#numbers.push(numbers[i]);
    this.#words.push(places.length);
    for (const each of places) this.#words.push(each);
  }

  #reads(
    step: TermStep,
    { unit, lowercase, least, stopWords, pattern, own }: Analysis,
    most: number,
    terms: readonly string[],
    width: number,
    place: string,
  ): boolean {
    const run = unit === 'word' ? new Pattern(pattern, place).leastOfWordRun : 1;
    const isFit =
      own === undefined && run !== undefined && least < 2 ** 31 && (unit === 'word' || stopWords.length === 0);
    if (!isFit) return false;
    this.#step(step, TERM_UNITS.indexOf(unit), width, [], [], lowercase);
    this.#words.push(run, least, most);
    for (const known of [stopWords, terms]) {
      this.#words.push(known.length);
      for (const term of known) {
        const kept = isAscii(term) ? term : '';
        this.#words.push(kept.length);
        this.#terms.push(kept);
      }
    }
    return true;
  }
}
