import type { Budget } from '../budget.ts';
import {
  type DType,
  decidersOf,
  type GraphInput,
  type Node,
  type Op,
  type OpAttributes,
  type Operand,
  type Tensor,
} from '../graph.ts';
import { definitionOf } from '../ops.ts';
import { elementCount, type Shape } from '../shapes.ts';
import type { CheckedGraph } from '../validate.ts';
import { stepsOf } from './steps.ts';

/**
 * The replacement of a node: another operand with the same value; or nodes, in order of computation, of which the last
 * defines the same output.
 */
export type Rewrite = Operand | readonly Node[];

/**
 * What rewrites preserve of results. All of them preserve which results are NaN or infinite, unless something overflows
 * in only one of the two forms.
 *
 * - `bits`: every bit.
 * - `numbers`: every number; a zero may have the other sign.
 * - `function`: results may change as far as a function computed in one step is more precise than its parts.
 * - `precision`: numbers up to rounding; such a rule does not touch values that lead to a step.
 */
export type Kept = 'bits' | 'numbers' | 'function' | 'precision';

/** One named step of simplification: looks at a node and the nodes that define its operands, never at its consumers. */
export interface Rule {
  readonly name: string;
  readonly keeps: Kept;
  /** The operations of the nodes that it applies to. Default: all. */
  readonly ops?: readonly Op[];
  apply(node: Node, graph: Rewriter): Rewrite | undefined;
}

/** A rule that is only tried at nodes with its operations. */
export function rule<O extends Op>(given: {
  readonly name: string;
  readonly keeps: Kept;
  readonly ops: readonly O[];
  apply(node: Node<O>, graph: Rewriter): Rewrite | undefined;
}): Rule {
  return { ...given, apply: (node, graph) => given.apply(node as Node<O>, graph) };
}

/** The most rules applied in succession at one node in a pass. The rest waits for the next pass. */
const MAX_STEPS = 16;

/** Constants of at most this many elements are created without limits. */
const FEW_ELEMENTS = 64;

/** The number of folds into one weight that are free. Real networks do not need more. */
const MOST_FOLDS = 8;

/** A graph under simplification, pass by pass. */
export class Rewriter {
  readonly inputs: readonly GraphInput[];
  readonly shapes: Map<string, Shape>;
  #outputs: { name: string; value: Operand; dtype: DType; list?: string }[];
  /** The nodes by output, in the order of computation. During a pass, those that it has already visited. */
  #nodes: Map<string, Node>;
  /** How often each name is used as an operand or output. */
  #uses = new Map<string, number>();
  /** Names that were only used by dense layers when the pass began. */
  #onlyDense = new Set<string>();
  /** Names whose values led to a step when the pass began. */
  #steps = new Set<string>();
  #names = 0;
  /** How many nodes used each array of weights when the pass began. */
  #weightUses = new Map<Tensor['data'], number>();
  /** How often something was folded into an array that was created here. */
  readonly #folds = new WeakMap<ArrayBufferLike, number>();

  readonly precision: 'f32' | 'f64';
  /** Whether values of integers are distinguished from values of floats. */
  readonly tellsIntegers: boolean;
  /** For the constants that rules make. */
  readonly budget: Budget;
  /** Computes a node for constants. */
  readonly fold: (node: Node, operands: readonly Tensor[]) => Tensor;

  constructor(
    graph: CheckedGraph,
    options: {
      readonly precision: 'f32' | 'f64';
      readonly tellsIntegers: boolean;
      readonly budget: Budget;
      readonly fold: Rewriter['fold'];
    },
  ) {
    this.precision = options.precision;
    this.tellsIntegers = options.tellsIntegers;
    this.budget = options.budget;
    this.fold = options.fold;
    this.inputs = graph.inputs;
    this.shapes = new Map(graph.shapes);
    this.#outputs = [...graph.outputs, ...decidersOf(graph)];
    this.#nodes = new Map(graph.nodes.map((node) => [node.output, node]));
  }

  get nodes(): readonly Node[] {
    return [...this.#nodes.values()];
  }

  /** The graph's outputs, then their deciders, if these are other values. */
  get outputs(): readonly { readonly name: string; readonly value: Operand; readonly dtype: DType }[] {
    return this.#outputs;
  }

  /** The node that defines the operand; undefined for inputs and constants. */
  definition(operand: Operand): Node | undefined {
    return typeof operand === 'string' ? this.#nodes.get(operand) : undefined;
  }

  /** The node that defines the operand, if it has the operation and nothing else uses its result. */
  only<O extends Op>(operand: Operand, op: O): Node<O> | undefined {
    const node = this.definition(operand);
    return node?.op === op && this.#uses.get(node.output) === 1 ? (node as Node<O>) : undefined;
  }

  feedsOnlyDense(operand: Operand): boolean {
    return typeof operand === 'string' && this.#onlyDense.has(operand);
  }

  /** Whether the result leads to a step, so that its last bit may decide something: see steps.ts. */
  feedsStep(node: Node): boolean {
    return this.#steps.has(node.output);
  }

  /** Whether the budget allows `count` optional constants, each as wide as `of` broadcast together. */
  affords(count: number, of: readonly { readonly shape: Shape }[]): boolean {
    const width = of.reduce((most, { shape }) => Math.max(most, elementCount(shape)), 0);
    return width <= FEW_ELEMENTS || this.budget.affords(count * width * Float64Array.BYTES_PER_ELEMENT);
  }

  /**
   * Whether something may be folded into the weight. It is free if only one node uses the weight, because no copy is
   * needed.
   */
  mayFold({ shape, data }: Tensor): boolean {
    const isOwn = (this.#weightUses.get(data) ?? 1) <= 1 && (this.#folds.get(data.buffer) ?? 0) < MOST_FOLDS;
    return isOwn || this.affords(1, [{ shape }]);
  }

  /** An array for a weight into which something is folded; the same memory if something was folded into it before. */
  foldedFrom(data: Tensor['data']): Float64Array {
    const folds = this.#folds.get(data.buffer) ?? 0;
    // A new view, because facts are cached by array. Short arrays are compared by content, so they are copied.
    const isReused = folds > 0 && data.length > FEW_ELEMENTS && (this.#weightUses.get(data) ?? 1) <= 1;
    const folded = isReused ? new Float64Array(data.buffer) : new Float64Array(data.length);
    this.#folds.set(folded.buffer, folds + 1);
    return folded;
  }

  shape(operand: Operand): Shape {
    return typeof operand === 'string' ? (this.shapes.get(operand) as Shape) : operand.shape;
  }

  /** A new node with `place`'s name and a new output. */
  add<O extends Op>(place: Node, op: O, inputs: readonly Operand[], attributes: OpAttributes[O]): Node {
    let output: string;
    do output = `${place.output}#${++this.#names}`;
    while (this.shapes.has(output));
    const node = { op, name: place.name, inputs, output, attributes } as Node;
    this.shapes.set(output, this.#infer(node));
    return node;
  }

  /** A node that defines the same output as `place`. */
  replace<O extends Op>(place: Node, op: O, inputs: readonly Operand[], attributes: OpAttributes[O]): Node {
    return { op, name: place.name, inputs, output: place.output, attributes } as Node;
  }

  /** Rewrites every node, in order, as long as rules apply; returns whether any did. */
  pass(rewriteOf: (node: Node) => Rewrite | undefined): boolean {
    const nodes = this.#nodes;
    this.#nodes = new Map();
    this.#count(nodes.values());
    this.#steps = stepsOf([...nodes.values()]);
    const aliases = new Map<string, Operand>();
    const resolve = (operand: Operand) => (typeof operand === 'string' ? (aliases.get(operand) ?? operand) : operand);
    let changed = false;
    for (const found of nodes.values()) {
      let node: Node | undefined = { ...found, inputs: found.inputs.map(resolve) } as Node;
      for (let step = 0; step < MAX_STEPS && node !== undefined; step++) {
        const rewrite: Rewrite | undefined = rewriteOf(node);
        if (rewrite === undefined) break;
        changed = true;
        node = this.#put(node, rewrite, aliases);
      }
      if (node !== undefined) this.#nodes.set(node.output, node);
    }
    this.#outputs = this.#outputs.map((output) => ({ ...output, value: resolve(output.value) }));
    return changed;
  }

  /** Applies a rewrite; returns the node that now defines the output, or undefined if another operand replaces it. */
  #put(node: Node, rewrite: Rewrite, aliases: Map<string, Operand>): Node | undefined {
    if (isNodes(rewrite)) {
      for (const added of rewrite) for (const operand of added.inputs) this.#use(operand, 1);
      for (const added of rewrite.slice(0, -1)) this.#nodes.set(added.output, added);
      this.#release(node);
      return rewrite.at(-1);
    }
    this.#use(rewrite, this.#uses.get(node.output) as number);
    aliases.set(node.output, rewrite);
    this.#release(node);
    return undefined;
  }

  #use(operand: Operand, count: number): void {
    if (typeof operand === 'string') this.#uses.set(operand, (this.#uses.get(operand) ?? 0) + count);
  }

  /** Releases the node's operands, and removes nodes that are no longer used. */
  #release(node: Node): void {
    const released = [node];
    for (let gone = released.pop(); gone !== undefined; gone = released.pop()) {
      for (const operand of gone.inputs) {
        if (typeof operand !== 'string') continue;
        this.#use(operand, -1);
        const unused = this.#nodes.get(operand);
        if (this.#uses.get(operand) === 0 && unused !== undefined) {
          this.#nodes.delete(operand);
          released.push(unused);
        }
      }
    }
  }

  #count(nodes: Iterable<Node>): void {
    this.#uses = new Map();
    this.#weightUses = new Map();
    const denseUses = new Map<string, number>();
    for (const { op, inputs } of nodes) {
      for (const operand of inputs) {
        this.#use(operand, 1);
        if (typeof operand !== 'string' && (op === 'dense' || op === 'embedding')) {
          this.#weightUses.set(operand.data, (this.#weightUses.get(operand.data) ?? 0) + 1);
        }
        if (op === 'dense' && typeof operand === 'string') denseUses.set(operand, (denseUses.get(operand) ?? 0) + 1);
      }
    }
    for (const { value } of this.#outputs) this.#use(value, 1);
    const onlyDense = [...denseUses].filter(([name, count]) => this.#uses.get(name) === count);
    this.#onlyDense = new Set(onlyDense.map(([name]) => name));
  }

  #infer(node: Node): Shape {
    return definitionOf(node.op).infer(
      node,
      node.inputs.map((operand) => this.shape(operand)),
    );
  }
}

function isNodes(rewrite: Rewrite): rewrite is readonly Node[] {
  return Array.isArray(rewrite);
}
