/**
 * A graph as a stack that can learn: dense layers, activations and norms, from one input to one output. Parameters
 * remember their place in the graph, so that learned values can be written back.
 */
import { ForwardpassError } from '../../errors.ts';
import type { Graph, Moments, Node, Tensor, UnaryName } from '../../graph/graph.ts';
import { formatShape } from '../../graph/shapes.ts';
import { listNames } from '../../messages.ts';

/** The activations with gradients, in the order of native/learn/network_unary.inc. */
export const LEARN_UNARY = [
  'relu',
  'leaky_relu',
  'elu',
  'selu',
  'clip',
  'hard_sigmoid',
  'hard_swish',
  'sigmoid',
  'tanh',
  'silu',
  'softplus',
  'gelu',
  'gelu_tanh',
] as const satisfies readonly UnaryName[];
export type LearnUnary = (typeof LEARN_UNARY)[number];

type Numbers = Float32Array | Float64Array;

/** A parameter, learned or fixed: a matrix [rows, columns], as in torch [out, in], or a vector of one row. */
export interface Parameter {
  /** The name in the file if it has one, such as `fc1.weight`. */
  readonly name: string;
  /** The shape in the file. */
  readonly shape: readonly number[];
  readonly rows: number;
  readonly columns: number;
  readonly data: Numbers;
  /** Whether `data` is [in, out]. */
  readonly isTurned: boolean;
  /** Whether it is not trained, such as the mean of a batch normalisation. */
  readonly isFixed: boolean;
}

export type StackLayer =
  | { readonly kind: 'dense'; readonly weight: Parameter; readonly bias?: Parameter }
  | { readonly kind: 'unary'; readonly fn: LearnUnary; readonly alpha: number; readonly beta: number }
  | { readonly kind: 'scale'; readonly scale?: Parameter; readonly shift?: Parameter }
  | { readonly kind: 'standardize'; readonly epsilon: number };

/** The function at the end of a graph, which a loss may be combined with. */
export type Link = 'none' | 'softmax' | 'sigmoid';

export interface Stack {
  readonly layers: readonly StackLayer[];
  /** The input width of each layer, then the output width of the last. */
  readonly widths: readonly number[];
  readonly link: Link;
  readonly parameters: readonly Parameter[];
  /** The graph with other numbers: `values` have the order and the layout of the parameters. */
  withValues(values: readonly Numbers[]): Graph;
}

/** @throws {ForwardpassError} UNSUPPORTED_OP for a graph that is not such a stack */
export function readStack(graph: Graph): Stack {
  return new StackReader(graph).read();
}

class StackReader {
  readonly #layers: StackLayer[] = [];
  readonly #widths: number[] = [];
  readonly #parameters: Parameter[] = [];
  readonly #names: ReadonlyMap<Numbers, string>;
  #link: Link = 'none';

  constructor(private readonly graph: Graph) {
    this.#names = new Map([...(graph.parameters ?? [])].map(([name, data]) => [data, name]));
  }

  read(): Stack {
    const { inputs, outputs, steps } = this.graph;
    const [input] = inputs;
    const isPlain = inputs.length === 1 && input.shape.length === 1 && input.ragged !== true && steps === undefined;
    if (!isPlain || input.categories !== undefined || input.hashes !== undefined || input.dtype === 'string') {
      const shapes = inputs.map(({ shape }) => formatShape(shape)).join(', ');
      throw refused(`its inputs are ${shapes || 'none'}; a network learns from one input of numbers, such as [14]`);
    }
    if (outputs.length !== 1) throw refused(`it has ${outputs.length} outputs; a network that learns has one`);
    this.#widths.push(input.shape[0]);
    const chain = this.#chain(input.name, outputs[0].value);
    for (const [i, node] of chain.entries()) this.#add(node, i === chain.length - 1);
    if (!this.#parameters.some(({ isFixed }) => !isFixed)) throw refused('it has no parameters');
    return {
      layers: this.#layers,
      widths: this.#widths,
      link: this.#link,
      parameters: this.#parameters,
      withValues: (values) => this.#withValues(values),
    };
  }

  /** The nodes from the input to the output, each of which takes the result of the one before it. */
  #chain(input: string, output: string): Node[] {
    const producers = new Map(this.graph.nodes.map((node) => [node.output, node]));
    const chain: Node[] = [];
    for (let value = output; value !== input; ) {
      const node = producers.get(value);
      if (node === undefined || chain.length >= this.graph.nodes.length) throw refused('its layers are not a stack');
      const [first, ...others] = node.inputs;
      if (typeof first !== 'string' || others.some((operand) => typeof operand === 'string')) {
        throw refused('it takes several values; a network that learns is a stack of layers', node);
      }
      chain.push(node);
      value = first;
    }
    return chain.reverse();
  }

  get #width(): number {
    return this.#widths[this.#widths.length - 1];
  }

  #add(node: Node, isLast: boolean): void {
    const [, ...operands] = node.inputs as readonly [string, ...Tensor[]];
    switch (node.op) {
      case 'dense': {
        const [weight, bias] = operands;
        const isTurned = node.attributes.layout === 'in-out';
        const out = weight.shape[isTurned ? 1 : 0];
        this.#push(
          {
            kind: 'dense',
            weight: this.#parameter(node, isTurned ? 'kernel' : 'weight', weight, isTurned),
            ...(bias && { bias: this.#parameter(node, 'bias', bias) }),
          },
          out,
        );
        return;
      }
      case 'unary':
        this.#addUnary(node, isLast);
        return;
      case 'affine':
        this.#addAffine(node, operands);
        return;
      case 'layer_norm': {
        if (node.attributes.axis !== 0) break;
        this.#push({ kind: 'standardize', epsilon: node.attributes.epsilon });
        const [scale, shift] = operands;
        if (scale === undefined) return;
        this.#push({
          kind: 'scale',
          scale: this.#parameter(node, this.#isKeras ? 'gamma' : 'weight', scale),
          ...(shift && { shift: this.#parameter(node, this.#isKeras ? 'beta' : 'bias', shift) }),
        });
        return;
      }
      case 'softmax':
        if (!isLast || node.attributes.fn !== 'softmax') break;
        this.#link = 'softmax';
        return;
      case 'reshape':
        if (node.attributes.shape.length === 1 && node.attributes.shape[0] === this.#width) return;
        break;
      case 'retype':
      case 'require_finite':
        return;
    }
    throw refused(`is the operation ${node.op}, which does not support learning`, node);
  }

  #addUnary(node: Node<'unary'>, isLast: boolean): void {
    const { fn, alpha = 0, beta = 0 } = node.attributes;
    if (isLast && fn === 'sigmoid') {
      this.#link = 'sigmoid';
      return;
    }
    const known = LEARN_UNARY.find((name) => name === fn);
    if (known === undefined) {
      throw refused(
        `is the activation ${fn}, which does not support learning; use one of ${listNames(LEARN_UNARY, 20)}`,
        node,
      );
    }
    this.#push({ kind: 'unary', fn: known, alpha, beta });
  }

  /** A batch normalisation is split into its original parameters; any other affine is kept fixed. */
  #addAffine(node: Node<'affine'>, [scale, shift]: readonly Tensor[]): void {
    const { moments } = scale;
    if (moments === undefined) {
      this.#push({
        kind: 'scale',
        scale: this.#fixed(node, 'scale', scale.data),
        shift: this.#fixed(node, 'shift', shift.data),
      });
      return;
    }
    const { inverse, offset } = standardization(moments);
    this.#push({
      kind: 'scale',
      scale: this.#fixed(node, 'inverse deviation', inverse),
      shift: this.#fixed(node, 'offset', offset),
    });
    if (moments.scale === undefined && moments.shift === undefined) return;
    const [scaleName, shiftName] = this.#isKeras ? ['gamma', 'beta'] : ['weight', 'bias'];
    const vector = (data: Numbers): Tensor => ({ shape: [data.length], data });
    this.#push({
      kind: 'scale',
      ...(moments.scale && { scale: this.#parameter(node, scaleName, vector(moments.scale)) }),
      ...(moments.shift && { shift: this.#parameter(node, shiftName, vector(moments.shift)) }),
    });
  }

  get #isKeras(): boolean {
    return this.graph.format === 'keras';
  }

  #push(layer: StackLayer, out = this.#width): void {
    this.#layers.push(layer);
    this.#widths.push(out);
  }

  #parameter(node: Node, role: string, tensor: Tensor, isTurned = false): Parameter {
    const { data, shape } = tensor;
    const isMatrix = shape.length === 2;
    const name = this.#unused(this.#names.get(data) ?? `${node.name}${this.#isKeras ? '/' : '.'}${role}`);
    const [rows, columns] = isMatrix ? (isTurned ? [shape[1], shape[0]] : shape) : [1, data.length];
    if (this.#parameters.some((known) => known.data === data)) {
      throw refused(`shares ${name} with another layer, which is not supported`, node);
    }
    if (!isMatrix && columns !== this.#widthOf(node)) {
      throw refused(`has ${columns} values for ${this.#widthOf(node)} columns`, node);
    }
    const parameter = { name, shape, rows, columns, data, isTurned, isFixed: false };
    this.#parameters.push(parameter);
    return parameter;
  }

  /** The name, or a unique variant of it, because files may give two nodes the same name. */
  #unused(name: string): string {
    const isTaken = (candidate: string) => this.#parameters.some((parameter) => parameter.name === candidate);
    let unused = name;
    for (let i = 2; isTaken(unused); i++) unused = `${name}#${i}`;
    return unused;
  }

  /** The width of a vector of the node. */
  #widthOf(node: Node): number {
    if (node.op !== 'dense') return this.#width;
    const { shape } = node.inputs[1] as Tensor;
    return shape[node.attributes.layout === 'in-out' ? 1 : 0];
  }

  #fixed(node: Node, role: string, given: Numbers): Parameter {
    const width = this.#width;
    if (given.length !== width && given.length !== 1)
      throw refused(`has ${given.length} values for ${width} columns`, node);
    const data = given.length === width ? given : new Float64Array(width).fill(given[0]);
    const shape = [width];
    const parameter = {
      name: `${node.name} ${role}`,
      shape,
      rows: 1,
      columns: width,
      data,
      isTurned: false,
      isFixed: true,
    };
    this.#parameters.push(parameter);
    return parameter;
  }

  #withValues(values: readonly Numbers[]): Graph {
    const learned = new Map(this.#parameters.map(({ data }, i) => [data, values[i]]));
    const replaced = (data: Numbers) => learned.get(data) ?? data;
    const nodes = this.graph.nodes.map((node): Node => {
      const inputs = node.inputs.map((operand) => {
        if (typeof operand === 'string') return operand;
        return { ...operand, data: replaced(operand.data) };
      });
      const moments = node.op === 'affine' ? (inputs[1] as Tensor).moments : undefined;
      if (moments === undefined) return { ...node, inputs } as Node;
      const { mean, variance, epsilon } = moments;
      const [scale, shift] = [moments.scale, moments.shift].map((data) => data && replaced(data));
      const by = Float64Array.from(variance, (value, i) => (scale?.[i] ?? 1) / Math.sqrt(value + epsilon));
      const offset = Float64Array.from(mean, (value, i) => (shift?.[i] ?? 0) - value * by[i]);
      const shape = (inputs[1] as Tensor).shape;
      const anew: Moments = { mean, variance, epsilon, ...(scale && { scale }), ...(shift && { shift }) };
      return { ...node, inputs: [node.inputs[0], { shape, data: by, moments: anew }, { shape, data: offset }] } as Node;
    });
    const { parameters } = this.graph;
    const named = parameters && new Map([...parameters].map(([name, data]) => [name, replaced(data)]));
    return { ...this.graph, nodes, ...(named && { parameters: named }) };
  }
}

function standardization({ mean, variance, epsilon }: Moments) {
  const inverse = Float64Array.from(variance, (value) => 1 / Math.sqrt(value + epsilon));
  return { inverse, offset: Float64Array.from(mean, (value, i) => -value * inverse[i]) };
}

function refused(reason: string, node?: Node): ForwardpassError {
  return new ForwardpassError('UNSUPPORTED_OP', reason, node?.name ?? 'this network cannot be learned');
}
