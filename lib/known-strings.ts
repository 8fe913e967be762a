/**
 * Finds out which strings a model knows, and whether it accepts others, by running it: only the graph as a whole
 * determines that.
 */
import type { FloatArray } from './buffers.ts';
import type { Calls } from './calls.ts';
import { FAULT, type Fault } from './faults.ts';
import type { Word } from './graph/graph.ts';
import type { Given } from './ragged.ts';

/** The most rows to run. What they do not decide counts as allowed. */
const MOST_PROBES = 4096;
/** The most elements of all these rows together. */
const MOST_ASKED = 2 ** 25;

/** What is known of an element that is a string. */
export interface KnownStrings {
  /** Whether it rejects unknown strings. */
  readonly isStrict: boolean;
  /** Those strings of the element's list that it knows for this element, because elements may share a list. */
  readonly known: readonly Word[];
}

/** The calls that are run. */
export type Asked = Pick<Calls, 'inputs' | 'answer'>;

/** Runs a model over rows, up to a limited number of times. */
class Questions {
  #left: number;

  constructor(readonly calls: Asked) {
    const width = calls.inputs.reduce((total, input) => total + input.width, 0);
    this.#left = Math.min(MOST_PROBES, Math.ceil(MOST_ASKED / Math.max(width, 1)));
  }

  get isOver(): boolean {
    return this.#left <= 0;
  }

  /** The answer for a row with one element replaced. */
  answerWith(row: readonly Given[], input: number, at: number, value: number): Fault | FloatArray[] {
    return this.answer(row.map((array, i) => (i === input ? (array as Float64Array).with(at, value) : array)));
  }

  answer(row: readonly Given[]): Fault | FloatArray[] {
    this.#left--;
    return this.calls.answer(row);
  }
}

/** What is known of each input, by the position of each element that is a string; empty if it would take too long. */
export function knownStringsOf(calls: Asked): ReadonlyMap<number, KnownStrings>[] {
  const asked = calls.inputs.map(() => new Map<number, KnownStrings>());
  const strings = calls.inputs.flatMap(({ categories }, input) =>
    [...(categories ?? [])].flatMap(([at, list]) => (list.length > 0 ? [{ input, at, list }] : [])),
  );
  const questions = new Questions(calls);
  const row = strings.length > 0 ? acceptedRow(questions, strings) : undefined;
  if (row === undefined) return asked;
  const keyOf = keysOfLists();
  const shared = new Map<string, number>();
  for (const { list } of strings) shared.set(keyOf(list), (shared.get(keyOf(list)) ?? 0) + 1);
  for (const { input, at, list } of strings) {
    if (questions.isOver) break;
    const unknown = questions.answerWith(row, input, at, -1);
    const isStrict = isFault(unknown) && unknown[0] === FAULT.badId;
    const isKnown = (index: number) => {
      if (questions.isOver) return true;
      const found = questions.answerWith(row, input, at, index);
      return isStrict ? !isFault(found) : !isSame(found, unknown);
    };
    const known = shared.get(keyOf(list)) === 1 ? list : list.filter((_, index) => isKnown(index));
    asked[input].set(at, { isStrict, known: known.length > 0 ? known : list });
  }
  return asked;
}

/** A key for lists with the same strings, because a frozen file stores each list separately. */
function keysOfLists(): (list: readonly Word[]) => string {
  const keys = new Map<readonly Word[], string>();
  return (list) => {
    const key = keys.get(list) ?? JSON.stringify(list);
    keys.set(list, key);
    return key;
  };
}

/** An element that is a string. */
interface StringElement {
  readonly input: number;
  readonly at: number;
  readonly list: readonly Word[];
}

/**
 * A row that the model accepts; undefined if none is found. Strings are tried in turn, keeping those with which a run
 * gets further.
 */
function acceptedRow(questions: Questions, strings: readonly StringElement[]): Given[] | undefined {
  for (const number of [0, 1, 0.5]) {
    let row = questions.calls.inputs.map(({ width, categories, fills, ids, ragged }): Given => {
      if (ragged) return { ids: new Int32Array(0), weights: new Float64Array(0), offsets: new Int32Array(2) };
      return Float64Array.from({ length: width }, (_, at) => {
        if (categories?.has(at) || ids?.has(at)) return 0;
        return fills?.get(at)?.value ?? number;
      });
    });
    let reached = reachOf(questions.answer(row));
    for (const { input, at, list } of strings) {
      for (let index = 0; index < list.length && reached < Infinity && !questions.isOver; index++) {
        const further = reachOf(questions.answerWith(row, input, at, index));
        if (further <= reached) continue;
        reached = further;
        row = row.map((array, i) => (i === input ? (array as Float64Array).with(at, index) : array));
      }
    }
    if (reached === Infinity) return row;
  }
  return undefined;
}

/** The instruction at which a run stopped. */
function reachOf(answer: Fault | readonly FloatArray[]): number {
  return isFault(answer) ? answer[2] : Infinity;
}

function isFault(answer: Fault | readonly FloatArray[]): answer is Fault {
  return answer.length === 0 || typeof answer[0] === 'number';
}

function isSame(a: Fault | readonly FloatArray[], b: Fault | readonly FloatArray[]): boolean {
  if (isFault(a) || isFault(b)) return isFault(a) && isFault(b);
  return a.every((values, output) => values.every((value, i) => Object.is(value, b[output][i])));
}
