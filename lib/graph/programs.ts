/**
 * Plans of one node, which the engine compiles to programs while a model loads. Programs that may be needed again are
 * cached.
 */
import type { Budget } from './budget.ts';
import { ExactIntegers } from './exact-integers.ts';
import type { GraphInput, Node, Tensor } from './graph.ts';
import { definitionOf } from './ops.ts';
import { PlanBuilder } from './plan-builder.ts';
import type { Plan } from './plan-format.ts';
import { elementCount, type Shape } from './shapes.ts';

/** A plan compiled by the engine. `buffers` are its inputs for one row, then its output, which it fills. */
export interface Program {
  run(buffers: readonly Tensor['data'][]): void;
  dispose(): void;
}

/** Compiles a plan with this many inputs and outputs. */
export type Compile = (plan: Plan, ports: number) => Program;

/** The operands of a node, and which of them are integers that are kept in doubles. */
export interface Given {
  readonly operands: readonly Tensor[];
  readonly wide: readonly boolean[];
  readonly shape: Shape;
}

/** The most programs that are cached. */
const MOST_KEPT = 64;
/** The memory of a program, in JavaScript and in the engine, until it is garbage collected. */
const PROGRAM_BYTES = 8192;

const RESULT = 'y';

export class Programs {
  readonly #kept = new Map<string, Program>();

  constructor(
    readonly compile: Compile,
    readonly budget: Budget,
  ) {}

  /** The result of the node; an array of doubles if it computes in doubles. */
  run(node: Node, precision: 'f32' | 'f64', given: Given): Tensor['data'] {
    const fixed = definitionOf(node.op).constants ?? [];
    const isDouble = precision === 'f64' || given.wide.includes(true);
    const result = new (isDouble ? Float64Array : Float32Array)(elementCount(given.shape));
    const buffers = given.operands.flatMap(({ data }, at) => (fixed.includes(at) ? [] : [data]));
    // A plan with the parameters of a layer is not cached: there are many, and they are seldom the same.
    const isShared = buffers.length === given.operands.length;
    const key = isShared ? keyOf(node, precision, given) : undefined;
    const kept = key === undefined ? undefined : this.#kept.get(key);
    const program = kept ?? this.#made(node, precision, given, fixed);
    try {
      program.run([...buffers, result]);
    } finally {
      if (key === undefined) program.dispose();
      else if (kept === undefined) this.#keep(key, program);
    }
    return result;
  }

  dispose(): void {
    for (const program of this.#kept.values()) program.dispose();
    this.#kept.clear();
  }

  #keep(key: string, program: Program): void {
    const [oldest] = this.#kept;
    if (this.#kept.size >= MOST_KEPT) {
      this.#kept.delete(oldest[0]);
      oldest[1].dispose();
    }
    this.#kept.set(key, program);
  }

  #made(node: Node, precision: 'f32' | 'f64', { operands, wide, shape }: Given, fixed: readonly number[]): Program {
    this.budget.build(PROGRAM_BYTES, `node ${node.name}`);
    const shapes = new Map<string, Shape>([[RESULT, shape]]);
    const inputs: GraphInput[] = [];
    const given = operands.map((operand, at) => {
      if (fixed.includes(at)) return operand;
      const name = String(at);
      inputs.push({ name, shape: operand.shape, dtype: wide[at] ? 'int64' : 'float32' });
      shapes.set(name, operand.shape);
      return name;
    });
    const own = { ...node, inputs: given, output: RESULT } as Node;
    const plan = new PlanBuilder(precision, this.budget);
    const outputs = [{ name: RESULT, value: RESULT, dtype: 'float32' as const }];
    const computation = { inputs, nodes: [own], outputs, shapes };
    const exactly = wide.includes(true)
      ? new ExactIntegers(computation, { wide: precision === 'f32', checked: false }, plan)
      : undefined;
    for (const input of inputs) plan.input(input.name, input.shape, exactly?.isWideInput(input));
    plan.place = { name: node.name };
    const view = exactly?.lower(own, shape) ?? definitionOf(own.op).lower(own, shape, plan);
    return this.compile(plan.build([plan.row(view)]), inputs.length + 1);
  }
}

function keyOf({ op, attributes }: Node, precision: string, { operands, wide }: Given): string {
  const text = ([name, value]: [string, unknown]) => `${name}=${Object.is(value, -0) ? '-0' : String(value)}`;
  const shapes = operands.map(({ shape }, at) => `${shape}${wide[at] ? ' integers' : ''}`);
  return [precision, op, ...Object.entries(attributes).map(text).sort(), ...shapes].join(';');
}
