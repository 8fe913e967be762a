/** Reads plans as lib/graph/plan-format.ts lays them out, for the reference engine. */
import { OPCODE } from '../../lib/graph/operations/opcodes.ts';
import { OLDEST_PLAN, PLAN_VERSION, type Plan, PRECISIONS, RAGGED_PORT } from '../../lib/graph/plan-format.ts';

export type Floats = Float32Array | Float64Array;

export interface Port {
  readonly value: number;
  /** Elements of a row; of doubles in a plan of f32, how many doubles. */
  readonly width: number;
  readonly isWide: boolean;
  readonly isRagged: boolean;
}

export interface Instruction {
  readonly op: keyof typeof OPCODE;
  readonly fields: readonly number[];
}

/** The values of one row, each overwritten by the next. */
export class Values {
  /** Of ragged inputs. */
  readonly pairs = new Map<number, readonly (readonly [id: number, weight: number])[]>();
  readonly #values: readonly Floats[];

  constructor(
    widths: readonly number[],
    readonly parameters: Plan['parameters'],
    readonly isDouble: boolean,
  ) {
    this.#values = widths.map((width) => new (isDouble ? Float64Array : Float32Array)(width));
  }

  /** For an operand: a value, or a parameter where it is negative. */
  operand(operand: number, isWide = false): Floats {
    return operand < 0 ? this.parameter(-1 - operand, isWide) : this.numbers(operand, isWide);
  }

  /** A view of a value; with `isWide` of the doubles that it holds. */
  numbers(value: number, isWide = false): Floats {
    const own = this.#values[value];
    return isWide && !this.isDouble ? new Float64Array(own.buffer as ArrayBuffer) : own;
  }

  parameter(index: number, isWide = false): Floats {
    const own = this.parameters[index];
    return isWide && !this.isDouble ? new Float64Array(own.slice().buffer) : own;
  }
}

const NAMES = new Map(Object.entries(OPCODE).map(([name, { number }]) => [number, name as Instruction['op']]));

export class PlanReader {
  readonly isDouble: boolean;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly instructions: readonly Instruction[];
  readonly #widths: readonly number[];

  constructor(readonly plan: Plan) {
    let at = 0;
    const take = (count: number) => {
      at += count;
      return Array.from(plan.code.subarray(at - count, at));
    };
    const [version, precision, values, inputs, outputs, instructions] = take(6);
    if (version < OLDEST_PLAN || version > PLAN_VERSION) throw new Error(`a plan of version ${version}`);
    this.isDouble = precision === PRECISIONS.f64;
    this.#widths = take(values);
    this.inputs = take(inputs).map((word) => this.#port(word));
    this.outputs = take(outputs).map((word) => this.#port(word));
    this.instructions = Array.from({ length: instructions }, () => {
      const [opcode, length] = take(2);
      const op = NAMES.get(opcode);
      if (op === undefined) throw new Error(`an instruction of opcode ${opcode}`);
      return { op, fields: take(length - 2) };
    });
  }

  newValues(): Values {
    return new Values(this.#widths, this.plan.parameters, this.isDouble);
  }

  #port(word: number): Port {
    const isWide = word < 0;
    const isRagged = word >= RAGGED_PORT;
    const value = isWide ? -1 - word : isRagged ? word - RAGGED_PORT : word;
    return { value, width: this.#widths[value] / (isWide ? 2 : 1), isWide, isRagged };
  }
}

/** The name that a plan calls by its number. */
export function nameOf<N extends string>(table: Readonly<Record<N, { readonly number: number }>>, number: number): N {
  const found = (Object.keys(table) as N[]).find((name) => table[name].number === number);
  if (found === undefined) throw new Error(`nothing has the number ${number}`);
  return found;
}
