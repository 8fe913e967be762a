/**
 * What the outputs of a classifier say about its classes. ONNX has no metadata for that, so it is derived from the
 * operators that lead to the outputs.
 */
import type { Decision, Graph, GraphOutput, Node, Operand } from '../../graph/graph.ts';
import { elementCount, sameShape } from '../../graph/shapes.ts';
import { beforeMoves, decisionOf, producersOf } from '../decision.ts';
import type { GraphBuilder } from '../tensors/builder.ts';
import type { Constant, Row } from '../tensors/value.ts';
import { Ranges } from './ranges.ts';

type Classes = readonly (string | number)[];
type Answers = Pick<Graph, 'classes' | 'decision'>;

/** An output and its row. */
interface Output {
  readonly name: string;
  readonly row: Row;
}

/** A label for each row, chosen by the position of its class. */
interface Choice {
  readonly classes: Classes;
  /** The position, if it is not the label itself. */
  readonly position: string | undefined;
  /** The scores whose maximum is at that position. */
  readonly scores: string | undefined;
}

/** sklearn-onnx's names for the output that holds the result of `predict`. */
const LABELS: ReadonlySet<string> = new Set(['label', 'output_label']);

/** `rows` are the values of the outputs, in order; `lists` are lists by class, which are not outputs here. */
export function answersOf(
  build: GraphBuilder,
  outputs: readonly GraphOutput[],
  rows: readonly Row[],
  lists: readonly Constant[],
): Answers {
  const trace = new Trace(build);
  const all = rows.map((row, i): Output => ({ name: outputs[i].name, row }));
  const choices = all.map(({ name, row }) => trace.choiceOf(row, LABELS.has(name)));
  const chosen = choices.findIndex((choice) => choice !== undefined);
  const label = chosen >= 0 ? all[chosen] : all.find(({ name }) => LABELS.has(name));
  const apart = probabilitiesApart(trace, outputs, rows);
  if (apart !== undefined && label !== undefined) {
    const words = label.row.words?.list;
    const rule = words ? 'index' : 'value';
    return {
      ...(words && { classes: words }),
      decision: { rule, output: label.name, probabilities: true, probable: apart, apart: true },
    };
  }
  const others = all.filter((output) => output !== label && output.row.type !== 'string');
  const named =
    all.map(({ row }) => build.classesOf.get(row.operand as string)).find((found) => found !== undefined) ??
    listedClasses(build, lists, others);
  const classes = choices[chosen]?.classes ?? named;
  if (label === undefined) {
    if (classes === undefined) return { decision: all.length === 1 ? trace.decisionOf(all[0].row) : undefined };
    return { classes, decision: trace.greatestOf(others, classes) };
  }
  const choice = choices[chosen];
  if (all.length === 1 && choice === undefined) return {};
  const greatest = choice?.scores && trace.greatestOf(others, choice.classes, choice.scores);
  if (greatest) return { classes, decision: greatest };
  const probable = trace.probableOf(others, classes);
  const about = { output: label.name, probabilities: probable !== undefined, ...(probable && { probable }) };
  return {
    ...(classes && { classes }),
    decision: choice
      ? { rule: 'index', ...about, ...(choice.position !== undefined && { scores: choice.position }) }
      : { rule: 'value', ...about },
  };
}

/** A list of probabilities, one for each target. */
function probabilitiesApart(trace: Trace, outputs: readonly GraphOutput[], rows: readonly Row[]): string[] | undefined {
  const listed = outputs.flatMap(({ list }, at) => (list === undefined ? [] : [at]));
  const isOne = listed.every((at) => outputs[at].list === outputs[listed[0]].list);
  const isProbable = (at: number) => rows[at].shape.length === 1 && trace.isProbability(rows[at].operand as string);
  return listed.length > 0 && isOne && listed.every(isProbable) ? listed.map((at) => outputs[at].name) : undefined;
}

/** The list that has one element for each element of some output. */
function listedClasses(
  build: GraphBuilder,
  lists: readonly Constant[],
  outputs: readonly Output[],
): Classes | undefined {
  const list = lists.find(({ shape }) => outputs.some(({ row }) => sameShape(row.shape, shape)));
  if (list === undefined) return undefined;
  build.spend(list.data.length);
  return Array.from(list.data, (value) => (list.type === 'string' ? build.constantWords.list[value] : value));
}

class Trace {
  readonly #producers: ReadonlyMap<Operand, Node>;
  readonly #build: GraphBuilder;
  #ranges: Ranges | undefined;

  constructor(build: GraphBuilder) {
    this.#build = build;
    this.#producers = producersOf(build.nodes);
  }

  /**
   * Finds a list of labels from which a position selects one: the position of a maximum, or any position if the output
   * is called a label.
   */
  choiceOf(row: Row, isLabel: boolean): Choice | undefined {
    const label = row.operand as string;
    if (row.words) return { classes: row.words.list, position: undefined, scores: this.#greatestFor(label) };
    if (elementCount(row.shape) !== 1 || !/^u?int/.test(row.type)) return undefined;
    const casts = this.#beforeCasts(label);
    const lookup = this.#producers.get(casts.operand);
    if (lookup?.op !== 'embedding') return undefined;
    const [ids, table] = lookup.inputs;
    if (typeof ids !== 'string' || typeof table === 'string' || table.shape.length !== 1) return undefined;
    const position = this.#beforeCasts(ids).operand;
    const scores = this.#greatestFor(position);
    if (scores === undefined && !(isLabel && new Set(table.data).size === table.data.length)) return undefined;
    const classes = Array.from(table.data, (value) => (casts.isNarrow ? Math.fround(value) : value));
    return { classes, position, scores };
  }

  /** The operand whose maximum an arg_max locates. */
  #greatestFor(position: string): string | undefined {
    const node = this.#producers.get(this.#beforeCasts(position).operand);
    const isGreatest = node?.op === 'reduce' && /^arg_max(_scan|_number)?$/.test(node.attributes.fn);
    return isGreatest && typeof node.inputs[0] === 'string' ? node.inputs[0] : undefined;
  }

  /** By the output that has a number for each class, which must be `scores` if the label is the maximum of these. */
  greatestOf(outputs: readonly Output[], classes: Classes, scores?: string): Decision | undefined {
    const found = outputs.find(({ row }) => row.shape.length === 1 && row.shape[0] === classes.length);
    if (found === undefined) return undefined;
    const operand = found.row.operand as string;
    const decider = scores === operand ? undefined : scores;
    return {
      rule: 'arg_max',
      probabilities: this.isProbability(operand),
      output: found.name,
      ...(decider !== undefined && { scores: decider }),
    };
  }

  /**
   * The output that has a probability for each class, or the outputs that have one each, taken from one tensor in
   * order.
   */
  probableOf(outputs: readonly Output[], classes: Classes | undefined): string[] | undefined {
    const fits = (count: number) => classes === undefined || count === classes.length;
    const isProbable = ({ operand }: Row) => this.isProbability(operand as string);
    const whole = outputs.find(({ row }) => row.shape.length === 1 && fits(row.shape[0]) && isProbable(row));
    if (whole !== undefined) return [whole.name];
    const columns = outputs.map(({ row }) => this.#columnOf(row));
    const isInOrder = columns.every((column, at) => column?.at === at && column.of === columns[0]?.of);
    if (outputs.length < 2 || !isInOrder || !fits(outputs.length) || !isProbable(outputs[0].row)) return undefined;
    return outputs.map(({ name }) => name);
  }

  #columnOf(row: Row): { of: Operand; at: number } | undefined {
    const node = beforeMoves(this.#producers, this.#producers.get(row.operand));
    if (node?.op !== 'gather' || node.attributes.indices.length !== 1) return undefined;
    return { of: node.inputs[0], at: node.attributes.indices[0] };
  }

  /** What the end of the network says about the classes. */
  decisionOf(row: Row): Decision | undefined {
    return decisionOf(this.#producers, row);
  }

  /** Whether the values are certainly between 0 and 1. */
  isProbability(operand: Operand): boolean {
    this.#ranges ??= new Ranges(this.#build.nodes, this.#build.probabilities);
    return this.#ranges.isUnit(operand);
  }

  /**
   * Goes back through operators that keep integers; also returns whether float32, which may not represent them, is on
   * the way.
   */
  #beforeCasts(operand: string): { operand: string; isNarrow: boolean } {
    let isNarrow = false;
    for (;;) {
      const node = this.#producers.get(operand);
      const isCast = node?.op === 'unary' && CASTS.has(node.attributes.fn);
      if (node === undefined || !(node.op === 'reshape' || node.op === 'retype' || isCast))
        return { operand, isNarrow };
      const [before] = node.inputs;
      if (typeof before !== 'string') return { operand, isNarrow };
      if (node.op === 'unary' && node.attributes.fn === 'narrow') isNarrow = true;
      operand = before;
    }
  }
}

const CASTS: ReadonlySet<string> = new Set(['trunc', 'to_integer', 'narrow']);
