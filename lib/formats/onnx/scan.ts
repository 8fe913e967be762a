/**
 * Scan over the rows of a constant, as sklearn-onnx writes distances to the rows of a training set: the body's result
 * for each row is independent of the others. The body is translated once, with its element as a placeholder; then its
 * nodes get a new first axis for all elements.
 */
import type { Node, OpAttributes, Operand, Tensor } from '../../graph/graph.ts';
import { elementCount } from '../../graph/shapes.ts';
import type { GraphBuilder } from '../tensors/builder.ts';
import type { Constant, Row } from '../tensors/value.ts';
import type { Known } from './known.ts';
import type { AttributeProto, GraphProto, NodeProto } from './proto.ts';
import type { Scope } from './scope.ts';

/** Attributes whose elements must all be 0: axes of inputs and outputs, and directions, where 1 means backwards. */
const PLAIN_ONLY = ['scan_input_axes', 'scan_output_axes', 'scan_input_directions', 'scan_output_directions'];
/** Before this opset, Scan had its own batch. */
const OLDEST_OPSET = 9;

export class Scan {
  readonly #build: GraphBuilder;
  readonly #states: readonly Known[];
  /** How many nodes existed before those of the body. */
  readonly #mark: number;
  /** How often the body runs. */
  readonly #count: number;
  /** The whole list, by the operand that represents its element in the body. */
  readonly #lists = new Map<Operand, Tensor>();

  /** Sets the values of the body's parameters in its scope. */
  constructor(build: GraphBuilder, node: NodeProto, scope: Scope, body: GraphProto, inner: Scope) {
    build.enter({ name: scope.nameOf(node), place: scope.placeOf(node), output: scope.nameOf(node) });
    const listCount = integer(scope.attributesOf(node).get('num_scan_inputs')) ?? 0;
    const inputs = node.inputs.map((name) => scope.value(name));
    checkForm(build, scope, node, body, listCount);
    this.#build = build;
    this.#mark = build.nodes.length;
    this.#states = inputs.slice(0, -listCount) as Known[];
    const lists = inputs.slice(-listCount).map((input) => asList(build, input));
    this.#count = lists[0].shape[0];
    if (lists.some(({ shape }) => shape[0] !== this.#count)) {
      throw build.error('SHAPE', 'the scanned inputs differ in length');
    }
    const elements = lists.map((list): Row => {
      const operand = build.uniqueName(`${scope.nameOf(node)}/element`);
      this.#lists.set(operand, build.tensor(list));
      return { kind: 'row', type: list.type, shape: list.shape.slice(1), batchAxis: undefined, operand };
    });
    for (const [i, value] of [...this.#states, ...elements].entries()) inner.values.set(body.inputs[i].name, value);
  }

  /** The results of the node, from those of its body. */
  finish(outputs: readonly (Known | undefined)[]): readonly Known[] {
    const build = this.#build;
    const states = this.#states.map((state, i) => {
      if (sameValue(outputs[i], state)) return state;
      throw build.error(
        'UNSUPPORTED_OP',
        'the state changes between iterations: Scan is supported only if it does not',
      );
    });
    const given = outputs.slice(states.length).map((output) => this.#asRow(output));
    const own = build.nodes.splice(this.#mark);
    const lifted = new Map<Operand, readonly number[]>();
    for (const [operand, list] of this.#lists) lifted.set(operand, list.shape.slice(1));
    for (const node of own) {
      const isOurs = node.inputs.some((input) => lifted.has(input));
      if (isOurs) lifted.set(node.output, build.shapes.get(node.output) as readonly number[]);
      build.nodes.push(isOurs ? this.#lift(node, lifted) : node);
    }
    return [...states, ...given.map((row) => this.#stacked(row, lifted))];
  }

  #asRow(output: Known | undefined): Row {
    if (output?.kind === 'row') return output;
    throw this.#build.error('UNSUPPORTED_OP', 'an output of the body does not depend on the scanned inputs');
  }

  /** The results of all iterations, along a new first axis. */
  #stacked(row: Row, lifted: ReadonlyMap<Operand, readonly number[]>): Row {
    const { shape, batchAxis } = row;
    const all = [this.#count, ...shape];
    const info = { ...row, shape: all, batchAxis: batchAxis === undefined ? undefined : batchAxis + 1 };
    const list = this.#lists.get(row.operand);
    if (list !== undefined) return { ...info, operand: list };
    if (lifted.has(row.operand)) return info;
    return this.#build.emit('expand', [row.operand], { shape: all }, info);
  }

  /** The same operation for all iterations. Operands that differ between iterations have their number as a first axis. */
  #lift(node: Node, lifted: ReadonlyMap<Operand, readonly number[]>): Node {
    const rank = (lifted.get(node.output) as readonly number[]).length;
    const inputs = node.inputs.map((input) => {
      const shape = lifted.get(input);
      if (shape !== undefined) return this.#padded(input, shape, BROADCASTING.has(node.op) ? rank : shape.length);
      return node.op === 'concat' ? this.#repeated(input) : input;
    });
    const attributes = this.#attributes(node);
    const size = this.#count * elementCount(this.#build.shapes.get(node.output) as readonly number[]);
    if (!(size <= this.#build.budget.limits.rowElements)) {
      throw this.#build.error('LIMIT', `${this.#count} steps of the scan exceed \`limits.rowElements\``);
    }
    return { ...node, inputs, attributes } as Node;
  }

  /** Inserts axes of size 1 after the first, so that the operand broadcasts correctly. */
  #padded(operand: Operand, shape: readonly number[], rank: number): Operand {
    const all = [this.#count, ...new Array<number>(rank - shape.length).fill(1), ...shape];
    const list = this.#lists.get(operand);
    if (list !== undefined) return { ...list, shape: all };
    if (rank === shape.length) return operand;
    return this.#emit('reshape', [operand], { shape: all }, all);
  }

  /** Repeats, for all iterations, an operand that is the same in each. */
  #repeated(operand: Operand): Operand {
    const shape = typeof operand === 'string' ? this.#build.shapes.get(operand) : operand.shape;
    if (shape === undefined)
      throw this.#build.error('UNSUPPORTED_OP', 'a join with an input of the model is not supported in a scan');
    const all = [this.#count, ...shape];
    return this.#emit('expand', [operand], { shape: all }, all);
  }

  #emit<O extends 'reshape' | 'expand'>(
    op: O,
    inputs: readonly Operand[],
    attributes: OpAttributes[O],
    shape: readonly number[],
  ): Operand {
    return this.#build.emit(op, inputs, attributes, { type: 'float32', shape, batchAxis: undefined }).operand;
  }

  #attributes(node: Node): Node['attributes'] {
    switch (node.op) {
      case 'unary':
      case 'binary':
      case 'select':
      case 'retype':
      case 'embedding':
        return node.attributes;
      case 'affine':
      case 'dense':
        if (node.inputs.slice(1).every((input) => typeof input !== 'string')) return node.attributes;
        break;
      case 'reduce':
        return { ...node.attributes, axes: node.attributes.axes.map((axis) => axis + 1) };
      case 'softmax':
      case 'layer_norm':
      case 'rms_norm':
      case 'normalize':
      case 'concat':
      case 'gather':
      case 'one_hot':
        return { ...node.attributes, axis: node.attributes.axis + 1 } as Node['attributes'];
      case 'transpose':
        return { permutation: [0, ...node.attributes.permutation.map((axis) => axis + 1)] };
      case 'reshape':
      case 'expand':
        return { shape: [this.#count, ...node.attributes.shape] };
      default:
    }
    throw this.#build.error('UNSUPPORTED_OP', `an operation of the kind ${node.op} is not supported in a scan`);
  }
}

/** Operations whose operands are aligned at their last axes. */
const BROADCASTING: ReadonlySet<string> = new Set(['binary', 'select', 'expand']);

function integer(attribute: AttributeProto | undefined): number | undefined {
  return attribute?.integer;
}

function checkForm(build: GraphBuilder, scope: Scope, node: NodeProto, body: GraphProto, lists: number): void {
  const attributes = scope.attributesOf(node);
  const opset = scope.opsets.get('') ?? 1;
  const isPlain = PLAIN_ONLY.every((name) => {
    const bytes = attributes.get(name)?.integers?.all();
    return bytes === undefined || bytes.every((byte) => byte === 0);
  });
  if (opset < OLDEST_OPSET || !isPlain) {
    throw build.error('UNSUPPORTED_OP', `Scan is supported from opset ${OLDEST_OPSET}, forwards and along first axes`);
  }
  const count = node.inputs.length;
  if (!(lists >= 1 && lists <= count) || body.inputs.length !== count || body.outputs.length < count - lists) {
    throw build.error('MALFORMED', `expected a body for ${count} inputs, of which num_scan_inputs are scanned`);
  }
}

function asList(build: GraphBuilder, input: Known | undefined): Constant {
  if (input?.kind === 'constant' && input.type !== 'string' && input.shape.length > 0 && input.shape[0] > 0)
    return input;
  throw build.error(
    'UNSUPPORTED_OP',
    'Scan is supported only over the rows of a constant; here it runs over something else',
  );
}

function sameValue(a: Known | undefined, b: Known): boolean {
  if (a?.kind === 'row' && b.kind === 'row') return a.operand === b.operand;
  return a === b;
}
