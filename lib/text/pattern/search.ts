/**
 * Finds all matches of a program in a text, as Python's `findall`: of several from the same place on, the one that is tried
 * first there. Most patterns are through soonest one way after another: see backtracking.ts. Where that takes long, all ways
 * are followed side by side, a character at a time, each instruction by the first way that leads to it; so a character takes
 * no more steps than there are instructions.
 */
import { ForwardpassError } from '../../errors.ts';
import { codeAt } from '../unicode.ts';
import { Backtracking } from './backtracking.ts';
import { codeBefore, isAt, type Match } from './places.ts';
import { type Look, OP, type Program, STEP } from './program.ts';

/** Steps for a text whatever its length, and for each of its characters: of one that ran over the rest again and again. */
const MOST_STEPS = 2 ** 20;
const STEPS_A_CHARACTER = 2 ** 6;

const NONE = -1;

/** Ways at some place, the first to try first: at which instruction each is, where its match and its group began and ended. */
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

/** Steps that a search and those within it have taken. */
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
  /** By instruction, the turn in which a way last came to it; each place of a text is a turn. */
  readonly #met: Float64Array;
  #turn = 0;
  /** Instructions still to follow at this place, each with where its group began and ended. */
  readonly #waiting: Int32Array;
  readonly #looks: readonly Search[];

  readonly #match: Match = { from: NONE, to: NONE, first: NONE, last: NONE };
  readonly #backtracking: Backtracking | undefined;

  /** `backtracks`: whether it tries one way after another first. */
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
   * Says of each match where it, or its group, begins and ends; of a group that took no part, that it is empty.
   * @throws {ForwardpassError} INPUT where that takes too many steps.
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

  /** A match from a place on, or at that place; an empty one there may be none. */
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

  /** From an instruction on to all that take a character or end a match, the first to try first. */
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

  /** Whether what looks ahead or behind from a place allows it. */
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
