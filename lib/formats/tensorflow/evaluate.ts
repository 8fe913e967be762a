/**
 * Walks the graph from the requested names back to the inputs, and translates each node once its inputs are known.
 * Nodes that no output needs are never visited. A call of a function is replaced by its body.
 */
import { ForwardpassError } from '../../errors.ts';
import { quote } from '../../messages.ts';
import type { GraphBuilder } from '../tensors/builder.ts';
import { type Constant, constant } from '../tensors/value.ts';
import { carriesDemands, type Demand, demandedOf, demanding, demandsBefore, mayDemand } from './asserts.ts';
import { TensorFlowCall } from './call.ts';
import { refusal, translationOf } from './ops/table.ts';
import type { FunctionDef, NodeDef } from './proto.ts';
import { dataInputs, type Output, placeOf, Scope } from './scope.ts';
import { translate } from './translate.ts';
import { type Contents, DEAD, type Result } from './value.ts';

/** Values stored outside of the graph, by the nodes that refer to them. */
export interface Storage {
  variable(node: NodeDef): Promise<Constant>;
  table(node: NodeDef): Promise<Contents>;
}

/** A requested node, and whether its inputs are already on the stack. */
interface Frame {
  readonly output: Output;
  isOpen: boolean;
}

const CALLS: ReadonlySet<string> = new Set(['PartitionedCall', 'StatefulPartitionedCall']);
const CONDITIONALS: ReadonlySet<string> = new Set(['If', 'StatelessIf', 'Case', 'StatelessCase']);
/** The cost of a call's scope for each name in it. */
const STEPS_OF_PART = 5;
const BYTES_OF_PART = 300;
/** Variables of TensorFlow 1, which represent their value directly. */
const REFERENCES: ReadonlySet<string> = new Set(['Variable', 'VariableV2']);

export class Evaluator {
  readonly #build: GraphBuilder;
  readonly #functions: ReadonlyMap<string, FunctionDef>;
  readonly #storage: Storage;
  /** Nodes whose inputs are being evaluated. */
  readonly #open = new Set<string>();
  /** The demands of the Asserts before a node. */
  readonly #demands = new Map<NodeDef, Map<Scope, readonly Demand[]>>();
  /** Demands not yet attached to a row, by the constants that come after them. */
  readonly #waiting = new Map<NodeDef, Map<Scope, ReadonlySet<Demand>>>();
  readonly #ids = new Map<Scope, number>();
  /** For calls, the outputs that theirs refer to. */
  readonly #outputs = new Map<NodeDef, Map<Scope, Map<number, Output>>>();
  #visited = 0;
  #inlined = 0;

  constructor(build: GraphBuilder, functions: ReadonlyMap<string, FunctionDef>, storage: Storage) {
    this.#build = build;
    this.#functions = functions;
    this.#storage = storage;
  }

  /** Evaluates a name and, before it, everything that it depends on. `wantedBy` is for messages. */
  async resolve(scope: Scope, reference: string, wantedBy: string): Promise<Result> {
    const wanted = this.output(scope, reference, wantedBy);
    const stack: Frame[] = [{ output: wanted, isOpen: false }];
    for (let frame = stack.at(-1); frame; frame = stack.at(-1)) {
      const { node, scope: own } = frame.output;
      if (own.results.has(node)) {
        stack.pop();
        continue;
      }
      const needs = this.#needs(node, own).filter((need) => !need.scope.results.has(need.node));
      if (needs.length > 0) {
        this.#enter(frame);
        for (const output of needs.reverse()) stack.push({ output, isOpen: false });
        continue;
      }
      own.results.set(node, await this.#compute(node, own));
      this.#open.delete(this.#key(frame.output));
    }
    return resultOf(wanted);
  }

  /** The output that a reference leads to, through calls into functions' bodies and through arguments back out. */
  output(scope: Scope, reference: string, wantedBy: string): Output {
    const passed: Output[] = [];
    let output = scope.output(reference, wantedBy);
    for (let steps = 0; ; steps++) {
      const known = this.#outputs.get(output.node)?.get(output.scope)?.get(output.index);
      const inner = known === undefined ? this.innerScope(output.node, output.scope) : undefined;
      if (inner === undefined) return this.#remembered(passed, known ?? output);
      const place = placeOf(output.node);
      if (steps > this.#build.budget.limits.nodes) throw cycle(place);
      passed.push(output);
      const name = inner.function?.outputs[output.index];
      const returned = name === undefined ? undefined : inner.function?.returns.get(name);
      if (returned === undefined) throw new ForwardpassError('DANGLING', `has no output ${output.index}`, place);
      output = inner.output(returned, place);
    }
  }

  /** Caches the path through calls. */
  #remembered(passed: readonly Output[], output: Output): Output {
    for (const { node, scope, index } of passed) {
      const scopes = this.#outputs.get(node) ?? new Map<Scope, Map<number, Output>>();
      this.#outputs.set(node, scopes);
      const outputs = scopes.get(scope) ?? new Map<number, Output>();
      scopes.set(scope, outputs.set(index, output));
    }
    return output;
  }

  /** An element of a constant of words. */
  word(found: Result, index: number): string | undefined {
    const isWords = found.kind === 'constant' && found.type === 'string';
    return isWords ? this.#build.constantWords.list[found.data[index]] : undefined;
  }

  /** A constant of words. */
  words(list: readonly string[]): Constant {
    const { constantWords } = this.#build;
    return constant(
      'string',
      [list.length],
      Float64Array.from(list, (word) => constantWords.indexOf(word)),
    );
  }

  /** The scope inside the call of a function; undefined for other nodes. */
  innerScope(node: NodeDef, scope: Scope): Scope | undefined {
    const name = CALLS.has(node.op) ? node.attributes.get('f')?.function : node.op;
    const fn = this.#functions.get(name ?? '');
    if (fn !== undefined) return this.#scopeOf(fn, node, scope, dataInputs(node));
    if (!CALLS.has(node.op)) return undefined;
    throw new ForwardpassError('DANGLING', `calls ${quote(name ?? '')}, which is not defined`, placeOf(node));
  }

  #scopeOf(fn: FunctionDef, node: NodeDef, caller: Scope, inputs: readonly string[]): Scope {
    const known = caller.inner.get(node);
    if (known !== undefined) return known;
    this.#inlined += fn.nodes.length;
    const { depth, nodes } = this.#build.budget.limits;
    if (caller.depth >= depth || this.#inlined > nodes) {
      const message = `functions exceed \`limits\`: depth ${depth}, nodes ${nodes}`;
      throw new ForwardpassError('LIMIT', message, placeOf(node));
    }
    const parts = 1 + fn.nodes.length + fn.arguments.length;
    this.#build.budget.step(STEPS_OF_PART * parts, placeOf(node));
    this.#build.budget.build(BYTES_OF_PART * parts, placeOf(node));
    const inner = new Scope(fn.nodes, { fn, caller, inputs });
    caller.inner.set(node, inner);
    return inner;
  }

  /** Marks the node as being evaluated; visiting it again on the way is a cycle. */
  #enter(frame: Frame): void {
    const key = this.#key(frame.output);
    if (!frame.isOpen && this.#open.has(key)) throw cycle(placeOf(frame.output.node));
    frame.isOpen = true;
    this.#open.add(key);
  }

  #key({ scope, node }: Output): string {
    const id = this.#ids.get(scope) ?? this.#ids.size;
    this.#ids.set(scope, id);
    return `${id} ${node.name}`;
  }

  /** What must be known before the node can be translated. */
  #needs(node: NodeDef, scope: Scope): Output[] {
    const place = placeOf(node);
    if (CONDITIONALS.has(node.op)) {
      const condition = this.output(scope, dataInputs(node)[0] ?? '', place);
      const branch = condition.scope.results.has(condition.node) && this.#branch(node, scope, resultOf(condition));
      return branch ? [condition, ...this.#returns(branch, place)] : [condition];
    }
    const bounds = this.#bounds(node, scope);
    const demands = this.#demandsBefore(node, scope);
    const demanded = demands.flatMap(({ x, bound }) => (bound === undefined ? [x] : [x, bound.value]));
    if (bounds !== undefined && (!bounds.every(isKnown) || isOneNumber(bounds))) return [...bounds, ...demanded];
    const gates = node.inputs.filter((input) => input.startsWith('^')).map((input) => input.slice(1));
    const guarding = gates.filter((gate) => isGate(scope, gate));
    const needs = [...dataInputs(node), ...guarding].map((input) => this.output(scope, input, place));
    return [...needs, ...demanded];
  }

  #demandsBefore(node: NodeDef, scope: Scope): readonly Demand[] {
    if (!mayDemand(node)) return [];
    const scopes = this.#demands.get(node) ?? new Map<Scope, readonly Demand[]>();
    this.#demands.set(node, scopes);
    const known = scopes.get(scope);
    if (known !== undefined) return known;
    const follow = (from: Output, reference: string) => this.output(from.scope, reference, placeOf(from.node));
    const inside = (called: NodeDef, from: Scope) => this.innerScope(called, from);
    const demands = demandsBefore(this.#build, { node, scope }, follow, inside);
    this.#build.budget.step(demands.length, placeOf(node));
    scopes.set(scope, demands);
    return demands;
  }

  /**
   * The results of a node, for runs that meet the demands of the Asserts before it; for a constant, the demands are
   * attached to results computed from it.
   */
  #demanded(
    results: readonly (Result | undefined)[],
    { node, scope }: Pick<Output, 'node' | 'scope'>,
    inputs: readonly Output[],
  ): readonly (Result | undefined)[] {
    const waiting = inputs.flatMap((input) => [...(this.#waiting.get(input.node)?.get(input.scope) ?? [])]);
    const demands = new Set([...this.#demandsBefore(node, scope), ...waiting]);
    if (demands.size === 0) return results;
    this.#build.budget.step(demands.size + waiting.length, placeOf(node));
    const [first, ...others] = results;
    if (!carriesDemands(first)) {
      const scopes = this.#waiting.get(node) ?? new Map<Scope, ReadonlySet<Demand>>();
      this.#waiting.set(node, scopes.set(scope, demands));
      return results;
    }
    let value = first;
    for (const demand of demands) {
      const [x, bound] = [demand.x, demand.bound?.value].map((of) => of && demandedOf(this.#build, resultOf(of)));
      const isKnown = x !== undefined && (demand.bound === undefined || bound !== undefined);
      if (isKnown) value = demanding(this.#build, value, demand, x, bound);
    }
    return [value, ...others];
  }

  /** The two constants of min(a, max(b, x)). If they are equal, they are the result for any x. */
  #bounds(node: NodeDef, scope: Scope): [Output, Output] | undefined {
    if (node.op !== 'Minimum') return undefined;
    const place = placeOf(node);
    const [high, raised] = dataInputs(node).map((input) => this.output(scope, input, place));
    if (high?.node.op !== 'Const' || raised?.node.op !== 'Maximum') return undefined;
    const low = dataInputs(raised.node).map((input) => this.output(raised.scope, input, place));
    const constant = low.find((output) => output.node.op === 'Const');
    return constant && [high, constant];
  }

  #returns(inner: Scope, place: string): Output[] {
    const { outputs = [], returns } = inner.function ?? {};
    return outputs.map((name) => this.output(inner, returns?.get(name) ?? name, place));
  }

  /** The scope of the branch that a constant condition selects. */
  #branch(node: NodeDef, scope: Scope, condition: Result): Scope {
    const place = placeOf(node);
    if (condition.kind !== 'constant' || condition.data.length !== 1 || condition.batch) {
      const message =
        'the condition depends on the input, but the operations of a row model must be the same for every row';
      throw new ForwardpassError('UNSUPPORTED_OP', message, place);
    }
    const [chosen] = condition.data;
    const branches = node.attributes.get('branches')?.list?.functions ?? [];
    const branch = chosen !== 0 ? 'then_branch' : 'else_branch';
    const name = node.op.endsWith('If') ? node.attributes.get(branch)?.function : (branches[chosen] ?? branches.at(-1));
    const fn = this.#functions.get(name ?? '');
    if (fn !== undefined) return this.#scopeOf(fn, node, scope, dataInputs(node).slice(1));
    throw new ForwardpassError('DANGLING', `calls ${quote(name ?? '')}, which is not defined`, place);
  }

  async #compute(node: NodeDef, scope: Scope): Promise<readonly (Result | undefined)[]> {
    const place = placeOf(node);
    const { nodes } = this.#build.budget.limits;
    if (++this.#visited > nodes) {
      throw new ForwardpassError('LIMIT', `the model has more nodes than \`limits.nodes\`, ${nodes}`, place);
    }
    this.#build.enter({ name: node.name, place, output: node.name });
    const needs = this.#needs(node, scope);
    if (CONDITIONALS.has(node.op)) return needs.slice(1).map(resultOf);
    const found = needs.map(resultOf);
    const bounds = this.#bounds(node, scope);
    if (bounds !== undefined && isOneNumber(bounds)) {
      return this.#demanded([resultOf(bounds[0])], { node, scope }, bounds);
    }
    if (node.op === 'Merge') return [found.find(({ kind }) => kind !== 'dead') ?? DEAD];
    if (found.some(({ kind }) => kind === 'dead')) return [DEAD];
    const results = await this.#translate(node, found.slice(0, dataInputs(node).length), place);
    return this.#demanded(results, { node, scope }, needs.slice(0, dataInputs(node).length));
  }

  async #translate(node: NodeDef, given: readonly Result[], place: string): Promise<readonly (Result | undefined)[]> {
    if (REFERENCES.has(node.op)) return [await this.#storage.variable(node)];
    const translation = translationOf(node.op);
    const unreadable = given.find((input) => input.kind === 'refused');
    if (translation === undefined) throw unreadable?.error ?? refusal(node, place);
    const inputs = await Promise.all(given.map((input) => this.#stored(input)));
    return translate(new TensorFlowCall(this.#build, node, inputs), translation);
  }

  #stored(input: Result): Result | Promise<Result> {
    if (input.kind === 'variable') return this.#storage.variable(input.node);
    return input.kind === 'table' ? this.#storage.table(input.node) : input;
  }
}

function resultOf({ scope, node, index }: Output): Result {
  const results = scope.results.get(node) ?? [];
  const result = results[0] === DEAD ? DEAD : results[index];
  if (result !== undefined) return result;
  throw new ForwardpassError('UNSUPPORTED_OP', `output ${index} is not supported`, placeOf(node));
}

function isKnown({ scope, node }: Output): boolean {
  return scope.results.has(node);
}

function isOneNumber(bounds: readonly [Output, Output]): boolean {
  const [a, b] = bounds.map(resultOf);
  const isNumber = a.kind === 'constant' && b.kind === 'constant' && a.data.length === 1 && b.data.length === 1;
  return isNumber && a.data[0] === b.data[0];
}

/** Whether a control dependency determines on which side of a condition the nodes after it are. */
function isGate(scope: Scope, name: string): boolean {
  const node = scope.nodes.get(name);
  if (node?.op !== 'Identity') return node?.op === 'Switch';
  return scope.nodes.get(node.inputs[0]?.split(':')[0] ?? '')?.op === 'Switch';
}

function cycle(place: string): ForwardpassError {
  return new ForwardpassError('CYCLE', 'the node depends on its own result', place);
}
