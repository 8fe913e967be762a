/** Where names are resolved: the graph itself, or one call of a function. */
import { ForwardpassError } from '../../errors.ts';
import { quote } from '../../messages.ts';
import type { FunctionDef, NodeDef } from './proto.ts';
import type { Result } from './value.ts';

/** One of a node's outputs. */
export interface Output {
  readonly scope: Scope;
  readonly node: NodeDef;
  readonly index: number;
}

/** The longest name in messages. */
const LONGEST_SHOWN = 200;

/** Operators whose outputs are named individually; any other has a single output or list. */
const OUTPUT_NAMES: Readonly<Record<string, readonly string[]>> = {
  Switch: ['output_false', 'output_true'],
  Merge: ['output', 'value_index'],
  SparseCross: ['output_indices', 'output_values', 'output_shape'],
  StringSplitV2: ['indices', 'values', 'shape'],
  StringNGrams: ['ngrams', 'ngrams_splits'],
  UnicodeDecode: ['row_splits', 'char_values'],
  TopKV2: ['values', 'indices'],
  FusedBatchNorm: ['y', 'batch_mean'],
  FusedBatchNormV2: ['y', 'batch_mean'],
  FusedBatchNormV3: ['y', 'batch_mean'],
};

export class Scope {
  readonly nodes = new Map<string, NodeDef>();
  /** The results of each node, once they are known. */
  readonly results = new Map<NodeDef, readonly (Result | undefined)[]>();
  /** The scopes of the functions that its nodes call. */
  readonly inner = new Map<NodeDef, Scope>();
  readonly function: FunctionDef | undefined;
  readonly depth: number;
  readonly #caller: Scope | undefined;
  /** The caller's reference for each argument of the function. */
  readonly #arguments = new Map<string, string>();

  constructor(nodes: readonly NodeDef[], call?: { fn: FunctionDef; caller: Scope; inputs: readonly string[] }) {
    this.function = call?.fn;
    this.#caller = call?.caller;
    this.depth = call === undefined ? 0 : call.caller.depth + 1;
    for (const [i, name] of (call?.fn.arguments ?? []).entries()) {
      if (call?.inputs[i] !== undefined) this.#arguments.set(name, call.inputs[i]);
    }
    for (const node of nodes) {
      if (this.nodes.has(node.name) || this.#arguments.has(node.name)) {
        throw new ForwardpassError('DUPLICATE', 'the name is defined twice', placeOf(node));
      }
      this.nodes.set(node.name, node);
    }
  }

  /** The node output that a reference names, in this scope or, for an argument, in a caller's. */
  output(reference: string, wantedBy: string): Output {
    let scope: Scope = this;
    let name = reference;
    for (;;) {
      const given: string | undefined = scope.#arguments.get(name);
      if (given === undefined || scope.#caller === undefined) return scope.#own(name, wantedBy);
      [scope, name] = [scope.#caller, given];
    }
  }

  #own(reference: string, wantedBy: string): Output {
    const [name, ...rest] = reference.split(':');
    const node = this.nodes.get(name);
    const index = rest.length > 1 ? outputIndex(node, rest[0]) + Number(rest[1]) : Number(rest[0] ?? 0);
    if (node !== undefined && Number.isInteger(index) && index >= 0) return { scope: this, node, index };
    const message = `uses ${quote(reference)}, which is not defined`;
    throw new ForwardpassError('DANGLING', message, wantedBy);
  }
}

function outputIndex(node: NodeDef | undefined, output: string): number {
  const isNamed = node !== undefined && Object.hasOwn(OUTPUT_NAMES, node.op);
  return isNamed ? OUTPUT_NAMES[node.op].indexOf(output) : 0;
}

export function placeOf({ name, op }: NodeDef): string {
  const shown = name.length > LONGEST_SHOWN ? `${name.slice(0, LONGEST_SHOWN)}…` : name;
  return `node ${shown} (${op.slice(0, LONGEST_SHOWN)})`;
}

/** The inputs that supply a value; the others are control dependencies. */
export function dataInputs({ inputs }: NodeDef): string[] {
  return inputs.filter((input) => !input.startsWith('^'));
}
