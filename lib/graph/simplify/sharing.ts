import type { Node, Operand, Tensor } from '../graph.ts';
import { formatShape } from '../shapes.ts';
import type { Rule } from './rewriter.ts';

/** Lists of up to this many numbers are compared by content; longer ones are only equal if they are the same object. */
const COMPARED = 64;

/** String() drops the sign of −0. */
const text = (value: unknown) => (Object.is(value, -0) ? '-0' : String(value));

/** Merges nodes that compute the same. The rule keeps state: create one for each pass. */
export function sharing(): Rule {
  /**
   * Nodes that so far are the only ones with their rough key; undefined for keys with several nodes, which are all in
   * `seen`.
   */
  const alone = new Map<string, Node | undefined>();
  const seen = new Map<string, string>();
  const identities = new Map<object, number>();
  const identity = (object: object) => {
    const known = identities.get(object) ?? identities.size;
    identities.set(object, known);
    return `@${known}`;
  };
  const list = (values: ArrayLike<number>) => (values.length <= COMPARED ? Array.from(values, text) : identity(values));
  const tensor = ({ shape, data }: Tensor) => `${formatShape(shape)}${list(data)}`;
  const operand = (value: Operand) => (typeof value === 'string' ? JSON.stringify(value) : tensor(value));
  const attribute = ([name, value]: [string, unknown]) =>
    `${name}=${value instanceof Int32Array ? list(value) : Array.isArray(value) ? value.map(text) : text(value)}`;
  const key = (node: Node) =>
    [node.op, ...Object.entries(node.attributes).map(attribute).sort(), ...node.inputs.map(operand)].join(';');

  return {
    name: 'sharing',
    keeps: 'bits',
    apply(node, graph) {
      const rough = roughKey(node);
      const other = alone.get(rough);
      if (!alone.has(rough)) {
        alone.set(rough, node);
        return undefined;
      }
      if (other !== undefined) seen.set(key(other), other.output);
      alone.set(rough, undefined);
      const own = key(node);
      const first = seen.get(own);
      // It may have been removed since.
      if (first !== undefined && graph.definition(first) !== undefined) return first;
      seen.set(own, node.output);
      return undefined;
    },
  };
}

/** A key that is equal for nodes that compute the same: the operation and its row tensors. */
function roughKey({ op, inputs }: Node): string {
  return JSON.stringify([op, ...inputs.map((operand) => (typeof operand === 'string' ? operand : 0))]);
}
