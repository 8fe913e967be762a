/**
 * Backtracking search: tries one alternative after another. It is the fastest for most patterns, and gives up on
 * others.
 */
import { codeAt } from '../unicode.ts';
import { isAt, type Match } from './places.ts';
import { OP, type Program, STEP } from './program.ts';

/** The most steps: this many for any text, and as many for each of its characters. */
const MOST_STEPS = 2 ** 12;
const STEPS_A_CHARACTER = 32;
const CHECKED = 256;
/** What is stored for a choice: the instruction, the position in the text, and the begin and end of the group. */
const KEPT = 4;
const NONE = -1;

export class Backtracking {
  readonly #program: Program;
  readonly #looksRight: (look: number, text: string, at: number) => boolean;
  /** Whether a match may begin with a character, by its code; undefined if a match may be empty. */
  readonly #firsts: Uint8Array | undefined;
  #choices = new Int32Array(64 * KEPT);
  #steps = 0;

  constructor(program: Program, looksRight: (look: number, text: string, at: number) => boolean) {
    this.#program = program;
    this.#looksRight = looksRight;
    this.#firsts = firstsOf(program);
  }

  begin(text: string): void {
    this.#steps = MOST_STEPS + STEPS_A_CHARACTER * text.length;
  }

  /**
   * Whether there is a match at or after a position, where an empty match is allowed only with `mayBeEmpty`; undefined
   * if it gives up, now and for all later calls.
   */
  find(text: string, from: number, mayBeEmpty: boolean, match: Match): boolean | undefined {
    const firsts = this.#firsts;
    for (let start = from; start <= text.length; ) {
      const code = start < text.length ? codeAt(text, start) : NONE;
      const mayBegin = firsts === undefined || code >= CHECKED || (code !== NONE && firsts[code] !== 0);
      if (mayBegin && this.#isMatch(text, start, mayBeEmpty || start !== from, match)) return true;
      if (this.#steps < 0) return undefined;
      start += code > 0xffff ? 2 : 1;
    }
    return false;
  }

  #isMatch(text: string, start: number, mayBeEmpty: boolean, match: Match): boolean {
    const { code: program, tests, places } = this.#program;
    let [instruction, at, first, last] = [0, start, NONE, NONE];
    let depth = 0;
    while (this.#steps-- >= 0) {
      const op = program[STEP * instruction];
      const argument = program[STEP * instruction + 1];
      let fails = false;
      if (op === OP.character) {
        const code = at < text.length ? codeAt(text, at) : NONE;
        fails = code === NONE || !tests[argument].has(code);
        at += code > 0xffff ? 2 : 1;
        instruction++;
      } else if (op === OP.split) {
        if (depth + KEPT > this.#choices.length) this.#grow();
        const choices = this.#choices;
        choices[depth] = program[STEP * instruction + 2];
        choices[depth + 1] = at;
        choices[depth + 2] = first;
        choices[depth + 3] = last;
        depth += KEPT;
        instruction = argument;
      } else if (op === OP.jump) {
        instruction = argument;
      } else if (op === OP.save) {
        if (argument === 0) first = at;
        else last = at;
        instruction++;
      } else if (op === OP.place) {
        fails = !isAt(places[argument], text, at);
        instruction++;
      } else if (op === OP.look) {
        fails = !this.#looksRight(argument, text, at);
        instruction++;
      } else if (at !== start || mayBeEmpty) {
        match.from = start;
        match.to = at;
        match.first = first;
        match.last = last;
        return true;
      } else {
        fails = true;
      }
      if (!fails) continue;
      if (depth === 0) return false;
      depth -= KEPT;
      instruction = this.#choices[depth];
      at = this.#choices[depth + 1];
      first = this.#choices[depth + 2];
      last = this.#choices[depth + 3];
    }
    return false;
  }

  #grow(): void {
    const grown = new Int32Array(2 * this.#choices.length);
    grown.set(this.#choices);
    this.#choices = grown;
  }
}

function firstsOf({ code: program, size, tests }: Program): Uint8Array | undefined {
  const firsts = new Uint8Array(CHECKED);
  const met = new Uint8Array(size);
  const waiting = [0];
  for (let instruction = waiting.pop(); instruction !== undefined; instruction = waiting.pop()) {
    if (met[instruction] !== 0) continue;
    met[instruction] = 1;
    const [op, a, b] = program.subarray(STEP * instruction);
    if (op === OP.match) return undefined;
    if (op === OP.split) waiting.push(a, b);
    else if (op === OP.jump) waiting.push(a);
    else if (op !== OP.character) waiting.push(instruction + 1);
    else for (let code = 0; code < CHECKED; code++) if (tests[a].has(code)) firsts[code] = 1;
  }
  return firsts;
}
