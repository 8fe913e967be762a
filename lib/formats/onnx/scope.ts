/** Where names are resolved: the graph, a branch of an If inside it, or a function's body. */
import { ForwardpassError } from '../../errors.ts';
import { quote } from '../../messages.ts';
import type { Known } from './known.ts';
import type { AttributeProto, NodeProto, OpsetProto, TensorProto } from './proto.ts';

/** The longest name in messages. */
const LONGEST_SHOWN = 200;

export class Scope {
  readonly values = new Map<string, Known>();
  readonly initializers = new Map<string, TensorProto>();
  readonly producers = new Map<string, NodeProto>();
  /** Inputs that are not supported, and the reason. */
  readonly refused = new Map<string, ForwardpassError>();
  /** Parameters of a function that its caller omits. */
  readonly leftOut = new Set<string>();
  /** A branch sees the names around it; a function's body does not. */
  readonly parent: Scope | undefined;
  /** Operator set version by domain. */
  readonly opsets: ReadonlyMap<string, number>;
  /** The attributes of a function call, for attributes that refer to them. */
  readonly callAttributes: ReadonlyMap<string, AttributeProto>;
  /** Prepended to the names of nodes and tensors. */
  readonly prefix: string;
  readonly depth: number;

  constructor(
    content: { readonly nodes: readonly NodeProto[]; readonly initializers: readonly TensorProto[] },
    opsets: ReadonlyMap<string, number>,
    callAttributes: ReadonlyMap<string, AttributeProto> = new Map(),
    around: { readonly parent?: Scope; readonly prefix: string; readonly depth: number } = { prefix: '', depth: 0 },
  ) {
    this.opsets = opsets;
    this.callAttributes = callAttributes;
    this.parent = around.parent;
    this.prefix = around.prefix;
    this.depth = around.depth;
    for (const tensor of content.initializers) {
      if (this.initializers.has(tensor.name)) throw duplicate(`initializer ${tensor.name}`);
      this.initializers.set(tensor.name, tensor);
    }
    for (const node of content.nodes) {
      for (const output of node.outputs) {
        if (output === '') continue;
        if (this.producers.has(output) || this.initializers.has(output)) throw duplicate(`tensor ${output}`);
        this.producers.set(output, node);
      }
    }
  }

  /** The scope that defines a name. */
  owner(name: string): Scope | undefined {
    for (let scope: Scope | undefined = this; scope; scope = scope.parent) {
      if (scope.values.has(name) || scope.initializers.has(name) || scope.producers.has(name)) return scope;
    }
    return undefined;
  }

  /** The value of a name, once it is known. */
  value(name: string): Known | undefined {
    return this.owner(name)?.values.get(name);
  }

  /** Whether the name is an optional input that the caller omits. */
  isLeftOut(name: string): boolean {
    return name === '' || this.leftOut.has(name) || (this.parent?.isLeftOut(name) ?? false);
  }

  /** The error for a name that is not defined. */
  missing(name: string, wantedBy: string): ForwardpassError {
    const message = `the name ${quote(name)} is used but not defined`;
    return (
      this.refused.get(name) ??
      this.parent?.missing(name, wantedBy) ??
      new ForwardpassError('DANGLING', message, wantedBy)
    );
  }

  /** A node's attributes, with references to the function's caller resolved. */
  attributesOf(node: NodeProto): ReadonlyMap<string, AttributeProto> {
    const attributes = new Map<string, AttributeProto>();
    for (const [name, attribute] of node.attributes) {
      const given = attribute.reference === '' ? attribute : this.callAttributes.get(attribute.reference);
      if (given) attributes.set(name, given);
    }
    return attributes;
  }

  placeOf(node: NodeProto): string {
    return `node ${shortened(this.nameOf(node))} (${shortened(node.opType)})`;
  }

  nameOf(node: NodeProto): string {
    return this.prefix + shortened(node.name || node.outputs.find((output) => output !== '') || 'without a name');
  }
}

/** A name, shortened for messages and derived names. */
export function shortened(name: string): string {
  return name.length > LONGEST_SHOWN ? `${name.slice(0, LONGEST_SHOWN)}…` : name;
}

function duplicate(place: string): ForwardpassError {
  return new ForwardpassError('DUPLICATE', 'the name is defined twice', place);
}

/** By domain, where `ai.onnx` is the empty string. */
export function opsetVersions(opsets: readonly OpsetProto[]): Map<string, number> {
  return new Map(opsets.map(({ domain, version }) => [canonicalDomain(domain), version]));
}

export function canonicalDomain(domain: string): string {
  return domain === 'ai.onnx' ? '' : domain;
}
