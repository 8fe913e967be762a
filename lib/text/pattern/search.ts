/**
 * Finds all matches of a program in a text, like Python's `findall`: of several matches at a position, the first
 * alternative. Most patterns are fastest by backtracking: see backtracking.ts. If that takes too long, all alternatives
 * are followed in parallel, a character at a time, with one thread per instruction; so a character takes at most as
 * many steps as there are instructions.
 */
import { ForwardpassError } from '../../errors.ts';
import { codeAt } from '../unicode.ts';
import { Backtracking } from './backtracking.ts';
import { codeBefore, isAt, type Match } from './places.ts';
import { type Look, OP, type Program, STEP } from './program.ts';

/**
 * The most steps: this many for any text, and as many for each of its characters, against repeated scans of the rest.
 */
const MOST_STEPS = 2 ** 20;
const STEPS_A_CHARACTER = 2 ** 6;

const NONE = -1;

/**
 * The threads at a position in order of priority: the instruction of each, and the begin and end of its match and
 * group.
 */
class Ways {
  count = 0;
  readonly at: Int32Array;
  readonly start: Int32Array;
  readonly first: Int32Array;
  readonly last: Int32Array;

  constructor(size: number) {
    this.at = new Int32Array(size);
    this.start = new Int32Array(size);
    this.first = new Int32Array(size);
    this.last = new Int32Array(size);
  }
}

/** Counts the steps of a search and of nested searches. */
interface Meter {
  steps: number;
  most: number;
}

export class Search {
  readonly #program: Program;
  readonly #hasGroup: boolean;
  readonly #meter: Meter;
  #now: Ways;
  #next: Ways;
  /** For each instruction, the turn in which a thread last reached it; each position of a text is a turn. */
  readonly #met: Float64Array;
  #turn = 0;
  /** Instructions still to follow at this position, each with the begin and end of its group. */
  readonly #waiting: Int32Array;
  readonly #looks: readonly Search[];

  readonly #match: Match = { from: NONE, to: NONE, first: NONE, last: NONE };
  readonly #backtracking: Backtracking | undefined;

  /** `backtracks`: whether it tries backtracking first. */
  constructor(program: Program, hasGroup: boolean, backtracks = true, meter: Meter = { steps: 0, most: 0 }) {
    this.#program = program;
    this.#hasGroup = hasGroup;
    this.#meter = meter;
    this.#now = new Ways(program.size);
    this.#next = new Ways(program.size);
    this.#met = new Float64Array(program.size);
    this.#waiting = new Int32Array(STEP * (program.size + 1));
    this.#looks = program.looks.map((look) => new Search(look.program, false, false, meter));
    this.#backtracking = backtracks
      ? new Backtracking(program, (look, text, at) => this.#looks[look].#isThere(program.looks[look], text, at))
      : undefined;
  }

  /**
   * Calls back with the begin and end of each match, or of its group; a group that took no part is empty.
   * @throws {ForwardpassError} INPUT if it takes too many steps.
   */
  findAll(text: string, found: (from: number, to: number) => void): void {
    this.#meter.steps = 0;
    this.#meter.most = MOST_STEPS + STEPS_A_CHARACTER * text.length;
    const backtracking = this.#backtracking;
    backtracking?.begin(text);
    const match = this.#match;
    let mayBeEmpty = true;
    for (let at = 0; ; at = match.to) {
      const isFound = backtracking?.find(text, at, mayBeEmpty, match) ?? this.#find(text, at, mayBeEmpty, true);
      if (!isFound) return;
      mayBeEmpty = match.from !== match.to;
      if (!this.#hasGroup) found(match.from, match.to);
      else if (match.last === NONE) found(match.to, match.to);
      else found(match.first, match.last);
    }
  }

  /**
   * Finds a match at or after a position (`anywhere`), or exactly there; an empty match there is only allowed with
   * `mayBeEmpty`.
   */
  #find(text: string, from: number, mayBeEmpty: boolean, anywhere: boolean): boolean {
    const { code: program, tests } = this.#program;
    let isFound = false;
    this.#turn++;
    this.#now.count = 0;
    for (let at = from; ; ) {
      if (!isFound && (anywhere || at === from)) this.#follow(0, this.#now, text, at, at, NONE, NONE);
      const now = this.#now;
      if (now.count === 0 && (isFound || !anywhere)) return isFound;
      const code = at < text.length ? codeAt(text, at) : NONE;
      const behind = at + (code > 0xffff ? 2 : 1);
      this.#turn++;
      this.#next.count = 0;
      for (let i = 0; i < now.count; i++) {
        const instruction = now.at[i];
        if (program[STEP * instruction] === OP.match) {
          if (!mayBeEmpty && at === from && now.start[i] === from) continue;
          isFound = true;
          this.#match.from = now.start[i];
          this.#match.to = at;
          this.#match.first = now.first[i];
          this.#match.last = now.last[i];
          break;
        }
        if (code !== NONE && tests[program[STEP * instruction + 1]].has(code)) {
          this.#follow(instruction + 1, this.#next, text, behind, now.start[i], now.first[i], now.last[i]);
        }
      }
      if (code === NONE) return isFound;
      this.#now = this.#next;
      this.#next = now;
      at = behind;
    }
  }

  /** Follows an instruction to all those that match a character or end a match, in order of priority. */
  #follow(from: number, ways: Ways, text: string, at: number, start: number, first: number, last: number): void {
    const { code: program, places, looks } = this.#program;
    const waiting = this.#waiting;
    let depth = 0;
    waiting[0] = from;
    waiting[1] = first;
    waiting[2] = last;
    while (depth >= 0) {
      let instruction = waiting[STEP * depth];
      let own = waiting[STEP * depth + 1];
      let end = waiting[STEP * depth + 2];
      depth--;
      for (;;) {
        if (this.#met[instruction] === this.#turn) break;
        this.#met[instruction] = this.#turn;
        if (++this.#meter.steps > this.#meter.most) throw tooSlow(this.#meter.most, text);
        const op = program[STEP * instruction];
        const argument = program[STEP * instruction + 1];
        if (op === OP.split) {
          depth++;
          waiting[STEP * depth] = program[STEP * instruction + 2];
          waiting[STEP * depth + 1] = own;
          waiting[STEP * depth + 2] = end;
          instruction = argument;
        } else if (op === OP.jump) {
          instruction = argument;
        } else if (op === OP.save) {
          if (argument === 0) own = at;
          else end = at;
          instruction++;
        } else if (op === OP.place) {
          if (!isAt(places[argument], text, at)) break;
          instruction++;
        } else if (op === OP.look) {
          if (!this.#looks[argument].#isThere(looks[argument], text, at)) break;
          instruction++;
        } else {
          const { count } = ways;
          ways.at[count] = instruction;
          ways.start[count] = start;
          ways.first[count] = own;
          ways.last[count] = end;
          ways.count++;
          break;
        }
      }
    }
  }

  /** Whether a lookahead or lookbehind succeeds at a position. */
  #isThere({ behind, negative }: Look, text: string, at: number): boolean {
    let from = at;
    for (let i = 0; i < (behind ?? 0); i++) {
      if (from === 0) return negative;
      from -= codeBefore(text, from) > 0xffff ? 2 : 1;
    }
    return this.#find(text, from, true, false) !== negative;
  }
}

function tooSlow(steps: number, { length }: string): ForwardpassError {
  const message = `a text of ${length} characters takes the model's token pattern more than ${steps} steps; pass a shorter text`;
  return new ForwardpassError('INPUT', message);
}
