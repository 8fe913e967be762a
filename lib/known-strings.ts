/** Which strings a model knows, and whether it takes others: it is asked, since only its graph as a whole says it. */
import type { FloatArray } from './buffers.ts';
import type { Calls } from './calls.ts';
import { FAULT, type Fault } from './faults.ts';
import type { Word } from './graph/graph.ts';
import type { Given } from './ragged.ts';

/** Rows that the model is asked about; what they do not tell is taken to be allowed. */
const MOST_PROBES = 4096;
/** Elements of all of them together. */
const MOST_ASKED = 2 ** 25;

/** Of an element that is a string. */
export interface KnownStrings {
  /** Whether it refuses a string that it does not know. */
  readonly isStrict: boolean;
  /** Of the element's list those that it knows in this very element, where others share the list. */
  readonly known: readonly Word[];
}

/** What is asked. */
export type Asked = Pick<Calls, 'inputs' | 'answer'>;

/** Asks a model about rows, so many times at the most. */
class Questions {
  #left: number;

  constructor(readonly calls: Asked) {
    const width = calls.inputs.reduce((total, input) => total + input.width, 0);
    this.#left = Math.min(MOST_PROBES, Math.ceil(MOST_ASKED / Math.max(width, 1)));
  }

  get isOver(): boolean {
    return this.#left <= 0;
  }

  /** Of a row but for one element. */
  answerWith(row: readonly Given[], input: number, at: number, value: number): Fault | FloatArray[] {
    return this.answer(row.map((array, i) => (i === input ? (array as Float64Array).with(at, value) : array)));
  }

  answer(row: readonly Given[]): Fault | FloatArray[] {
    this.#left--;
    return this.calls.answer(row);
  }
}

/** Of each input, by the position of each element that is a string; nothing where that would take too long. */
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

/** Lists of the same words are the same list: a frozen file has each by itself. */
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

/** Some row that the model takes; undefined where none is found. Strings are tried in turn, for a run to get further. */
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
