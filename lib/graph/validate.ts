import { ForwardpassError } from '../errors.ts';
import { checkTerms } from './check-terms.ts';
import {
  type Decision,
  DTYPES,
  decidedOutput,
  decidersOf,
  type Graph,
  type GraphInput,
  type Node,
  type Operand,
  type Tensor,
} from './graph.ts';
import type { Limits } from './limits.ts';
import { refuse } from './ops/definition.ts';
import { definitionOf, isOp } from './ops.ts';
import { elementCount, formatShape, type Shape } from './shapes.ts';
import { MOST_SPREAD, type WordSpread } from './word-hash.ts';

declare const checked: unique symbol;

/** A valid graph, only made by {@link validate}. Its nodes are in the order of computation. */
export interface CheckedGraph extends Graph {
  /** The shape of one row, for each input and each node's output. */
  readonly shapes: ReadonlyMap<string, Shape>;
  readonly [checked]: true;
}

const KNOWN_DTYPES: ReadonlySet<string> = new Set(DTYPES);

const MAX_RANK = 64;

/** The most inputs and outputs: each is an argument of a call to the addon. */
const MAX_PORTS = 2 ** 14;

/**
 * Checks a graph from any source: names, shapes, attributes, element counts, limits. Nodes that no output needs are
 * dropped once their names have been checked. Throws a ForwardpassError that names the place.
 */
export function validate(graph: Graph, limits: Limits): CheckedGraph {
  if (graph.nodes.length > limits.nodes) {
    throw new ForwardpassError('LIMIT', `the model has ${graph.nodes.length} operations, the limit is ${limits.nodes}`);
  }
  checkDecision(graph);
  const producers = checkNames(graph);
  const nodes = orderNodes(graph, producers);
  const shapes = checkInputs(graph, limits);
  checkConstants(nodes, limits);
  checkRagged(graph, nodes);
  inferShapes(nodes, shapes, limits);
  checkLabels(graph, shapes);
  return { ...graph, nodes, shapes } as unknown as CheckedGraph;
}

/** Checks that decisions refer to existing outputs, on which later code relies. */
function checkDecision(graph: Graph): void {
  const { outputs, decision, targets } = graph;
  if (decidedOutput(graph) < 0) {
    throw new ForwardpassError('DANGLING', `names an output that does not exist: ${decision?.output}`, 'decision');
  }
  const stray = decision?.probable?.find((name) => !outputs.some((output) => output.name === name));
  if (stray !== undefined || decision?.probable?.length === 0) {
    throw new ForwardpassError('DANGLING', `has probabilities in an output that is not found: ${stray}`, 'decision');
  }
  if (targets !== undefined && targets.length !== outputs.length) {
    throw new ForwardpassError(
      'SHAPE',
      `expected ${targets.length} outputs, one for each target, found ${outputs.length}`,
      'targets',
    );
  }
}

/** The node that defines each name. Checks that every name is defined once and that every used name is defined. */
function checkNames(graph: Graph): Map<string, Node> {
  if (graph.inputs.length === 0)
    throw new ForwardpassError('SHAPE', 'a model must have at least one input, found none');
  if (graph.outputs.length === 0) {
    throw new ForwardpassError('SHAPE', 'a model must have at least one output, found none');
  }
  const ports = graph.inputs.length + graph.outputs.length;
  if (ports > MAX_PORTS) {
    throw new ForwardpassError('LIMIT', `a model may have at most ${MAX_PORTS} inputs and outputs, found ${ports}`);
  }
  const inputs = new Set<string>();
  for (const { name, dtype } of graph.inputs) {
    if (inputs.has(name)) throw new ForwardpassError('DUPLICATE', 'two inputs have this name', `input ${name}`);
    if (!KNOWN_DTYPES.has(dtype)) {
      throw new ForwardpassError('UNSUPPORTED_DTYPE', `${dtype} is not supported for inputs`, `input ${name}`);
    }
    inputs.add(name);
  }

  const producers = new Map<string, Node>();
  for (const node of graph.nodes) {
    if (!isOp(node.op)) {
      // Formats cannot get here; graphs made by other code can.
      const { op, name } = node as Node;
      throw new ForwardpassError('UNSUPPORTED_OP', `unknown operation ${String(op)}`, `node ${name}`);
    }
    const other = producers.get(node.output)?.name;
    if (other !== undefined) refuse(node, 'DUPLICATE', `defines ${node.output}, which node ${other} already defines`);
    if (inputs.has(node.output)) refuse(node, 'DUPLICATE', `defines ${node.output}, which is an input`);
    producers.set(node.output, node);
  }

  const known = (name: string) => inputs.has(name) || producers.has(name);
  for (const node of graph.nodes) {
    for (const operand of node.inputs) {
      if (typeof operand === 'string' && !known(operand)) {
        refuse(node, 'DANGLING', `takes ${operand}, which no input or node defines`);
      }
    }
  }

  const outputs = new Set<string>();
  for (const { name, value, dtype } of graph.outputs) {
    const place = `output ${name}`;
    if (outputs.has(name)) throw new ForwardpassError('DUPLICATE', 'two outputs have this name', place);
    if (!known(value)) throw new ForwardpassError('DANGLING', `is ${value}, which no input or node defines`, place);
    if (!KNOWN_DTYPES.has(dtype)) {
      throw new ForwardpassError('UNSUPPORTED_DTYPE', `${dtype} is not supported for outputs`, place);
    }
    outputs.add(name);
  }
  for (const { name, value } of decidersOf(graph)) {
    if (known(value)) continue;
    throw new ForwardpassError('DANGLING', `is decided by ${value}, which no input or node defines`, `output ${name}`);
  }
  return producers;
}

/** The nodes that the outputs need, each after those it needs: a depth-first walk that keeps its own stack. */
function orderNodes(graph: Graph, producers: ReadonlyMap<string, Node>): Node[] {
  const ordered: Node[] = [];
  const state = new Map<Node, 'open' | 'done'>();
  for (const { value } of [...graph.outputs, ...decidersOf(graph)]) {
    const stack: { node: Node; next: number }[] = [];
    const enter = (name: string) => {
      const node = producers.get(name);
      if (node === undefined || state.get(node) === 'done') return;
      if (state.get(node) === 'open')
        throw cycle(
          stack.map((frame) => frame.node),
          node,
        );
      state.set(node, 'open');
      stack.push({ node, next: 0 });
    };
    enter(value);
    for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
      const operand = frame.node.inputs[frame.next++];
      if (typeof operand === 'string') enter(operand);
      else if (operand === undefined) {
        state.set(frame.node, 'done');
        ordered.push(frame.node);
        stack.pop();
      }
    }
  }
  return ordered;
}

/** Names the nodes of the loop that closes at `node`; only the first ones of a long loop. */
function cycle(path: readonly Node[], node: Node): ForwardpassError {
  const loop = path.slice(path.indexOf(node)).map(({ name }) => name);
  const shown = loop.length > 8 ? [...loop.slice(0, 8), `… (${loop.length - 8} more)`] : loop;
  const text = `a result depends on itself: ${[node.name, ...shown.reverse()].join(' → ')}`;
  return new ForwardpassError('CYCLE', text, `node ${node.name}`);
}

function checkInputs(graph: Graph, limits: Limits): Map<string, Shape> {
  const shapes = new Map<string, Shape>();
  for (const { name, shape, categories, hashes, spread, nones, present } of graph.inputs) {
    checkShape(`input ${name}`, shape);
    checkRow(`input ${name}`, shape, limits);
    const elements = [categories, hashes, nones, present].flatMap((known) => [...(known?.keys() ?? [])]);
    for (const at of elements) {
      if (Number.isInteger(at) && at >= 0 && at < elementCount(shape)) continue;
      const message = `has categories for element ${at} of a row of ${elementCount(shape)}`;
      throw new ForwardpassError('SHAPE', message, `input ${name}`);
    }
    for (const at of hashes?.keys() ?? []) {
      if (!categories?.has(at) && !nones?.has(at)) continue;
      const message = `has both categories and hashes of categories for element ${at}`;
      throw new ForwardpassError('SHAPE', message, `input ${name}`);
    }
    checkSpread(`input ${name}`, spread ?? []);
    shapes.set(name, shape);
  }
  return shapes;
}

/** Only bag and scatter accept pairs. */
function checkRagged(graph: Graph, nodes: readonly Node[]): void {
  const ragged = new Set<Operand>();
  for (const { name, shape, dtype, ragged: isRagged, terms, features, cells, ...told } of graph.inputs) {
    if (features !== undefined) checkFeatures(name, features, terms === undefined ? elementCount(shape) : undefined);
    if (!isRagged && terms !== undefined)
      throw new ForwardpassError('MALFORMED', 'expected a ragged input, because it has terms', `input ${name}`);
    if (!isRagged) continue;
    ragged.add(name);
    const place = `input ${name}`;
    if (terms !== undefined) checkTerms(terms, shape, features ?? [...(cells ?? []).keys()], place);
    if (shape.length !== 1) {
      const message = `expected one axis for ragged rows, as long as there are ids, found ${formatShape(shape)}`;
      throw new ForwardpassError('SHAPE', message, place);
    }
    if (!dtype.includes('float')) {
      throw new ForwardpassError(
        'UNSUPPORTED_DTYPE',
        `expected floats for the weights of ragged rows, found ${dtype}`,
        place,
      );
    }
    if (Object.values(told).some((value) => value !== undefined && value !== false)) {
      throw new ForwardpassError('MALFORMED', 'ragged rows cannot have categories or missing values', place);
    }
  }
  const [first, ...rest] = graph.inputs.filter(({ cells }) => cells === undefined);
  if (rest.some(({ features }) => (features === undefined) !== (first.features === undefined))) {
    throw new ForwardpassError('MALFORMED', 'some have features, and others do not', 'inputs');
  }
  for (const node of nodes) {
    const isPairs = node.op === 'bag' || node.op === 'scatter';
    for (const [at, operand] of node.inputs.entries()) {
      if (ragged.has(operand) === (isPairs && at === 0)) continue;
      const found = typeof operand === 'string' ? operand : 'a constant';
      const expected = isPairs ? 'expected a ragged input, found' : 'does not take ragged inputs such as';
      refuse(node, 'UNSUPPORTED_OP', `${expected} ${found}`);
    }
  }
  for (const { name, value } of [...graph.outputs, ...decidersOf(graph)]) {
    if (!ragged.has(value)) continue;
    throw new ForwardpassError('UNSUPPORTED_OP', `must not be the ragged input ${value} itself`, `output ${name}`);
  }
}

/** Checks the features of rows, which must not exceed the length of arrays. */
function checkFeatures(name: string, features: readonly number[], width: number | undefined): void {
  const stray = features.find((feature) => !(Number.isInteger(feature) && feature >= 0 && feature < MOST_FEATURES));
  const isWhole = width === undefined || features.length === width;
  if (stray === undefined && isWhole && new Set(features).size === features.length) return;
  throw new ForwardpassError('MALFORMED', 'expected one feature for each element', `input ${name}`);
}

const MOST_FEATURES = 2 ** 24;

/** The number that encodes a string must be exact in float32. */
function checkSpread(place: string, ways: readonly WordSpread[]): void {
  let greatest = 0;
  for (const { count, stride } of ways) {
    const isPlain = [count, stride].every((number) => Number.isSafeInteger(number) && number >= 1);
    if (!isPlain)
      throw new ForwardpassError('MALFORMED', `spreads strings over ${count} buckets in steps of ${stride}`, place);
    greatest += (count - 1) * stride;
  }
  if (greatest < MOST_SPREAD) return;
  const message = `spreads strings over ${greatest + 1} buckets in ${ways.length} ways; at most ${MOST_SPREAD} are supported`;
  throw new ForwardpassError('LIMIT', message, place);
}

function checkShape(place: string, shape: Shape): void {
  if (shape.length > MAX_RANK) {
    throw new ForwardpassError('SHAPE', `shapes have up to ${MAX_RANK} axes, found ${shape.length}`, place);
  }
  if (shape.every((size) => Number.isSafeInteger(size) && size >= 1)) return;
  throw new ForwardpassError('SHAPE', `sizes must be integers of at least 1, found ${formatShape(shape)}`, place);
}

function checkRow(place: string, shape: Shape, limits: Limits): void {
  if (elementCount(shape) <= limits.rowElements) return;
  const found = `${formatShape(shape)} has ${elementCount(shape)}`;
  throw new ForwardpassError('LIMIT', `a row tensor may have ${limits.rowElements} elements, ${found}`, place);
}

function checkConstants(nodes: readonly Node[], limits: Limits): void {
  const counted = new Set<Tensor['data']>();
  let elements = 0;
  for (const node of nodes) {
    for (const [at, operand] of node.inputs.entries()) {
      if (typeof operand === 'string') continue;
      const { shape, data } = operand;
      const place = `node ${node.name}, operand ${at}`;
      checkShape(place, shape);
      if (!(data instanceof Float32Array || data instanceof Float64Array)) {
        throw new ForwardpassError('UNSUPPORTED_DTYPE', 'a constant must be a Float32Array or Float64Array', place);
      }
      if (data.length !== elementCount(shape)) {
        const expected = `a constant of ${formatShape(shape)} must have ${elementCount(shape)} elements`;
        throw new ForwardpassError('SHAPE', `${expected}, found ${data.length}`, place);
      }
      if (!counted.has(data)) elements += data.length;
      counted.add(data);
      if (elements > limits.parameters) throw tooMany('the constants of the model', limits);
    }
  }
}

function inferShapes(nodes: readonly Node[], shapes: Map<string, Shape>, limits: Limits): void {
  let elements = 0;
  for (const node of nodes) {
    const definition = definitionOf(node.op);
    checkOperands(node, definition.operands, definition.constants ?? []);
    const operands = node.inputs.map((operand) => shapeOf(operand, shapes));
    const shape = definition.infer(node, operands);
    checkRow(`node ${node.name}`, shape, limits);
    shapes.set(node.output, shape);
    // Broadcast constants, folded values and moved columns are all as wide as a result.
    elements += elementCount(shape);
    if (elements > limits.parameters) throw tooMany('the results of its operations, for one row,', limits);
  }
}

function checkOperands(node: Node, [least, most]: readonly [number, number], constants: readonly number[]): void {
  const found = node.inputs.length;
  if (found < least || found > most) {
    const expected = least === most ? `${least}` : most === Infinity ? `${least} or more` : `${least} to ${most}`;
    refuse(node, 'MALFORMED', `takes ${expected} operands, found ${found}`);
  }
  for (const at of constants) {
    const operand = node.inputs[at];
    if (typeof operand === 'string') {
      refuse(
        node,
        'UNSUPPORTED_OP',
        `operand ${at} must be a constant, found ${operand}, which differs from row to row`,
      );
    }
  }
}

function shapeOf(operand: Operand, shapes: ReadonlyMap<string, Shape>): Shape {
  return typeof operand === 'string' ? (shapes.get(operand) as Shape) : operand.shape;
}

function tooMany(what: string, limits: Limits): ForwardpassError {
  return new ForwardpassError('LIMIT', `${what} have more elements than the limit of ${limits.parameters}`);
}

/** The number of features of rows. */
function featureCount(inputs: readonly Pick<GraphInput, 'shape' | 'features' | 'cells'>[]): number {
  let [elements, last] = [0, -1];
  for (const { shape, features, cells } of inputs) {
    if (cells !== undefined) continue;
    elements += elementCount(shape);
    for (const feature of features ?? []) last = Math.max(last, feature);
  }
  return last < 0 ? elements : last + 1;
}

/** Labels and feature names must be as many as there are outputs and features. */
function checkLabels(graph: Graph, shapes: ReadonlyMap<string, Shape>): void {
  const { classes, featureNames, decision, targets } = graph;
  const widthOf = ({ value }: { readonly value: string }) => elementCount(shapes.get(value) as Shape);
  const widths = graph.outputs.map(widthOf);
  const deciders = decidersOf(graph);
  const deciding = deciders.length > 0 ? deciders.map(widthOf) : widths;
  if (classes !== undefined && !deciding.some((width) => fits(classes.length, width, decision))) {
    const found = `outputs of ${deciding.join(', ')} elements`;
    throw new ForwardpassError('SHAPE', `${classes.length} classes do not fit any output: found ${found}`, 'classes');
  }
  if (targets !== undefined) checkTargets(targets, deciding);
  for (const [at, decider] of deciders.entries()) {
    // There may be more scores than those that decide among the classes.
    const { probabilities } = targets?.[at].decision ?? decision ?? { probabilities: true };
    const areOthers = !probabilities && (targets ?? classes) !== undefined;
    // The last class may have no probability, if it is for rows that do not resemble any of the others.
    const isLast = widthOf(decider) === (targets?.[at].classes ?? classes)?.length && widthOf(decider) > widths[at];
    if (widthOf(decider) === widths[at] || areOthers || isLast) continue;
    const found = `${widthOf(decider)} scores for an output of ${widths[at]} elements`;
    throw new ForwardpassError('SHAPE', `expected a score for each element, found ${found}`, `output ${decider.name}`);
  }
  if (featureNames !== undefined) {
    const features = featureCount(graph.inputs);
    if (features !== featureNames.length) {
      const found = `inputs of ${features} features`;
      throw new ForwardpassError('SHAPE', `${featureNames.length} feature names, found ${found}`, 'featureNames');
    }
  }
}

function fits(classes: number, width: number, decision: Decision | undefined): boolean {
  if (decision?.rule === 'index') return true;
  if (decision?.rule === 'value') return width === 1 || width === classes;
  const two = classes === 2 && decision?.rule !== 'arg_max' && width === 1;
  return two || (decision?.rule !== 'above' && width === classes);
}

function checkTargets(targets: NonNullable<Graph['targets']>, widths: readonly number[]): void {
  for (const [at, { classes, decision }] of targets.entries()) {
    if (fits(classes.length, widths[at], decision)) continue;
    const found = `${classes.length} classes, found an output of ${widths[at]} elements`;
    throw new ForwardpassError('SHAPE', found, `targets[${at}]`);
  }
}
