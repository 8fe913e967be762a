/** Reads a frozen file: a graph from its metadata, with every field checked before it is used. */
import { ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';
import {
  BAG_MODES,
  BINARY_NAMES,
  type Boosting,
  type Decision,
  DTYPES,
  type Graph,
  type Integers,
  METRIC_NAMES,
  NORM_NAMES,
  type Node,
  type Op,
  type OpAttributes,
  type Operand,
  REDUCE_NAMES,
  REDUCED_NAMES,
  SOFTMAX_NAMES,
  SORT_RESULTS,
  type Target,
  type Tensor,
  TREE_SUMS,
  UNARY_NAMES,
  type Word,
} from '../../graph/graph.ts';
import { formatShape } from '../../graph/shapes.ts';
import type { WordSpread } from '../../graph/word-hash.ts';
import { describe, quote } from '../../messages.ts';
import * as is from '../containers/checks.ts';
import { readElements } from '../containers/elements.ts';
import { spendOnJson } from '../containers/json-cost.ts';
import { duplicateKey } from '../containers/json-keys.ts';
import type { Reader, ReadOptions } from '../format.ts';
import {
  FROZEN_VERSION,
  type FrozenDecision,
  type FrozenInput,
  type FrozenOperand,
  type FrozenOutput,
  type FrozenTarget,
} from './frozen.ts';
import { terms } from './frozen-terms.ts';
import type { StoredTensor } from './header.ts';
import { fromInt8, outputCount } from './reduced.ts';

const PLACE = 'metadata forwardpass';

type Attributes = { readonly [O in Op]: is.Check<OpAttributes[O]> };

const LAYOUTS = ['in-out', 'out-in'] as const;

const ATTRIBUTES: Attributes = {
  dense: is.record({
    layout: is.oneOf(LAYOUTS),
    clamp: is.optional(is.pair(is.number)),
    weights: is.optional(is.oneOf(REDUCED_NAMES)),
    inputScale: is.optional(is.pair(is.number)),
  }),
  matmul: is.record({ layout: is.oneOf(LAYOUTS) }),
  affine: is.record({}),
  unary: is.record({
    fn: is.oneOf(UNARY_NAMES),
    alpha: is.optional(is.number),
    beta: is.optional(is.number),
  }),
  binary: is.record({ fn: is.oneOf(BINARY_NAMES) }),
  select: is.record({}),
  softmax: is.record({ axis: is.count, fn: is.oneOf(SOFTMAX_NAMES) }),
  layer_norm: is.record({ axis: is.count, epsilon: is.number }),
  rms_norm: is.record({ axis: is.count, epsilon: is.number }),
  normalize: is.record({ axis: is.count, norm: is.oneOf(NORM_NAMES), epsilon: is.number, floor: is.number }),
  reduce: is.record({ fn: is.oneOf(REDUCE_NAMES), axes: is.list(is.count), keepDims: is.truth }),
  sort: is.record({
    axis: is.count,
    count: is.count,
    descending: is.truth,
    result: is.oneOf(SORT_RESULTS),
    ties: is.optional(is.oneOf(['heap'])),
  }),
  distances: is.record({
    metric: is.oneOf(METRIC_NAMES),
    exponent: is.optional(is.number),
    expanded: is.optional(is.truth),
  }),
  concat: is.record({ axis: is.count }),
  gather: is.record({ axis: is.count, indices }),
  transpose: is.record({ permutation: is.list(is.count) }),
  reshape: is.record({ shape: is.list(is.count) }),
  expand: is.record({ shape: is.list(is.count) }),
  embedding: is.record({ wrap: is.truth }),
  bag: is.record({ mode: is.oneOf(BAG_MODES) }),
  scatter: is.record({}),
  retype: is.record({ to: is.oneOf(['integer', 'float']) }),
  require_finite: is.record({ nan: is.truth }),
  couple: is.record({}),
  trees: is.record({
    sum: is.oneOf(TREE_SUMS),
    outputs: is.count,
    targets: (value, place) => Int32Array.from(is.list(index)(value, place)),
    divisor: is.number,
    helpers: is.optional(is.count),
  }),
  one_hot: is.record({ depth: is.count, on: is.number, off: is.number, axis: is.count, wrap: is.truth }),
};
const OPS = Object.keys(ATTRIBUTES) as Op[];

const word: is.Check<Word> = (value, place) => (value === null ? null : is.text(value, place));

/** A pair of an element's index and its value. */
function ofElement<T>(check: is.Check<T>): is.Check<readonly [element: number, said: T]> {
  return (value, place) => {
    const [element, said, ...others] = is.list((item) => item)(value, place);
    if (others.length > 0) return is.refuse(place, 'expected an index of an element and its value');
    return [is.count(element, `${place}[0]`), check(said, `${place}[1]`)];
  };
}

const way = is.record<WordSpread>({
  count: is.count,
  stride: is.count,
  key: is.optional((value, place) => {
    const [first, second, ...others] = is.list(is.text)(value, place);
    const isKey = others.length === 0 && [first, second].every((half) => /^-?\d{1,20}$/.test(half ?? ''));
    return isKey ? ([first, second] as const) : is.refuse(place, 'expected two integers as text');
  }),
});

const input = is.record<FrozenInput>({
  name: is.text,
  shape: is.list(is.count),
  dtype: is.oneOf(DTYPES),
  words: is.optional(is.list(ofElement(is.list(word)))),
  hashes: is.optional(is.list(ofElement(is.list(is.whole)))),
  spread: is.optional(is.list(way)),
  missing: is.optional(is.truth),
  nones: is.optional(is.list(ofElement(is.number))),
  present: is.optional(is.list(is.count)),
  ragged: is.optional(is.truth),
  terms: is.optional(terms),
  features: is.optional(is.list(is.count)),
});

const operand: is.Check<FrozenOperand> = (value, place) => {
  if (typeof value === 'string') return value;
  return is.record<Exclude<FrozenOperand, string>>({ tensor: is.text, scale: is.optional(is.text) })(value, place);
};

const decision = is.record<FrozenDecision>({
  rule: is.oneOf(['arg_max', 'above', 'each_above', 'index', 'value']),
  threshold: is.optional(is.number),
  probabilities: is.truth,
  probable: is.optional(is.list(is.text)),
  apart: is.optional(is.truth),
  scores: is.optional(operand),
  output: is.optional(is.text),
});

const boosting = is.record<Boosting>({ place: is.text, objective: is.text, iterations: is.count, of: is.count });
const target = is.record<FrozenTarget>({ classes: is.list(is.label), decision });

/** For millions of indices, places are computed only for an error. */
function indices(value: unknown, place: string): Int32Array {
  const items = Array.isArray(value) ? value : is.list(index)(value, place);
  const found = new Int32Array(items.length);
  for (let at = 0; at < found.length; at++) {
    const item: unknown = items[at];
    const isPlain = typeof item === 'number' && Number.isInteger(item) && item >= 0 && item < 2 ** 31;
    found[at] = isPlain ? item : index(item, `${place}[${at}]`);
  }
  return found;
}

function index(value: unknown, place: string): number {
  const found = is.count(value, place);
  return found < 2 ** 31 ? found : is.refuse(place, `the position ${found} exceeds the maximum of ${2 ** 31 - 1}`);
}

interface CheckedNode {
  readonly op: Op;
  readonly name: string;
  readonly inputs: readonly FrozenOperand[];
  readonly output: string;
  readonly attributes: OpAttributes[Op];
}

const node: is.Check<CheckedNode> = (value, place) => {
  const op = is.oneOf(OPS)(is.fields(value, place).op, `${place}.op`);
  return is.record<CheckedNode>({
    op: () => op,
    name: is.text,
    inputs: is.list(operand),
    output: is.text,
    attributes: ATTRIBUTES[op],
  })(value, place);
};

interface CheckedGraph {
  readonly version: number;
  readonly precision: 'f32' | 'f64';
  readonly inputs: readonly FrozenInput[];
  readonly outputs: readonly FrozenOutput[];
  readonly nodes: readonly CheckedNode[];
  readonly classes?: readonly (string | number)[];
  readonly featureNames?: readonly string[];
  readonly decision?: FrozenDecision;
  readonly targets?: readonly FrozenTarget[];
  readonly boosting?: readonly Boosting[];
  readonly integers?: Integers;
}

const graph = is.record<CheckedGraph>({
  version: is.whole,
  precision: is.oneOf(['f32', 'f64']),
  inputs: is.list(input),
  outputs: is.list(is.record({ name: is.text, value: operand, dtype: is.oneOf(DTYPES), list: is.optional(is.text) })),
  nodes: is.list(node),
  classes: is.optional(is.list(is.label)),
  featureNames: is.optional(is.list(is.text)),
  decision: is.optional(decision),
  targets: is.optional(is.list(target)),
  boosting: is.optional(is.list(boosting)),
  integers: is.optional(is.record<Integers>({ wide: is.truth, checked: is.truth })),
});

/** `tensors` is the checked header of the file; tensors that no node names are not read. */
export async function readFrozen(
  metadata: string,
  tensors: ReadonlyMap<string, StoredTensor>,
  file: Reader,
  options: ReadOptions,
): Promise<Graph> {
  refuseDescription(options);
  const checked = graph(parse(metadata, options.budget), PLACE);
  const constants = new Constants(tensors, file, options.budget);
  const nodes: Node[] = [];
  for (const [at, { op, name, inputs, output, attributes }] of checked.nodes.entries()) {
    const place = `${PLACE}.nodes[${at}]`;
    options.budget.node(at + 1, place);
    const weights = 'weights' in attributes ? attributes.weights : undefined;
    if (weights !== undefined && checked.precision !== 'f32') {
      is.refuse(`${place}.attributes.weights`, `a model of ${checked.precision} has no weights in ${weights}`);
    }
    const layout = 'layout' in attributes ? attributes.layout : undefined;
    const operands: Operand[] = [];
    for (const [position, found] of inputs.entries()) {
      operands.push(
        await constants.operand(found, `${place}.inputs[${position}]`, position === 1 ? layout : undefined),
      );
    }
    nodes.push({ op, name, inputs: operands, output, attributes } as Node);
  }
  const outputs = [];
  for (const [at, { value, ...output }] of checked.outputs.entries()) {
    const found = await constants.operand(value, `${PLACE}.outputs[${at}].value`);
    if (typeof found === 'string') outputs.push({ ...output, value: found });
    else outputs.push({ ...output, value: constantNode(nodes, found, output.name) });
  }
  const decide = async ({ scores, ...rest }: FrozenDecision, place: string): Promise<Decision> => {
    if (scores === undefined) return rest;
    const found = await constants.operand(scores, `${place}.scores`);
    return { ...rest, scores: typeof found === 'string' ? found : constantNode(nodes, found, place) };
  };
  const targets: Target[] = [];
  for (const [at, found] of (checked.targets ?? []).entries()) {
    targets.push({ ...found, decision: await decide(found.decision, `${PLACE}.targets[${at}].decision`) });
  }
  const { precision, inputs, classes, featureNames } = checked;
  return {
    format: 'safetensors',
    precision,
    inputs: inputs.map(({ words, hashes, nones, present, ...rest }) => ({
      ...rest,
      ...(words && { categories: new Map(words) }),
      ...(hashes && { hashes: new Map(hashes) }),
      ...(nones && { nones: new Map(nones as [number, number][]) }),
      ...(present && { present: new Set(present) }),
    })),
    outputs,
    nodes,
    classes,
    featureNames,
    decision: checked.decision && (await decide(checked.decision, `${PLACE}.decision`)),
    ...(checked.targets && { targets }),
    ...(checked.integers && { integers: checked.integers }),
    ...(checked.boosting && { boosting: checked.boosting }),
  };
}

function refuseDescription({ activation, outputActivation, architecture }: ReadOptions): void {
  const given = Object.entries({ activation, outputActivation, architecture }).find(([, value]) => value !== undefined);
  if (given === undefined) return;
  const message = 'only applies to files that contain only parameters; this one describes its own network';
  throw new ForwardpassError('OPTION', message, given[0]);
}

function parse(metadata: string, budget: Budget): unknown {
  let parsed: unknown;
  spendOnJson(metadata, budget, PLACE);
  try {
    parsed = JSON.parse(metadata);
  } catch (cause) {
    const message = `is not valid JSON: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw new ForwardpassError('MALFORMED', message, PLACE, { cause });
  }
  const twice = duplicateKey(metadata);
  if (twice !== undefined) is.refuse(PLACE, `has the key ${quote(twice)} twice in one object`);
  const { version, nodes } = is.fields(parsed, PLACE);
  if (version !== FROZEN_VERSION) {
    const found = typeof version === 'number' ? version : describe(version);
    throw new ForwardpassError('UNSUPPORTED_VERSION', `expected ${FROZEN_VERSION}, found ${found}`, `${PLACE}.version`);
  }
  if (Array.isArray(nodes) && nodes.length > budget.limits.nodes) {
    throw new ForwardpassError('LIMIT', `${nodes.length} nodes, over the limit nodes = ${budget.limits.nodes}`, PLACE);
  }
  return parsed;
}

/** A row tensor that is the same for every row; simplification turns it back into the constant. */
function constantNode(nodes: Node[], constant: Tensor, name: string): string {
  const output = `constant ${nodes.length}`;
  nodes.push({ op: 'reshape', name, inputs: [constant], output, attributes: { shape: constant.shape } });
  return output;
}

/** The memory per element of a weight that is widened again with another scale. */
const WEIGHT_BYTES = 4;

/** The constants of the file; each is read once, on demand. */
class Constants {
  readonly #read = new Map<string, Tensor>();
  readonly #widened = new Map<string, Tensor>();

  constructor(
    readonly tensors: ReadonlyMap<string, StoredTensor>,
    readonly file: Reader,
    readonly budget: Budget,
  ) {}

  /** `layout` is given for the weight of a dense layer; only such a weight may be int8. */
  async operand(found: FrozenOperand, place: string, layout?: 'in-out' | 'out-in'): Promise<Operand> {
    if (typeof found === 'string') return found;
    if (found.scale === undefined) return this.#tensor(found.tensor, place);
    if (layout === undefined) is.refuse(place, 'only the weight of a dense layer has a scale');
    const key = JSON.stringify([found.tensor, found.scale, layout]);
    const known = this.#widened.get(key);
    if (known !== undefined) return known;
    const [stored, q, scale] = [
      this.#stored(found.tensor, place),
      await this.#tensor(found.tensor, place),
      await this.#tensor(found.scale, place),
    ];
    const wanted = q.shape.length === 2 ? outputCount(q.shape, layout) : Number.NaN;
    if (stored.dtype !== 'I8' || q.shape.length !== 2 || scale.shape.length !== 1 || scale.shape[0] !== wanted) {
      const shapes = `${stored.dtype} of ${formatShape(q.shape)} with a scale of ${formatShape(scale.shape)}`;
      is.refuse(place, `expected I8 of two axes and a scale for each output of the layer, found ${shapes}`);
    }
    const wrong = scale.data.find((factor) => !(factor >= 0 && factor < Infinity));
    if (wrong !== undefined) is.refuse(place, `expected scales that are finite and not negative, found ${wrong}`);
    if (!this.budget.isNew(q)) this.budget.build(WEIGHT_BYTES * q.data.length, place);
    const tensor = { shape: q.shape, data: fromInt8(q.data, scale.data, q.shape, layout) };
    this.#widened.set(key, tensor);
    return tensor;
  }

  async #tensor(name: string, place: string): Promise<Tensor> {
    const known = this.#read.get(name);
    if (known !== undefined) return known;
    const { dtype, shape, offset, byteLength } = this.#stored(name, place);
    const data = readElements(await this.file.read(offset, byteLength), dtype, `tensor ${name}`);
    const tensor = { shape, data };
    this.#read.set(name, tensor);
    return tensor;
  }

  #stored(name: string, place: string): StoredTensor {
    const stored = this.tensors.get(name);
    if (stored !== undefined) return stored;
    throw new ForwardpassError('DANGLING', `names the tensor ${quote(name)}, which was not found in the file`, place);
  }
}
