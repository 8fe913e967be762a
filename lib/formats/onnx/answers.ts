/** What the outputs of a classifier say of its classes: ONNX has no words for it but the operators that lead there. */
import type { Decision, Graph, GraphOutput, Node } from '../../graph/graph.ts';
import { elementCount } from '../../graph/shapes.ts';
import type { GraphBuilder } from '../tracing/builder.ts';
import type { Row } from '../tracing/value.ts';

type Classes = readonly (string | number)[];
type Answers = Pick<Graph, 'classes' | 'decision'>;

/** A label for each row, and what it is the greatest of. */
interface Choice {
  readonly classes: Classes;
  readonly scores: string | undefined;
}

/** `rows` are what the outputs are, in their order. */
export function answersOf(build: GraphBuilder, outputs: readonly GraphOutput[], rows: readonly Row[]): Answers {
  const trace = new Trace(build.nodes);
  const choice = rows.map((row) => trace.choiceOf(row)).find((found) => found !== undefined);
  const named = rows.map(({ operand }) => build.classesOf.get(operand as string)).find((found) => found !== undefined);
  const classes = choice?.classes ?? named;
  if (classes === undefined) return { decision: rows.length === 1 ? trace.decisionOf(rows[0]) : undefined };

  const isOfClasses = (row: Row) => row.shape.length === 1 && row.shape[0] === classes.length && row.type !== 'string';
  const at = rows.findIndex(isOfClasses);
  if (at < 0) {
    const labels = rows.findIndex(({ type }) => type === 'string');
    return labels < 0
      ? {}
      : { classes, decision: { rule: 'index', probabilities: false, output: outputs[labels].name } };
  }
  const operand = rows[at].operand as string;
  const scores = choice?.scores === operand ? undefined : choice?.scores;
  return {
    classes,
    decision: { rule: 'arg_max', probabilities: trace.isProbability(operand), output: outputs[at].name, scores },
  };
}

class Trace {
  readonly #producers: ReadonlyMap<string, Node>;

  constructor(nodes: readonly Node[]) {
    this.#producers = new Map(nodes.map((node) => [node.output, node]));
  }

  /** A list of labels, of which a position of the greatest picks one. */
  choiceOf(row: Row): Choice | undefined {
    if (elementCount(row.shape) !== 1) return undefined;
    let node = this.#beforeMoves(row.operand as string);
    let classes: Classes | undefined = row.words?.list;
    if (classes === undefined && node?.op === 'embedding') {
      const [ids, table] = node.inputs;
      if (typeof table !== 'string' && table.shape.length === 1) classes = Array.from(table.data);
      node = typeof ids === 'string' ? this.#beforeMoves(ids) : undefined;
    }
    if (classes === undefined) return undefined;
    const isGreatest = node?.op === 'reduce' && node.attributes.fn === 'arg_max';
    const scores = isGreatest && typeof node?.inputs[0] === 'string' ? node.inputs[0] : undefined;
    return isGreatest || row.words ? { classes, scores } : undefined;
  }

  /** What a final softmax, or a sigmoid of one number, says about the classes. */
  decisionOf(row: Row): Decision | undefined {
    const operand = row.operand as string;
    const last = this.#producers.get(operand);
    if (last?.op === 'softmax' && row.shape.length === 1) {
      return { rule: 'arg_max', probabilities: last.attributes.fn === 'softmax' };
    }
    const before = this.#beforeMoves(operand);
    const isSigmoid = before?.op === 'unary' && before.attributes.fn === 'sigmoid';
    return isSigmoid && elementCount(row.shape) === 1
      ? { rule: 'above', threshold: 0.5, probabilities: true }
      : undefined;
  }

  /** Whether the values come of a function that makes probabilities, or of shares of a sum, a few operations before. */
  isProbability(operand: string, most = 8): boolean {
    if (most === 0) return false;
    const node = this.#beforeMoves(operand);
    switch (node?.op) {
      case 'softmax':
        return node.attributes.fn === 'softmax';
      case 'unary':
        return node.attributes.fn === 'sigmoid' || node.attributes.fn === 'exp';
      case 'normalize':
        return node.attributes.norm === 'l1';
      case 'binary':
        return node.attributes.fn === 'div' || this.#isRestOfOne(node, most - 1);
      case 'concat':
        return node.inputs.some((part) => typeof part === 'string' && this.isProbability(part, most - 1));
      default:
        return false;
    }
  }

  /** 1 − p */
  #isRestOfOne({ inputs: [one, p], attributes }: Node<'binary'>, most: number): boolean {
    const isOne = typeof one === 'object' && one.data.every((value) => value === 1);
    return attributes.fn === 'sub' && isOne && typeof p === 'string' && this.isProbability(p, most);
  }

  #beforeMoves(operand: string): Node | undefined {
    let node = this.#producers.get(operand);
    while (node?.op === 'reshape') node = this.#producers.get(node.inputs[0] as string);
    return node;
  }
}
