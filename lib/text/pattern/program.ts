/** Compiles a regular expression to a program of a few instructions with two arguments each. */
import { ForwardpassError } from '../../errors.ts';
import { type Expression, lengthsOf, type Place } from './ast.ts';
import { CharacterTest } from './character.ts';

export const OP = { character: 0, split: 1, jump: 2, save: 3, place: 4, look: 5, match: 6 } as const;
export const STEP = 3;

const MOST_INSTRUCTIONS = 4000;

export interface Look {
  readonly program: Program;
  readonly negative: boolean;
  /** The number of characters of a lookbehind; undefined for a lookahead. */
  readonly behind: number | undefined;
}

export interface Program {
  /**
   * The operation and arguments of each instruction: the preferred and the other branch; which test, position,
   * lookaround or side of the group.
   */
  readonly code: Int32Array;
  readonly size: number;
  readonly tests: readonly CharacterTest[];
  readonly places: readonly Place[];
  readonly looks: readonly Look[];
}

/** @throws {ForwardpassError} LIMIT if repetitions make it too long. */
export function programOf(expression: Expression, place: string): Program {
  const writer = new Writer(place);
  writer.write(expression);
  writer.add(OP.match);
  return writer.program();
}

class Writer {
  readonly #code: number[] = [];
  readonly #tests: CharacterTest[] = [];
  readonly #known = new Map<Expression, number>();
  readonly #places: Place[] = [];
  readonly #looks: Look[] = [];

  constructor(readonly place: string) {}

  program(): Program {
    return {
      code: Int32Array.from(this.#code),
      size: this.#code.length / STEP,
      tests: this.#tests,
      places: this.#places,
      looks: this.#looks,
    };
  }

  get #here(): number {
    return this.#code.length / STEP;
  }

  add(op: number, a = 0, b = 0): number {
    const at = this.#here;
    if (at >= MOST_INSTRUCTIONS) {
      const message = `needs more than ${MOST_INSTRUCTIONS} instructions because of its repetitions`;
      throw new ForwardpassError('LIMIT', `the pattern ${message}`, this.place);
    }
    this.#code.push(op, a, b);
    return at;
  }

  write(expression: Expression): void {
    switch (expression.kind) {
      case 'set': {
        const test = this.#known.get(expression) ?? this.#tests.push(new CharacterTest(expression.set)) - 1;
        this.#known.set(expression, test);
        this.add(OP.character, test);
        return;
      }
      case 'place':
        this.add(OP.place, this.#places.push(expression.place) - 1);
        return;
      case 'sequence':
        for (const item of expression.items) this.write(item);
        return;
      case 'choice':
        this.#writeChoice(expression.options);
        return;
      case 'repeat':
        this.#writeRepeat(expression);
        return;
      case 'group':
        this.add(OP.save, 0);
        this.write(expression.of);
        this.add(OP.save, 1);
        return;
      case 'look':
        this.#writeLook(expression);
        return;
    }
  }

  #writeChoice(options: readonly Expression[]): void {
    const jumps: number[] = [];
    for (const [i, option] of options.entries()) {
      const isLast = i === options.length - 1;
      const split = isLast ? -1 : this.add(OP.split);
      this.write(option);
      if (isLast) break;
      jumps.push(this.add(OP.jump));
      this.#aim(split, split + 1, this.#here);
    }
    for (const jump of jumps) this.#aim(jump, this.#here, 0);
  }

  #writeRepeat({ of, least, most, lazy }: Extract<Expression, { kind: 'repeat' }>): void {
    for (let i = 0; i < least; i++) this.write(of);
    if (most === Infinity) {
      const split = this.add(OP.split);
      this.write(of);
      this.add(OP.jump, split);
      this.#fork(split, lazy);
      return;
    }
    const splits: number[] = [];
    for (let i = least; i < most; i++) {
      splits.push(this.add(OP.split));
      this.write(of);
    }
    for (const split of splits) this.#fork(split, lazy);
  }

  /** Completes a split: into the repeated part, or out of it to here. */
  #fork(split: number, lazy: boolean): void {
    if (lazy) this.#aim(split, this.#here, split + 1);
    else this.#aim(split, split + 1, this.#here);
  }

  #aim(at: number, a: number, b: number): void {
    this.#code[at * STEP + 1] = a;
    this.#code[at * STEP + 2] = b;
  }

  #writeLook({ of, ahead, negative }: Extract<Expression, { kind: 'look' }>): void {
    const behind = ahead ? undefined : lengthsOf(of)[0];
    this.add(OP.look, this.#looks.push({ program: programOf(of, this.place), negative, behind }) - 1);
  }
}
