/** TypeScript as a syntax tree, for the rules of this repository. */
import { parseAst } from 'rolldown/parseAst';

/**
 * A node of ESTree, or one of TypeScript's additional nodes.
 *
 * @typedef {{ type: string, start: number, end: number, [field: string]: any }} Node
 */

/** Fields that contain types or do not affect what runs. */
const NOT_RUN = new Set([
  'type',
  'typeAnnotation',
  'returnType',
  'typeParameters',
  'typeArguments',
  'superTypeArguments',
]);

/**
 * @param {string} text
 * @returns {Node[]}
 */
export function parse(text) {
  return /** @type {any} */ (parseAst(text, { lang: 'ts' })).body;
}

/**
 * The children of a node, without types.
 *
 * @param {Node} node
 * @returns {Node[]}
 */
export function below(node) {
  return Object.keys(node)
    .filter((field) => !NOT_RUN.has(field))
    .flatMap((field) => node[field])
    .filter((value) => typeof value?.type === 'string' && !/^TS(Interface|TypeAlias)/.test(value.type));
}

/**
 * Every node of a file, parents first.
 *
 * @param {Iterable<Node>} roots
 * @returns {Generator<Node>}
 */
export function* every(roots) {
  for (const node of roots) {
    yield node;
    yield* every(below(node));
  }
}

/**
 * @param {string} text
 * @param {number} at
 */
export function lineOf(text, at) {
  return text.slice(0, at).split('\n').length;
}
