/**
 * Walks the ONNX graph from the requested names back to the inputs, and translates each node once its inputs are known.
 * Nodes that no output needs are never visited.
 */
import { ForwardpassError } from '../../errors.ts';
import { quote } from '../../messages.ts';
import { bagOf, fixedBagOf } from '../tensors/bags.ts';
import type { GraphBuilder } from '../tensors/builder.ts';
import { checkShared } from '../tensors/shared-batch.ts';
import type { Value } from '../tensors/value.ts';
import type { BagLoop } from './bag-loops.ts';
import { enterLoop, isRowNumber, leaveLoop, ofRowNumbers } from './batch-loop.ts';
import { ofBatchTests } from './batch-test.ts';
import { OnnxCall, type Translation } from './call.ts';
import type { Known } from './known.ts';
import { sequenceTranslation } from './ops/sequences.ts';
import { openTranslation, refusal, takesMerged, takesStacked, takesWords, translationOf } from './ops/table.ts';
import type { AttributeProto, FunctionProto, GraphProto, NodeProto, TensorProto } from './proto.ts';
import { Scan } from './scan.ts';
import { canonicalDomain, opsetVersions, Scope, shortened } from './scope.ts';
import { decodeTensor, type ExternalData } from './tensor.ts';

const OLDEST_OPSET = 1;
const NEWEST_OPSET = 28;
const LONGEST_PREFIX = 200;
/** Microseconds for the scope of a branch or call, and for each part of it. */
const STEPS_OF_SCOPE = 10;
const BYTES_OF_SCOPE = 1000;
const BYTES_OF_PART = 100;

/** A requested name, and whether its node's inputs are already on the stack. */
interface Frame {
  readonly scope: Scope;
  readonly name: string;
  readonly wantedBy: string;
  isOpen: boolean;
}

const WITH_BODIES: ReadonlySet<string> = new Set(['If', 'Scan', 'Loop']);

/** The replacement of a node: a scope, and the names of its results. */
interface Inner {
  readonly scope: Scope;
  readonly outputs: readonly string[];
}

export class Evaluator {
  readonly #build: GraphBuilder;
  readonly #external: ExternalData;
  readonly #functions: ReadonlyMap<string, FunctionProto>;
  /** Nodes whose inputs are being evaluated. */
  readonly #open = new Map<Scope, Set<NodeProto>>();
  /** The scope inside an If or a function call. */
  readonly #inner = new Map<Scope, Map<NodeProto, Scope>>();
  /** For a body that runs several times, by its scope: computes the node's outputs from those of the body. */
  readonly #repeated = new Map<Scope, (outputs: readonly (Known | undefined)[]) => readonly Known[]>();
  /** The parts of bodies, which may be called thousands of times. */
  readonly #partsOf = new Map<FunctionProto | GraphProto, number>();
  readonly #bags: ReadonlyMap<NodeProto, BagLoop>;
  #visited = 0;
  #inlined = 0;

  /** `bags`: nodes that compute bags of any number of ids, in whichever way. */
  constructor(
    build: GraphBuilder,
    external: ExternalData,
    functions: readonly FunctionProto[],
    bags: ReadonlyMap<NodeProto, BagLoop>,
  ) {
    this.#build = build;
    this.#bags = bags;
    this.#external = external;
    this.#functions = new Map(functions.map((fn) => [functionKey(fn.domain, fn.name, fn.overload), fn]));
  }

  /** Evaluates a name and, before it, everything that it depends on. `wantedBy` is for messages. */
  async resolve(scope: Scope, name: string, wantedBy: string): Promise<Known> {
    const stack: Frame[] = [{ scope, name, wantedBy, isOpen: false }];
    for (let frame = stack.at(-1); frame; frame = stack.at(-1)) {
      const owner = frame.scope.owner(frame.name);
      if (owner === undefined) throw frame.scope.missing(frame.name, frame.wantedBy);
      if (owner.values.has(frame.name)) {
        stack.pop();
        continue;
      }
      const initializer = owner.initializers.get(frame.name);
      if (initializer) {
        const { budget, constantWords } = this.#build;
        if (initializer.external) await this.#external.fetch(initializer);
        const read = () => decodeTensor(initializer, budget, constantWords);
        owner.values.set(frame.name, this.#build.once(initializer, read));
        continue;
      }
      const node = owner.producers.get(frame.name) as NodeProto;
      const needs = this.#needs(node, owner);
      if (needs.length > 0) {
        this.#enter(frame, owner, node);
        for (const need of needs.reverse()) stack.push(need);
        continue;
      }
      for (const tensor of externalAttributes(node)) await this.#external.fetch(tensor);
      if (!WITH_BODIES.has(node.opType)) await openTranslation(canonicalDomain(node.domain), node.opType);
      this.#compute(node, owner);
      this.#open.get(owner)?.delete(node);
      if (!owner.values.has(frame.name)) {
        const message = `the output ${quote(frame.name)} is not supported`;
        throw new ForwardpassError('UNSUPPORTED_OP', message, owner.placeOf(node));
      }
    }
    return scope.value(name) as Known;
  }

  /** Marks the node as being evaluated; visiting it again on the way is a cycle. */
  #enter(frame: Frame, owner: Scope, node: NodeProto): void {
    const open = this.#open.get(owner) ?? new Set();
    this.#open.set(owner, open);
    if (!frame.isOpen && open.has(node)) {
      throw new ForwardpassError('CYCLE', 'the node depends on its own result', owner.placeOf(node));
    }
    frame.isOpen = true;
    open.add(node);
  }

  /** What must be known before the node can be translated. */
  #needs(node: NodeProto, scope: Scope): Frame[] {
    const bag = this.#bags.get(node);
    if (bag !== undefined) return unknown(namesOf(bag), scope, scope.placeOf(node));
    const missing = unknown(node.inputs, scope, scope.placeOf(node));
    if (missing.length > 0) return missing;
    const inner = this.#innerScope(node, scope);
    return inner ? unknown(inner.outputs, inner.scope, scope.placeOf(node)) : [];
  }

  #compute(node: NodeProto, scope: Scope): void {
    const place = scope.placeOf(node);
    if (++this.#visited > this.#build.budget.limits.nodes) {
      throw new ForwardpassError(
        'LIMIT',
        `the model has more nodes than \`limits.nodes\`, ${this.#visited - 1}`,
        place,
      );
    }
    const bag = this.#bags.get(node);
    const inner = bag === undefined ? this.#innerScope(node, scope) : undefined;
    const results: readonly (Known | undefined)[] = inner
      ? this.#resultsOf(inner, node, scope)
      : bag === undefined
        ? this.#translate(node, scope, place)
        : [this.#bag(bag, node, scope, place)];
    for (const [index, name] of node.outputs.entries()) {
      const value = results[index];
      if (name !== '' && value) scope.values.set(name, value);
    }
    if (inner === undefined) return;
    // Nothing inside is visited again.
    this.#inner.get(scope)?.delete(node);
    this.#inner.delete(inner.scope);
    this.#repeated.delete(inner.scope);
    this.#open.delete(inner.scope);
  }

  #bag(bag: BagLoop, node: NodeProto, scope: Scope, place: string): Value {
    const build = this.#build;
    build.enter({ name: scope.nameOf(node), place, output: scope.prefix + shortened(node.outputs[0]) });
    const [table, ids, offsets, weights] = namesOf(bag).map((name) => scope.value(name));
    const operands = { ids: ids as Value, offsets: offsets as Value, ...(weights && { weights: weights as Value }) };
    if (bag.width !== undefined && table?.kind === 'constant') {
      return fixedBagOf(build, operands, table, bag.mode, bag.width);
    }
    if (table?.kind === 'constant' && build.bags.isOf(build, operands)) {
      return bagOf(build, operands, table, bag.mode);
    }
    const message = 'bags of different widths are supported only if ids and offsets are unchanged inputs of one axis';
    throw build.error('UNSUPPORTED_OP', message);
  }

  #translate(node: NodeProto, scope: Scope, place: string): readonly (Known | undefined)[] {
    const domain = canonicalDomain(node.domain);
    const translation = translationOf(domain, node.opType);
    const ofSequence = sequenceTranslation(domain, node.opType);
    if (translation === undefined && ofSequence === undefined) {
      const opType = shortened(node.opType);
      const operator = domain === '' ? opType : `${opType} of ${shortened(domain)}`;
      throw new ForwardpassError('UNSUPPORTED_OP', `${operator} ${refusal(node.opType)}`, place);
    }
    const opset = scope.opsets.get(domain);
    if (domain === '' && (opset === undefined || opset < OLDEST_OPSET || opset > NEWEST_OPSET)) {
      const found = opset === undefined ? 'none' : opset;
      const message = `expected operator set ${OLDEST_OPSET} to ${NEWEST_OPSET} of ai.onnx, found ${found}`;
      throw new ForwardpassError('UNSUPPORTED_VERSION', message, place);
    }
    const output = node.outputs.find((name) => name !== '') ?? 'value';
    this.#build.enter({ name: scope.nameOf(node), place, output: scope.prefix + shortened(output) });
    const inputs = node.inputs.map((name) => scope.value(name));
    const [first] = inputs;
    if (first?.kind === 'sequence' && node.opType === 'Identity') return [first];
    const count = node.outputs.length;
    const attributes = scope.attributesOf(node);
    const numbers = domain === '' ? ofRowNumbers(this.#build, opset ?? 1, node, inputs, attributes) : undefined;
    if (numbers !== undefined) return [numbers];
    const test = domain === '' ? ofBatchTests(this.#build, node, inputs) : undefined;
    if (test !== undefined) return [test];
    if (ofSequence) return [ofSequence(this.#build, opset ?? 1, inputs, count, attributes)];
    const values = inputs.map((input) => this.#acceptable(input, node.opType));
    const results = (translation as Translation)(new OnnxCall(this.#build, opset ?? 1, values, count, attributes));
    return 'kind' in results ? [results] : results;
  }

  /** An input of an operator on tensors; refuses special values that the operator cannot handle. */
  #acceptable(input: Known | undefined, opType: string): Value | undefined {
    if (input?.kind === 'sequence') {
      throw this.#build.error('UNSUPPORTED_DTYPE', `${shortened(opType)} of a sequence is not supported`);
    }
    if (isRowNumber(input)) throw this.#build.crossing('the result depends on the position of the row in the batch');
    if (input?.kind === 'batch test') throw this.#build.crossing('the result depends on the batch size');
    if (input?.type === 'string' && !takesWords(opType)) {
      throw this.#build.error('UNSUPPORTED_DTYPE', `${shortened(opType)} of strings is not supported`);
    }
    checkShared(this.#build, [input], { merged: takesMerged(opType), stacked: takesStacked(opType) });
    return input;
  }

  /** Charges a body before it replaces a node. */
  #spend(body: FunctionProto | GraphProto, deep: number, place: string): void {
    this.#inlined += body.nodes.length;
    const { budget } = this.#build;
    const { depth, nodes } = budget.limits;
    if (deep > depth || this.#inlined > nodes) {
      const message = `branches and functions exceed \`limits\`: depth ${depth}, nodes ${nodes}`;
      throw new ForwardpassError('LIMIT', message, place);
    }
    const parts = this.#partsOf.get(body) ?? partsOf(body);
    this.#partsOf.set(body, parts);
    budget.step(STEPS_OF_SCOPE + parts, place);
    budget.build(BYTES_OF_SCOPE + BYTES_OF_PART * parts, place);
  }

  #resultsOf(inner: Inner, node: NodeProto, scope: Scope): readonly (Known | undefined)[] {
    const outputs = inner.outputs.map((name) => inner.scope.value(name));
    const finish = this.#repeated.get(inner.scope);
    if (finish === undefined) return outputs;
    this.#build.enter({ name: scope.nameOf(node), place: scope.placeOf(node), output: scope.nameOf(node) });
    return finish(outputs);
  }

  /** The scope inside an If with a known condition, a Scan, or a call of one of the model's own functions. */
  #innerScope(node: NodeProto, scope: Scope): Inner | undefined {
    const fn = this.#functions.get(functionKey(node.domain, node.opType, node.overload));
    const isOwn = canonicalDomain(node.domain) === '' && WITH_BODIES.has(node.opType);
    if (!fn && !isOwn) return undefined;
    const known = this.#inner.get(scope) ?? new Map<NodeProto, Scope>();
    this.#inner.set(scope, known);
    const body = fn ? undefined : node.opType === 'If' ? branchOf(node, scope) : graphOf(node, scope, 'body');
    const outputs = fn?.outputs ?? body?.outputs.map((output) => output.name) ?? [];
    const found = known.get(node);
    if (found) return { scope: found, outputs };
    // Names only have to be distinct; nested ones are kept short.
    const around = { prefix: `${scope.nameOf(node)}/`.slice(-LONGEST_PREFIX), depth: scope.depth + 1 };
    this.#spend(fn ?? (body as GraphProto), around.depth, scope.placeOf(node));
    const inner = fn
      ? functionScope(fn, node, scope, around)
      : new Scope(body as GraphProto, scope.opsets, scope.callAttributes, { parent: scope, ...around });
    if (body && node.opType === 'Scan') {
      const scan = new Scan(this.#build, node, scope, body, inner);
      this.#repeated.set(inner, (outputs) => scan.finish(outputs));
    }
    if (body && node.opType === 'Loop') {
      enterLoop(this.#build, node, scope, body, inner);
      this.#repeated.set(inner, (outputs) => leaveLoop(this.#build, outputs));
    }
    known.set(node, inner);
    return { scope: inner, outputs };
  }
}

function namesOf({ table, ids, offsets, weights }: BagLoop): readonly string[] {
  return [table, ids, offsets, ...(weights === undefined ? [] : [weights])];
}

function unknown(names: readonly string[], scope: Scope, wantedBy: string): Frame[] {
  const missing = names.filter((name) => !scope.isLeftOut(name) && scope.value(name) === undefined);
  return missing.map((name) => ({ scope, name, wantedBy, isOpen: false }));
}

/** The number of names and node attributes in the body, for its scope. */
function partsOf(body: FunctionProto | GraphProto): number {
  const declared =
    body.inputs.length + body.outputs.length + ('defaults' in body ? body.defaults.length : body.initializers.length);
  return body.nodes.reduce(
    (sum, { inputs, outputs, attributes }) => sum + 2 + inputs.length + outputs.length + attributes.size,
    declared,
  );
}

function* externalAttributes(node: NodeProto): Generator<TensorProto> {
  for (const { tensor } of node.attributes.values()) if (tensor?.external) yield tensor;
}

function functionKey(domain: string, name: string, overload: string): string {
  return JSON.stringify([canonicalDomain(domain), name, overload]);
}

function functionScope(
  fn: FunctionProto,
  node: NodeProto,
  caller: Scope,
  around: { prefix: string; depth: number },
): Scope {
  const defaults = fn.defaults.map((attribute): [string, AttributeProto] => [attribute.name, attribute]);
  const attributes = new Map([...defaults, ...caller.attributesOf(node)]);
  const scope = new Scope({ nodes: fn.nodes, initializers: [] }, opsetVersions(fn.opsets), attributes, around);
  for (const [index, parameter] of fn.inputs.entries()) {
    const value = caller.value(node.inputs[index] ?? '');
    if (value) scope.values.set(parameter, value);
    else scope.leftOut.add(parameter);
  }
  return scope;
}

function branchOf(node: NodeProto, scope: Scope): GraphProto {
  const condition = scope.value(node.inputs[0] ?? '');
  if (condition?.kind !== 'constant' || condition.data.length !== 1 || condition.batch) {
    const message =
      'the condition depends on the input, but the operations of a row model must be the same for every row';
    throw new ForwardpassError('UNSUPPORTED_OP', message, scope.placeOf(node));
  }
  return graphOf(node, scope, condition.data[0] !== 0 ? 'then_branch' : 'else_branch');
}

function graphOf(node: NodeProto, scope: Scope, name: string): GraphProto {
  const graph = node.attributes.get(name)?.graph;
  if (!graph) throw new ForwardpassError('MALFORMED', `attribute ${name} is missing`, scope.placeOf(node));
  return graph;
}
