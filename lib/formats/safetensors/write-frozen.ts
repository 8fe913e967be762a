/** A model as a frozen file: its graph in the metadata, its constants as tensors. */
import {
  type Boosting,
  type Decision,
  type DType,
  decidedOutput,
  type GraphInput,
  type Integers,
  type Node,
  type Operand,
  type Target,
  type Tensor,
} from '../../graph/graph.ts';
import type { Plan } from '../../graph/plan-format.ts';
import { encodeNumber } from '../containers/json-numbers.ts';
import {
  DECIDER_KEY,
  FROZEN_KEY,
  FROZEN_VERSION,
  type FrozenDecision,
  type FrozenGraph,
  type FrozenOperand,
  type FrozenParameter,
  type FrozenPlan,
  PLAN_KEY,
  type Program,
} from './frozen.ts';
import { encodeTerms } from './frozen-terms.ts';
import { toBfloat16, toInt8 } from './reduced.ts';
import { LENGTH_BYTES } from './signature.ts';

/** A graph in its simplest form, so that nothing is left to fold when it is read, and the names in the file. */
export interface FreezableGraph {
  readonly inputs: readonly GraphInput[];
  readonly outputs: readonly FreezableOutput[];
  /** The values that decide labels, output by output, if a decision has scores. */
  readonly deciders?: readonly FreezableOutput[];
  readonly nodes: readonly Node[];
  readonly classes?: readonly (string | number)[];
  readonly featureNames?: readonly string[];
  readonly decision?: Decision;
  readonly targets?: readonly Target[];
  readonly boosting?: readonly Boosting[];
  readonly integers?: Integers;
}

interface FreezableOutput {
  readonly name: string;
  readonly value: Operand;
  readonly dtype: DType;
  readonly list?: string;
}

/** Offsets of tensors are multiples of this: no element type is wider. */
const ALIGNMENT = 8;

/** Part of the key of a constant that is not reduced. */
const WHOLE = ' ';

type StoredConstant = Exclude<FrozenOperand, string>;

interface Stored {
  readonly name: string;
  readonly dtype: 'F64' | 'F32' | 'I32' | 'BF16' | 'I8';
  readonly shape: readonly number[];
  readonly data: Float64Array | Float32Array | Int32Array | Uint16Array | Int8Array;
}

/** Adds a tensor and returns its name. */
export type AddTensor = (
  name: string,
  dtype: 'F64' | 'F32',
  shape: readonly number[],
  data: Float64Array | Float32Array,
) => string;

/** Other content of the file besides the model: adds tensors, and returns metadata. */
export type Beside = (add: AddTensor) => Readonly<Record<string, string>>;

/** A file that contains only such other content, without a model. */
export function writeAlone(beside: Beside): Uint8Array[] {
  const store = new TensorStore('f64', false);
  const metadata = beside((name, dtype, shape, data) => store.add(name, dtype, shape, data));
  return fileOf(store.tensors, { ...metadata, format: 'forwardpass' });
}

/**
 * The bytes of the file, in parts. Constants are rounded to `precision`, except integers that must be exact; reduced
 * weights of layers are stored reduced. `program` is the program to which the graph was lowered; without it, only
 * `load` can use the file. `decider` is the program of its deciders, if there are any. `beside` adds tensors and
 * metadata that readers of frozen files ignore.
 */
export function writeFrozen(
  graph: FreezableGraph,
  precision: 'f32' | 'f64',
  program?: Program,
  decider?: Program,
  beside?: Beside,
): Uint8Array[] {
  const store = new TensorStore(precision, graph.integers?.wide === true);
  const decide = (decision: Decision, output: number): FrozenDecision => {
    const decider = decision.scores === undefined ? undefined : graph.deciders?.[output];
    if (decider === undefined) return decision;
    return {
      ...decision,
      scores: typeof decider.value === 'string' ? decider.value : store.constant(decider.value, decider.name),
    };
  };
  const frozen: FrozenGraph = {
    version: FROZEN_VERSION,
    precision,
    inputs: graph.inputs.map(({ categories: words, hashes, nones, present, terms, ...input }) => ({
      ...input,
      ...(words && { words: [...words] }),
      ...(hashes && { hashes: [...hashes] }),
      ...(nones && { nones: [...nones].map(([element, none]) => [element, encodeNumber(none)] as const) }),
      ...(present && { present: [...present] }),
      ...(terms && { terms: encodeTerms(terms) }),
    })),
    nodes: graph.nodes.map((node) => ({
      op: node.op,
      name: node.name,
      inputs: node.inputs.map((operand, at) => store.operand(operand, node, at)),
      output: node.output,
      attributes: encodeAttributes(node.attributes),
    })),
    outputs: graph.outputs.map(({ name, value, dtype, list }) => ({
      name,
      value: typeof value === 'string' ? value : store.constant(value, name),
      dtype,
      list,
    })),
    classes: graph.classes,
    featureNames: graph.featureNames,
    decision: graph.decision && decide(graph.decision, decidedOutput(graph)),
    integers: graph.integers,
    targets: graph.targets?.map(({ classes, decision }, at) => ({ classes, decision: decide(decision, at) })),
    boosting: graph.boosting,
  };
  const plan = program && JSON.stringify(planOf(program, graph, precision, store));
  const deciding = decider && JSON.stringify(planOf(decider, graph, precision, store));
  const more = beside?.((name, dtype, shape, data) => store.add(name, dtype, shape, data));
  return fileOf(store.tensors, {
    ...more,
    [FROZEN_KEY]: JSON.stringify(frozen),
    ...(plan && { [PLAN_KEY]: plan }),
    ...(deciding && { [DECIDER_KEY]: deciding }),
    format: 'forwardpass',
  });
}

/** Its parameters refer to tensors of the graph if they hold the same values. */
function planOf(
  { plan, sources, inputs, outputs, parameterCount }: Program,
  { classes, featureNames }: FreezableGraph,
  precision: 'f32' | 'f64',
  store: TensorStore,
): FrozenPlan {
  const port = <P extends Program['inputs'][number]>({ name, shape, dtype }: P) => ({
    name,
    shape,
    dtype: dtype
      .replace('bfloat', 'bf')
      .replace('float', 'f')
      .replace(/^(u?)int/, '$1i'),
  });
  return {
    version: plan.code[0],
    precision,
    words: store.add('plan.words', 'I32', [plan.code.length], plan.code),
    parameters: plan.parameters.map((data, at) => store.parameter(sources[at], data, `plan.${at}`)),
    inputs: inputs.map((input) => {
      const fills = [...(input.fills ?? [])];
      const optional = fills.filter(([, { known }]) => known);
      return {
        ...port(input),
        integers: input.takesIds === true || /^(u?int|bool)/.test(input.dtype),
        ...(fills.length > 0 && { missing: fills.map(([element]) => element) }),
        ...(optional.length > 0 && { optional: optional.map(([element]) => element) }),
      };
    }),
    outputs: outputs.map((output) => ({ ...port(output), ...(output.exact && { exact: true as const }) })),
    classes,
    featureNames,
    parameterCount,
  };
}

function encodeAttributes(attributes: object): Record<string, unknown> {
  const encode = (value: unknown) => (typeof value === 'number' ? encodeNumber(value) : value);
  const entries = Object.entries(attributes).map(([key, value]) => {
    return [
      key,
      Array.isArray(value) || ArrayBuffer.isView(value) ? Array.from(value as number[], encode) : encode(value),
    ];
  });
  return Object.fromEntries(entries);
}

/** The tensors of the file so far; a constant that several nodes share is stored once. */
class TensorStore {
  readonly tensors: Stored[] = [];
  readonly #names = new Set<string>();
  /** Tensors of integers that float32 cannot represent, in a file of f32. */
  readonly #inDoubles = new Set<string>();
  /** By how they are reduced, their layout and their shape. */
  readonly #stored = new Map<Tensor['data'], Map<string, StoredConstant>>();
  /** Parameters of plans that are not constants of the graph. */
  readonly #ownParameters: [data: Plan['parameters'][number], parameter: FrozenParameter][] = [];

  constructor(
    readonly precision: 'f32' | 'f64',
    readonly hasWide: boolean,
  ) {}

  operand(operand: Operand, node: Node, at: number): FrozenOperand {
    if (typeof operand === 'string') return operand;
    const part = (node.op === 'dense' && ['', 'weight', 'bias'][at]) || `operand${at}`;
    const name = `${node.name}.${part}`;
    if (node.op !== 'dense' || at !== 1) return this.constant(operand, name);
    const { weights, layout } = node.attributes;
    return this.#once(operand, weights === undefined ? '' : `${weights} ${layout}`, () => {
      if (weights === undefined) return this.#whole(operand, name);
      const { shape } = operand;
      if (weights === 'bf16') return { tensor: this.add(name, 'BF16', shape, toBfloat16(operand)) };
      const { q, scale } = toInt8(operand, layout);
      return {
        tensor: this.add(name, 'I8', shape, q),
        scale: this.add(`${name}.scale`, 'F32', [scale.length], scale),
      };
    });
  }

  constant(tensor: Tensor, name: string): StoredConstant {
    return this.#once(tensor, '', () => this.#whole(tensor, name));
  }

  /** A parameter of the plan: the tensor of the constant that it was made from, or else its own. */
  parameter(source: ArrayLike<number> | undefined, data: Plan['parameters'][number], name: string): FrozenParameter {
    const forms = [...(this.#stored.get(source as Tensor['data']) ?? [])];
    // If the constant is stored in several reduced forms, the parameter is none of them.
    const [form, stored] = forms.find(([key]) => key.startsWith(WHOLE)) ?? (forms.length === 1 ? forms[0] : []);
    if (form === undefined || stored === undefined) return this.#own(data, name);
    const { tensor, scale } = stored;
    if (this.#inDoubles.has(tensor)) return { tensor: this.add(name, 'F32', [data.length], data) };
    return scale === undefined ? { tensor } : { tensor, scale, layout: form.split(' ')[1] as 'in-out' | 'out-in' };
  }

  /** A parameter that is not a constant of the graph; both plans share its tensor. */
  #own(data: Plan['parameters'][number], name: string): FrozenParameter {
    for (const [other, parameter] of this.#ownParameters) {
      if (other.length === data.length && other.every((value, i) => Object.is(value, data[i]))) return parameter;
    }
    const parameter = this.#whole({ shape: [data.length], data }, name);
    this.#ownParameters.push([data, parameter]);
    return parameter;
  }

  #whole({ shape, data }: Tensor, name: string): StoredConstant {
    if (this.precision === 'f64') return { tensor: this.add(name, 'F64', shape, Float64Array.from(data)) };
    if (this.hasWide && isOfIntegers(data)) {
      const tensor = this.add(name, 'F64', shape, Float64Array.from(data));
      this.#inDoubles.add(tensor);
      return { tensor };
    }
    return { tensor: this.add(name, 'F32', shape, data instanceof Float32Array ? data : Float32Array.from(data)) };
  }

  #once({ data, shape }: Tensor, form: string, make: () => StoredConstant): StoredConstant {
    const forms = this.#stored.get(data) ?? new Map<string, StoredConstant>();
    this.#stored.set(data, forms);
    const key = `${form} ${shape.join()}`;
    const made = forms.get(key) ?? make();
    forms.set(key, made);
    return made;
  }

  /** Returns the name under which the tensor is stored. */
  add(wanted: string, dtype: Stored['dtype'], shape: readonly number[], data: Stored['data']): string {
    let name = wanted;
    for (let number = 2; this.#names.has(name) || name === '__metadata__'; number++) name = `${wanted}.${number}`;
    this.#names.add(name);
    this.tensors.push({ name, dtype, shape, data });
    return name;
  }
}

/** Whether it has integers, some of which float32 cannot represent. */
function isOfIntegers(data: Tensor['data']): boolean {
  return data.every(Number.isInteger) && data.some((value) => Math.fround(value) !== value);
}

/**
 * Wider elements come first, and the header's length is a multiple of their width, so that every tensor is aligned in
 * the file.
 */
function fileOf(tensors: readonly Stored[], metadata: Readonly<Record<string, string>>): Uint8Array[] {
  const ordered = tensors.toSorted((a, b) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT);
  const entries: [string, unknown][] = [['__metadata__', metadata]];
  let end = 0;
  for (const { name, dtype, shape, data } of ordered) {
    entries.push([name, { dtype, shape, data_offsets: [end, end + data.byteLength] }]);
    end += data.byteLength;
  }
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const length = Math.ceil(text.length / ALIGNMENT) * ALIGNMENT;
  const head = new Uint8Array(LENGTH_BYTES + length).fill(0x20);
  new DataView(head.buffer).setBigUint64(0, BigInt(length), true);
  head.set(text, LENGTH_BYTES);
  return [head, ...ordered.map(({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength))];
}
