/**
 * Loops with which torch's exporters write an EmbeddingBag with offsets: for each bag they slice its ids or vectors,
 * and reduce these to one vector. A loop is recognised by its whole content: it is written as text and compared with
 * what the exporters write. Any difference makes it another loop.
 */
import type { Budget } from '../../graph/budget.ts';
import type { BagMode } from '../../graph/graph.ts';
import { Vocabulary } from '../tensors/vocabulary.ts';
import type { AttributeProto, GraphProto, NodeProto, TensorProto } from './proto.ts';
import { decodeTensor } from './tensor.ts';

/** The names of a bag's inputs. */
export interface BagLoop {
  readonly table: string;
  readonly ids: string;
  readonly offsets: string;
  readonly weights?: string;
  readonly mode: BagMode;
  /**
   * If every bag has the same number of ids, that number: the ids are [batch, width], and the offsets follow from the
   * batch.
   */
  readonly width?: number;
}

/** The inputs of bags, by the nodes that compute bags. */
export function bagLoops(graph: GraphProto, budget: Budget): ReadonlyMap<NodeProto, BagLoop> {
  const found = new Map<NodeProto, BagLoop>();
  const names = new Names(graph, undefined, []);
  for (const node of graph.nodes) {
    if (node.opType !== 'Loop' && node.opType !== 'ConcatFromSequence') continue;
    const speller = new Speller(budget);
    const spelled = speller.node(node, names, 0);
    const bag = spelled === undefined ? undefined : bagOf(spelled, speller.others);
    if (bag !== undefined) found.set(node, bag);
  }
  return found;
}

/** Where names are resolved: the graph, or a body inside it. */
class Names {
  readonly producers = new Map<string, NodeProto>();
  readonly initializers = new Map<string, TensorProto>();
  /** The inputs of a body, by their text. */
  readonly inputs: ReadonlyMap<string, string>;

  constructor(
    graph: GraphProto,
    readonly outer: Names | undefined,
    inputs: readonly string[],
  ) {
    for (const node of graph.nodes) for (const name of node.outputs) if (name !== '') this.producers.set(name, node);
    for (const tensor of graph.initializers) this.initializers.set(tensor.name, tensor);
    this.inputs = new Map(graph.inputs.slice(0, inputs.length).map(({ name }, i) => [name, inputs[i]]));
  }
}

const LONGEST = 8000;
const DEEPEST = 40;
const FEW = 2;
/** Constants up to this size are checked for zeros. */
const MOST_ZEROS = 4096;

class Speller {
  /** Names whose text is their index here: inputs and large constants. */
  readonly others: string[] = [];
  #left = LONGEST;

  constructor(readonly budget: Budget) {}

  /** Undefined if the text would be too long or too deeply nested for a bag. */
  node(node: NodeProto, names: Names, depth: number): string | undefined {
    if (depth > DEEPEST || this.#left < 0) return undefined;
    this.budget.step(1, 'graph');
    this.#left -= node.opType.length;
    if (node.opType === 'Constant') return this.#constant(node.attributes.get('value')?.tensor);
    if (node.opType === 'Identity') return this.value(node.inputs[0] ?? '', names, depth + 1);
    const parts = node.inputs.map((input) => this.value(input, names, depth + 1));
    for (const attribute of [...node.attributes.values()].sort((a, b) => (a.name < b.name ? -1 : 1))) {
      parts.push(this.#attribute(attribute, names, depth + 1));
    }
    return parts.includes(undefined) ? undefined : `${node.opType}(${parts.filter((part) => part !== '').join()})`;
  }

  value(name: string, names: Names, depth: number): string | undefined {
    if (name === '') return '-';
    for (let scope: Names | undefined = names; scope !== undefined; scope = scope.outer) {
      const input = scope.inputs.get(name);
      if (input !== undefined) return input;
      const producer = scope.producers.get(name);
      if (producer !== undefined) {
        const spelled = this.node(producer, scope, depth);
        const isOne = producer.outputs.length === 1 || spelled === undefined;
        return isOne ? spelled : `${spelled}#${producer.outputs.indexOf(name)}`;
      }
      const tensor = scope.initializers.get(name);
      if (tensor !== undefined) return this.#constant(tensor) ?? this.#other(name);
    }
    return this.#other(name);
  }

  #other(name: string): string {
    const at = this.others.indexOf(name);
    return `?${at < 0 ? this.others.push(name) - 1 : at}`;
  }

  /** A few numbers are written out; a constant of only zeros is written as one zero. */
  #constant(tensor: TensorProto | undefined): string | undefined {
    const count = tensor?.dims.reduce((size, dim) => size * dim, 1) ?? Infinity;
    if (tensor === undefined || tensor.external || !(count <= MOST_ZEROS)) return undefined;
    const { data } = decodeTensor(tensor, this.budget, new Vocabulary());
    if (data.every((value) => value === 0)) return '[0]';
    return count <= FEW ? `[${data.join()}]` : undefined;
  }

  #attribute({ name, integer, graph, integers }: AttributeProto, names: Names, depth: number): string | undefined {
    if (graph !== undefined) return this.#body(graph, names, depth);
    if (integers !== undefined && name === 'axes') return `[${doublesOf(integers.all()).join()}]`;
    if (integers !== undefined || integer === undefined) return undefined;
    // Other attributes default to 0.
    return integer === 0 && name !== 'keepdims' ? '' : `${name}=${integer}`;
  }

  #body(graph: GraphProto, names: Names, depth: number): string | undefined {
    const inner = new Names(
      graph,
      names,
      graph.inputs.map((_, i) => `$${i}`),
    );
    const outputs = graph.outputs.map(({ name }) => this.value(name, inner, depth + 1));
    return outputs.includes(undefined) ? undefined : `{${outputs.join(';')}}`;
  }
}

function doublesOf(bytes: Uint8Array): Float64Array {
  return new Float64Array(Uint8Array.from(bytes).buffer);
}

// What the exporters write

/** The text for a bag's inputs; inputs that are not written out are numbered in order. */
interface Spelled {
  readonly offsets: string;
  readonly ids: string;
  readonly table: string;
  /** A weight for each id. */
  readonly weights: string;
}

const OPEN: Spelled = { offsets: '?0', ids: '?1', table: '?2', weights: '?3' };
const FIXED =
  /^ConcatFromSequence\(Loop\(-,Less\(\[0\],Size\((Range\(\[0\],Mul\(Squeeze\(Shape\(\?0,end=1\)\),\[(\d{1,9})\]\),\[(\d{1,9})\]\))/;

const MODES: readonly (readonly [mode: BagMode, operator: string])[] = [
  ['sum', 'ReduceSum'],
  ['mean', 'ReduceMean'],
  ['max', 'ReduceMax'],
];

function bagOf(spelled: string, others: readonly string[]): BagLoop | undefined {
  const [offsets = '', ids = '', table = '', weights] = others;
  const [, range, width, step] = FIXED.exec(spelled) ?? [];
  const flat = (list: string) => `Reshape(${list},[-1],allowzero=1)`;
  const fixed = { offsets: range, ids: flat('?0'), table: '?1', weights: flat('?2') };
  const isLatest = (mode: BagMode, isWeighted: boolean, bag: Spelled) =>
    latest(mode, isWeighted, bag).includes(spelled);
  for (const [mode, operator] of MODES) {
    for (const isWeighted of mode === 'sum' ? [false, true] : [false]) {
      if (spelled === older(operator, isWeighted) || isLatest(mode, isWeighted, OPEN)) {
        return { table, ids, offsets, mode, ...(isWeighted && { weights }) };
      }
      if (range === undefined || width !== step || !isLatest(mode, isWeighted, fixed)) continue;
      const [list, rows, factors] = others;
      return {
        table: rows,
        ids: list,
        offsets: list,
        mode,
        width: Number(width),
        ...(isWeighted && { weights: factors }),
      };
    }
  }
  return undefined;
}

/** From torch.onnx.export(dynamo=False). */
function older(operator: string, isWeighted: boolean): string {
  const starts = 'Concat(?0,Unsqueeze(Gather(Shape(?1),[0]),[0]))';
  const ends = `Slice(${starts},[1],[Infinity],[0],[1])`;
  const edge = (edges: string) => `Unsqueeze(Gather(${edges},$0),[0])`;
  const own = (list: string) => `Slice(${list},${edge(starts)},${edge(ends)},[0])`;
  const vectors = `Gather(?2,${own('?1')})`;
  const weighted = isWeighted ? `Mul(${vectors},Unsqueeze(${own('?3')},[1]))` : vectors;
  return `Loop(Gather(Shape(${ends}),[0]),[1],{Cast([1],to=9);${operator}(${weighted},[0],keepdims=0)})`;
}

/**
 * From torch.onnx.export(dynamo=True), whose loop has its state, the list of bags and the iteration number, in either
 * order.
 */
function latest(mode: BagMode, isWeighted: boolean, bag: Spelled): readonly string[] {
  return [latestOf(mode, isWeighted, bag, '$2', '$3'), latestOf(mode, isWeighted, bag, '$3', '$2')];
}

/** Branches that are not taken come first. */
function latestOf(mode: BagMode, isWeighted: boolean, bag: Spelled, list: string, number: string): string {
  const { offsets, table, weights } = bag;
  const ids = `Reshape(${bag.ids},[-1])`;
  const edges = `Concat(${offsets},Shape(${ids}))`;
  const at = `Reshape(${number},[-1])`;
  const next = `Add(${at},CastLike([1],${at}))`;
  const start = `Slice(${edges},${at},${next})`;
  const end = `Slice(${edges},${next},Add(${at},CastLike([2],${at})))`;
  const factors = isWeighted ? weights : `Expand([1],Shape(${bag.ids}))`;
  const vectors = `Mul(Gather(${table},${ids}),Unsqueeze(${factors},[1]))`;
  const own = `Slice(${vectors},${start},${end})`;
  const isLast = `Equal(${number},Sub(Size(${offsets}),[1]))`;
  const count = `Sub(Shape(${bag.ids},end=1),${start})`;
  const sum = `ReduceSum(${own},[0])`;
  const mean = `If(Greater(${count},CastLike([0],${count})),{${sum}},{Div(${sum},Cast(${count},to=1))})`;
  const made = {
    sum,
    mean: `If(${isLast},{ReduceMean(${own},[0])},{${mean}})`,
    max: `ReduceMax(If(${isLast},{${own}},{Slice(${vectors},${start},Shape(${ids}))}),[0])`,
  }[mode];
  const turn = `Add(${number},CastLike([1],${number}))`;
  const kept = `SequenceInsert(${list},If(Equal(${start},${end}),{${made}},{[0]}))`;
  const isListFirst = list === '$2';
  const body = `{Less(${turn},Size(${offsets}));${isListFirst ? `${kept};${turn}` : `${turn};${kept}`}}`;
  const states = isListFirst ? 'SequenceEmpty(),[0]' : '[0],SequenceEmpty()';
  return `ConcatFromSequence(Loop(-,Less([0],Size(${offsets})),${states},${body})#${isListFirst ? 0 : 1})`;
}
